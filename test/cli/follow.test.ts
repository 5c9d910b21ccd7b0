import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunningHub } from "../../src/server";
import { build, type Build } from "../support/build";
import { DAY, startSecondHub, startTestHub, type TestHub } from "../support/hub";
import { startWire, type Wire } from "../support/wire";
import { buildWorld, release, type World } from "../support/world";

/** The built client, as a process that is killed and started again. */
let hub: TestHub;
let restarted: RunningHub | undefined;
let w: World<"acme" | "beta", "power", never>;
let built: Build;
let wire: Wire;
let directory: string;
const children: ChildProcess[] = [];
beforeAll(async () => {
  built = build();
  hub = await startTestHub();
  w = await buildWorld(hub, {
    organizations: ["acme", "beta"],
    groups: { power: { members: ["acme", "beta"] } },
    agreements: [{ from: "power", to: "power" }],
  });
  wire = await startWire(hub.running.port);
  directory = mkdtempSync(join(tmpdir(), "musubi-cli-"));
}, 60_000);
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await wire.close();
  await restarted?.stop();
  await hub.stop();
  built.remove();
  rmSync(directory, { recursive: true });
});

/** A run of the client with what it has printed; its lines are JSON. */
class Process {
  readonly lines: string[] = [];
  err = "";
  readonly exited: Promise<number | null>;
  private readonly child: ChildProcess;
  private heard: (() => void)[] = [];

