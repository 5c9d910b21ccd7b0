import { transformFileSync } from "@swc/core";
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import type { EmbeddedPostgres } from "../src/embedded-postgres";
import { startEmbeddedPostgres } from "../src/embedded-postgres";
import { ended, startOf } from "../src/postgres/running-process";

const ROOT = join(__dirname, "..");

/** Prints its url, then each row once it is committed. */
const HUB = `
  const { startEmbeddedPostgres } = require("./embedded-postgres.js");
  const { Client } = require("pg");
  process.on("SIGUSR2", () => process.exit(1));
  startEmbeddedPostgres({ dataDir: process.argv[2] }).then(async ({ url }) => {
    console.log(url);
    const client = new Client(url);
    client.on("error", () => {});
    await client.connect();
    await client.query("CREATE TABLE IF NOT EXISTS acknowledged (n serial)");
    for (;;) {
      const { rows } = await client.query("INSERT INTO acknowledged DEFAULT VALUES RETURNING n");
      console.log(rows[0].n);
    }
  });
`;

let scratch: string;
let dataDir: string;
let hub: EmbeddedPostgres | undefined;
let others: ChildProcess[] = [];
let messages: string[] = [];

const start = async () =>
  (hub = await startEmbeddedPostgres({ dataDir, log: (message) => messages.push(message) }));

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), "musubi-embedded-"));
  chmodSync(scratch, 0o711);
  dataDir = join(scratch, "var");
  const { url } = await start();
  await query(url, "CREATE TABLE note (n int)");
  await hub!.stop();
});

beforeEach(() => {
  messages = [];
});

afterEach(async () => {
  others.forEach((child) => child.kill("SIGKILL"));
  others = [];
  await hub?.stop();
});

afterAll(async () => {
  const directory = hub?.directory;
  for (const path of [directory, scratch]) if (path) rmSync(path, { recursive: true, force: true });
});

test("keeps its data over a restart, and stops twice without complaint", async () => {
  const { url } = await start();
  await query(url, "INSERT INTO note VALUES (1)");
  await hub!.stop();
  await hub!.stop();
  const again = await start();
  expect(await query(again.url, "SELECT n FROM note")).toEqual([{ n: 1 }]);
});

test("sorts by code point, and knows letters beyond ASCII, also when it searches", async () => {
  const { url } = await start();
  await query(url, "CREATE EXTENSION IF NOT EXISTS pg_trgm");
  const statement =
    "SELECT lower('ÀÉ') AS low, 'Z' < 'a' AS sorted, similarity('不正侵入', '不正') > 0 AS found";
  expect(await query(url, statement)).toEqual([{ low: "àé", sorted: true, found: true }]);
});

test("refuses a second hub on the same data directory, in one line with its pid", async () => {
  await start();
  await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(
    `The data directory ${dataDir} is in use by the hub with pid ${process.pid}.`,
  );
  expect(await query(hub!.url, "SELECT 1 AS alive")).toEqual([{ alive: 1 }]);
});

test("lets one of several hubs in that find the same lock of a hub that has ended", async () => {
  const recycled = { pid: process.pid, start: "an earlier process of this number", token: "" };
  writeFileSync(join(dataDir, "hub.lock"), JSON.stringify(recycled));
  const starts = await Promise.allSettled(
    [1, 2, 3, 4].map(() => startEmbeddedPostgres({ dataDir })),
  );
  const started = starts.filter((one) => one.status === "fulfilled");
  expect(started).toHaveLength(1);
  hub = started[0]!.value;
});

test("loses nothing acknowledged when its process group is killed, and stops the server left behind", async () => {
  const { child, acknowledged } = await hubInItsOwnProcess();
  await until(() => acknowledged.length >= 50);
  const postmaster = postmasterPid();
  process.kill(-child.pid!, "SIGKILL");
  await once(child, "close");
  expect(startOf(postmaster)).toBeDefined();

  const { url } = await start();
  expect(startOf(postmaster)).toBeUndefined();
  expect(messages).toEqual([expect.stringContaining(`pid ${postmaster}, left behind`)]);
  const rows = await query(url, "SELECT n FROM acknowledged");
  expect(rows.map(({ n }) => n)).toEqual(expect.arrayContaining(acknowledged));
});

