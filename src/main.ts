import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isEmpty } from "./auth/bootstrap";
import { type Config, ConfigError, readConfig } from "./config";
import type { DemoAccount } from "./demo/load-demo";
import { startEmbeddedPostgres } from "./embedded-postgres";
import { fillEmptyDatabase } from "./first-start";
import type { Hub } from "./hub";
import { makeLogger } from "./logger";
import { startHub } from "./server";

const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);

async function main(): Promise<void> {
  const config = readConfig(process.env);
  if (!config.databaseUrl) makeDirectory(config.dataDir);
  const logger = makeLogger(config.logLevel);
  // Heard again and again: a process manager may tell the group and each of its members.
  const signal = new Promise<string>((resolve) => {
    for (const name of ["SIGTERM", "SIGINT"] as const) process.on(name, () => resolve(name));
  });
  const postgres = config.databaseUrl
    ? null
    : await startEmbeddedPostgres({
        dataDir: config.dataDir,
        log: (message) => logger.info(message),
      });
  try {
    const databaseUrl = config.databaseUrl ?? postgres?.url ?? "";
    const running = await startHub({
      config,
      databaseUrl,
      logger,
      prepare: (hub) => fill(hub, config),
    });
    logger.info({ url: running.url, port: running.port }, "ready");
    announce(running.hub, config, running.url);
    logger.info({ signal: await signal }, "stopping");
    await running.stop();
  } finally {
    await postgres?.stop();
  }
}

/** WHY not mkdir's own recursion: under some roots, such as /proc, it never ends. */
function makeDirectory(dir: string): void {
  try {
    if (existsSync(dir)) {
      if (!statSync(dir).isDirectory())
        throw new ConfigError(`HUB_DATA_DIR: ${dir} is no directory`);
      return;
    }
    makeDirectory(dirname(dir));
    mkdirSync(dir);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(
      `HUB_DATA_DIR: ${dir} cannot be made (${(error as NodeJS.ErrnoException).code})`,
    );
  }
}

/** Fills an empty database, and keeps the demo's keys where only this machine's user reads them. */
async function fill(hub: Hub, config: Config): Promise<void> {
  const accounts = await fillEmptyDatabase(hub, config);
  if (!accounts) return;
  makeDirectory(config.dataDir);
  writeFileSync(demoFile(config), JSON.stringify(accounts, null, 2), { mode: 0o600 });
}

const demoFile = (config: Config): string => join(config.dataDir, "demo-accounts.json");

/** For the person at the terminal; on stderr, as stdout is for logs. */
function announce(hub: Hub, config: Config, url: string): void {
  const say = (line = ""): void => void process.stderr.write(`${line}\n`);
  say();
  say(`  Musubi is ready.   ${url}/`);
  say(`  GraphQL            ${url}/graphql   (WebSocket: the same path, graphql-ws)`);
  if (isEmpty(hub)) {
    say();
    say("  There is no operator yet. Create the first one by starting once with:");
    say(`    HUB_BOOTSTRAP_KEY=${randomBytes(24).toString("base64url")} npm start`);
  } else if (config.demo && existsSync(demoFile(config)) && LOOPBACK.has(config.host)) {
    say();
    say("  Demo accounts:");
    const accounts = JSON.parse(readFileSync(demoFile(config), "utf8")) as DemoAccount[];
    for (const { organization, email, roles, key } of accounts) {
      say(
        `    ${organization.padEnd(12)} ${email.padEnd(36)} ${roles.join(",").padEnd(28)} ${key}`,
      );
    }
  }
  say();
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const known =
      error instanceof ConfigError || (error instanceof Error && !(error instanceof TypeError));
    process.stderr.write(`${known ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