  constructor(args: string[], key = w.as.beta.key ?? "") {
    this.child = spawn(
      process.execPath,
      [join(built.directory, "src", "cli", "main.js"), "alerts", "--json", ...args],
      { env: { PATH: process.env.PATH, HUB_URL: wire.url, HUB_KEY: key } },
    );
    children.push(this.child);
    let rest = "";
    this.child.stdout?.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split("\n");
      rest = lines.pop() ?? "";
      this.lines.push(...lines);
      this.wake();
    });
    this.child.stderr?.on("data", (chunk: Buffer) => {
      this.err += chunk.toString();
      this.wake();
    });
    this.exited = new Promise((resolve) => this.child.on("close", resolve));
    void this.exited.then(() => this.wake());
  }

  get itemIds(): string[] {
    return this.lines.map((line) => (JSON.parse(line) as { itemId: string }).itemId);
  }

  /** Resolves when that holds. Throws where the process ends before. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      if (this.child.exitCode !== null) throw new Error(`it ended: ${this.err}`);
      await new Promise<void>((resolve) => this.heard.push(resolve));
    }
  }

  kill(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal);
    return this.exited;
  }

  private wake(): void {
    for (const resolve of this.heard.splice(0)) resolve();
  }
}

/** Resolves when that holds of a file, which tells nobody when it changes. */
async function eventually(holds: () => boolean): Promise<void> {
  for (const patience = Date.now() + 15_000; !holds();) {
    if (Date.now() > patience) throw new Error("it never came to hold");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
const file = (name: string): string => join(directory, name);
const kept = (path: string): string => (existsSync(path) ? readFileSync(path, "utf8").trim() : "");
async function released(title: string): Promise<string> {
  const { id } = await w.as.acme.do("createAdvisory", {
    input: { title, body: "…", tlp: "AMBER" },
  });
  await release(w.as.acme, id, { groupIds: [w.group.power] });
  return id;
}
/** Follows from now on: the file names the end of the log before anything is released. */
async function following(path: string, args: string[] = []): Promise<Process> {
  const process = new Process(["--follow", "--cursor-file", path, ...args]);
  await eventually(() => existsSync(path));
  return process;
}
/** Resolves when the last line's cursor is kept: what comes after a kill then is what was not printed. */
async function settled(process: Process, path: string): Promise<void> {
  const last = JSON.parse(process.lines.at(-1) ?? "{}") as { cursor?: string };
  await eventually(() => kept(path) === last.cursor);
}

test("every alert is printed exactly once, though client, connection and hub are cut off again and again", async () => {
  const path = file("cursor");
  const all: string[] = [];
  const ids: string[] = [];
  const tell = async (): Promise<void> => void ids.push(await released(`No. ${ids.length}`));

  const first = await following(path);
  await tell();
  await first.until(() => first.itemIds.length === 1);
  await wire.cut();
  await tell();
  await first.until(() => first.itemIds.length === 2);
  await settled(first, path);
  await first.kill("SIGKILL");
  all.push(...first.itemIds);

  await tell();
  await tell();
  const second = new Process(["--follow", "--cursor-file", path]);
  await second.until(() => second.itemIds.length === 2);
  // The hub restarts: sockets are told to come back, and for a while nobody answers.
  restarted = await startSecondHub(hub);
  await wire.cut();
  wire.layTo(restarted.port);
  await tell();
  await second.until(() => second.itemIds.length === 3);
  expect(await second.kill("SIGTERM")).toBe(0);
  all.push(...second.itemIds);

  await tell();
  const third = new Process(["--follow", "--cursor-file", path]);
  await third.until(() => third.itemIds.length === 1);
  expect(await third.kill("SIGINT")).toBe(0);
  all.push(...third.itemIds);

  const listed = new Process(["--cursor-file", path]);
  expect(await listed.exited).toBe(0);
  expect(listed.lines).toEqual([]);
  expect(all).toEqual(ids);
  expect(readdirSync(directory)).toEqual(["cursor"]);
}, 60_000);

test("without --follow it prints what there is, and the next run what there is since", async () => {
  const path = file("pages");
  const before = new Process(["--cursor-file", path]);
  expect(await before.exited).toBe(0);
  const id = await released("Since");
  const since = new Process(["--cursor-file", path]);
  expect(await since.exited).toBe(0);
  expect(since.itemIds).toEqual([id]);
  const again = new Process(["--cursor-file", path]);
  expect(await again.exited).toBe(0);
  expect(again.lines).toEqual([]);
});

test("--min-tlp leaves out what is marked less, in the words of the standard too", async () => {
  const path = file("marked");
  const strict = await following(path, ["--min-tlp", "amber+strict"]);
  await released("Amber");
  const { id } = await w.as.acme.do("createAdvisory", {
    input: { title: "Strict", body: "…", tlp: "AMBER_STRICT" },
  });
  await release(w.as.acme, id, { groupIds: [w.group.power], tlp: "AMBER_STRICT" });
  await strict.until(() => strict.lines.length > 0);
  expect(strict.itemIds).toEqual([id]);
  expect(await strict.kill("SIGTERM")).toBe(0);
  const wrong = new Process(["--min-tlp", "purple"]);
  expect(await wrong.exited).toBe(1);
  expect(wrong.err).toMatch(/^BAD_USER_INPUT: .*minTlp/);
});

test("a hub that cannot be reached yet is waited for where a cursor file says where to go on", async () => {
  const path = file("waiting");
  const nowhere = await startWire(1);
  const away = wire.url;
  wire.url = nowhere.url;
  const waiting = new Process(["--follow", "--cursor-file", path]);
  await waiting.until(() => waiting.err.includes("Trying again."));
  nowhere.layTo(restarted?.port ?? hub.running.port);
  await eventually(() => existsSync(path));
  const id = await released("Reached");
  await waiting.until(() => waiting.lines.length > 0);
  expect(waiting.itemIds).toEqual([id]);
  expect(await waiting.kill("SIGTERM")).toBe(0);
  expect(waiting.err.match(/Trying again/g)).toHaveLength(1);
  wire.url = away;
  await nowhere.close();
});

test("a cursor file that cannot be used ends it in one line, before anything is printed", async () => {
  writeFileSync(file("empty"), "");
  writeFileSync(file("forged"), "forged\n");
  for (const [path, code, says] of [
    [file("empty"), 2, "holds no cursor"],
    [file("no/such/directory"), 2, "cannot be written"],
    [file("forged"), 1, "is not a cursor of this hub"],
  ] as const) {
    const refused = new Process(["--follow", "--cursor-file", path]);
    expect([path, await refused.exited]).toEqual([path, code]);
    expect(refused.lines).toEqual([]);
    expect(refused.err.trim().split("\n")).toEqual([expect.stringContaining(says)]);
  }
  const badKey = new Process(["--follow", "--cursor-file", file("key")], "no-such-key");
  expect(await badKey.exited).toBe(3);
  expect(badKey.err).toContain("UNAUTHENTICATED");
});

test("a cursor that the hub no longer keeps is told so, and where to go on", async () => {
  const path = file("old");
  const old = await following(path);
  await released("Long ago");
  await old.until(() => old.lines.length > 0);
  await settled(old, path);
  await old.kill("SIGTERM");
  await released("Missed");
  hub.clock.advance(91 * DAY);
  await hub.running.hub.logTrim.run();
  const third = await startSecondHub(hub);
  wire.layTo(third.port);
  const late = new Process(["--follow", "--cursor-file", path]);
  expect(await late.exited).toBe(1);
  const [, cursor = ""] = /^resumeAfter: (\S+)$/m.exec(late.err) ?? [];
  writeFileSync(path, cursor);
  const next = new Process(["--follow", "--cursor-file", path]);
  const id = await released("Kept");
  await next.until(() => next.lines.length > 0);
  expect(next.itemIds).toEqual([id]);
  expect(await next.kill("SIGTERM")).toBe(0);
  await third.stop();
});
