import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { Counts } from "../src/alert/fan-out";

/** What a server under test tells the benchmark over IPC. */
type Answer =
  | { ready: { port: number } }
  | { cpu: NodeJS.CpuUsage }
  | { memory: NodeJS.MemoryUsage }
  | { counts: Counts | null };

/** A server in a process of its own. */
export interface ServerProcess {
  port: number;
  /** Microseconds of CPU, user and system, that the process has used. */
  cpu(): Promise<number>;
  /** After a collection of garbage. */
  memory(): Promise<NodeJS.MemoryUsage>;
  /** What a hub counted since its start; null: no hub. */
  counts(): Promise<Counts | null>;
  stop(): Promise<void>;
}

/** With which `npm start` starts the hub. */
const AS_STARTED = ["--max-semi-space-size=32"];

/** Starts `bench/<file>.js` with the database's URL. Resolves once it serves. */
export async function startServer(
  file: "hub-process" | "floor" | "socket-floor",
  databaseUrl: string,
  env: Record<string, string> = {},
): Promise<ServerProcess> {
  const isHub = file === "hub-process";
  const flags = process.env[`BENCH_${isHub ? "HUB" : "FLOOR"}_FLAGS`];
  const child = fork(join(__dirname, `${file}.js`), {
    env: { ...process.env, ...env, DATABASE_URL: databaseUrl },
    execArgv: ["--expose-gc", ...(isHub ? AS_STARTED : []), ...(flags ? flags.split(" ") : [])],
  });
  const ask = async (what: string): Promise<Answer> => {
    const answer = next(child);
    child.send(what);
    return answer;
  };
  const ready = (await next(child)) as { ready: { port: number } };
  return {
    port: ready.ready.port,
    async cpu() {
      const { user, system } = ((await ask("cpu")) as { cpu: NodeJS.CpuUsage }).cpu;
      return user + system;
    },
    memory: async () => ((await ask("memory")) as { memory: NodeJS.MemoryUsage }).memory,
    counts: async () => ((await ask("counts")) as { counts: Counts | null }).counts,
    stop: () =>
      new Promise((resolve) => {
        child.once("exit", () => resolve());
        child.send("stop");
      }),
  };
}

function next(child: ChildProcess): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void =>
      reject(new Error(`a server under test ended with ${code}`));
    child.once("exit", onExit);
    child.once("message", (message) => {
      child.off("exit", onExit);
      resolve(message as Answer);
    });
  });
}

/** The other side: tells the port, answers what is asked, and calls `stop` at the end. */
export function serveBenchmark(
  port: number,
  stop: () => Promise<void>,
  counts: Counts | null = null,
): void {
  process.on("message", (message) => {
    if (message === "cpu") process.send?.({ cpu: process.cpuUsage() });
    if (message === "counts") process.send?.({ counts });
    if (message === "memory") {
      globalThis.gc?.();
      process.send?.({ memory: process.memoryUsage() });
    }
    if (message === "stop") void stop().then(() => process.exit(0));
  });
  process.on("disconnect", () => process.exit(1));
  process.send?.({ ready: { port } });
}
