import "reflect-metadata";
import { pino } from "pino";
import { startHub } from "../src/server";
import { serveBenchmark } from "./server-process";
import { benchConfig } from "./world";

/** The hub as it is shipped, in a process of its own; only its log is silent below warnings. */
async function main(): Promise<void> {
  const databaseUrl = process.env.DATABASE_URL ?? "";
  const config = benchConfig(databaseUrl);
  const hub = await startHub({ config, databaseUrl, logger: pino({ level: config.logLevel }) });
  serveBenchmark(hub.port, () => hub.stop(), hub.hub.fanOut.counts);
}

void main();