test("loses nothing acknowledged when hub and server are killed", async () => {
  const { child, acknowledged } = await hubInItsOwnProcess();
  await until(() => acknowledged.length >= 50);
  const postmaster = postmasterPid();
  child.kill("SIGKILL");
  process.kill(postmaster, "SIGKILL");
  await once(child, "close");

  const { url } = await start();
  const rows = await query(url, "SELECT n FROM acknowledged");
  expect(rows.map(({ n }) => n)).toEqual(expect.arrayContaining(acknowledged));
});

test("ends a query that outlived its server before it starts a new one on the same files", async () => {
  const { child, url } = await hubInItsOwnProcess();
  const client = new Client(url);
  client.on("error", () => {});
  await client.connect();
  const [{ pid }] = (await client.query("SELECT pg_backend_pid() AS pid")).rows;
  const orphan = startOf(pid);
  const endless = client.query("DO $$ BEGIN LOOP END LOOP; END $$").catch(() => "broken off");
  const active = `SELECT FROM pg_stat_activity WHERE pid = ${pid} AND state = 'active'`;
  await until(async () => (await query(url, active)).length > 0);
  try {
    process.kill(postmasterPid(), "SIGKILL");
    child.kill("SIGKILL");
    await once(child, "close");
    expect(startOf(pid)).toBe(orphan);

    await start();
    expect(startOf(pid)).toBeUndefined();
    expect(await query(hub!.url, "SELECT 1 AS alive")).toEqual([{ alive: 1 }]);
  } finally {
    if (startOf(pid) === orphan) process.kill(pid, "SIGQUIT");
    expect(await endless).toBe("broken off");
  }
});

test("starts the server again under the same url when it is killed", async () => {
  const { url } = await start();
  const postmaster = postmasterPid();
  process.kill(postmaster, "SIGKILL");
  await ended(postmaster, 5_000);
  await until(() =>
    query(url, "SELECT 1").then(
      () => true,
      () => false,
    ),
  );
  expect(postmasterPid()).not.toBe(postmaster);
  expect(messages[0]).toContain("ended unexpectedly (SIGKILL)");
});

test("leaves a process alone that merely has the number of an earlier server", async () => {
  const stranger = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], {
    stdio: "ignore",
  });
  others.push(stranger);
  await once(stranger, "spawn");
  writeFileSync(join(hub!.directory, "data", "postmaster.pid"), `${stranger.pid}\n${dataDir}\n`);
  await start();
  expect(startOf(stranger.pid!)).toBeDefined();
  expect(stranger.signalCode).toBeNull();
});

test("ends the server when the hub exits without having stopped it", async () => {
  const { child } = await hubInItsOwnProcess();
  const postmaster = postmasterPid();
  child.kill("SIGUSR2");
  await once(child, "close");
  expect(await ended(postmaster, 5_000)).toBe(true);
});

test("says what PostgreSQL says when it does not start, and gives the directory free", async () => {
  const settings = { shared_buffers: "much" };
  await expect(startEmbeddedPostgres({ dataDir, settings })).rejects.toThrow(
    /shared_buffers.*much/,
  );
  await start();
});

async function query(url: string, statement: string) {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(10);
}

const postmasterPid = () =>
  Number(readFileSync(join(hub!.directory, "data", "postmaster.pid"), "utf8").split("\n")[0]);

/** A hub that leads a process group; what it prints is collected in `acknowledged`. */
async function hubInItsOwnProcess() {
  const program = join(scratch, "hub.js");
  if (!existsSync(program)) compileHub(program);
  const child = spawn(process.execPath, [program, dataDir], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_PATH: join(ROOT, "node_modules") },
  });
  others.push(child);
  const lines = createInterface({ input: child.stdout });
  const [url] = (await Promise.race([once(lines, "line"), once(lines, "close")])) as [string?];
  if (url === undefined) throw new Error("The hub ended before it was up; its error stands above.");
  const acknowledged: number[] = [];
  lines.on("line", (line) => acknowledged.push(Number(line)));
  return { child, url, acknowledged };
}

function compileHub(program: string): void {
  const sources = readdirSync(join(ROOT, "src/postgres")).map((name) => `postgres/${name}`);
  for (const source of ["embedded-postgres.ts", ...sources]) {
    const target = join(dirname(program), source.replace(/[.]ts$/, ".js"));
    mkdirSync(dirname(target), { recursive: true });
    const { code } = transformFileSync(join(ROOT, "src", source), {
      jsc: { parser: { syntax: "typescript" }, target: "es2022" },
      module: { type: "commonjs" },
      swcrc: false,
    });
    writeFileSync(target, code);
  }
  writeFileSync(program, HUB);
}
