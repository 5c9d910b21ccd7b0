import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { projectRoot } from "../src/project-root";
import { type FanOutWorld, ITEMS, openFanOutWorld, releaseSql } from "./fan-out-world";
import { type ServerProcess, startServer } from "./server-process";
import { SocketClient } from "./socket-client";

const CHANNEL = "bench_floor";
/** Sockets that are opened at once. */
const AT_ONCE = 100;
const PATIENCE_MS = 120_000;
/** So long alerts come at their rate before they are measured, on both sides. */
const WARM_SECONDS = 3;
const QUERY = `subscription { alerts { cursor type at count itemId group { id name } item { id stixId tlp pap updatedAt
  source { attribution sector } ... on Incident { title summary category severity detectedAt } } } }`;

/** Milliseconds from the commit. */
interface Figures {
  first: number;
  last: number;
  p50: number;
  p99: number;
  /** Microseconds of the server's CPU a delivery. */
  cpu: number;
  /** Bytes a connection: of the heap and what hangs on it, and of the process. */
  heap: number;
  rss: number;
}

interface FanOutResult {
  workload: string;
  clients: number;
  classes: number;
  floor: Figures;
  hub: Figures;
  /** How often the policy was asked, by alerts and classes; null: not counted. */
  decisions: number | null;
}

const log = (message: string): void => void process.stderr.write(`${message}\n`);
const now = (): number => performance.timeOrigin + performance.now();
const median = (values: number[]): number => quantile(values, 0.5);
const quantile = (values: number[], q: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN;
};

const text = (type: string, payload: object, id?: string): string =>
  JSON.stringify({ id, type, payload });

/** Clients of one server, and what they have got. */
class Swarm {
  received = 0;
  bytes = 0;
  /** By the number in the item's title: when each client got it. */
  readonly arrivals = new Map<number, number[]>();
  private waiting: (() => void) | null = null;

  private constructor(readonly clients: SocketClient[]) {}

  static async open(
    port: number,
    world: FanOutWorld | null,
    count: number,
    groups: number,
    slow = 0,
  ): Promise<Swarm> {
    const clients: SocketClient[] = [];
    const members = world?.members(count, groups) ?? [];
    const one = async (i: number): Promise<void> => {
      const key = world?.keyOf(members[i] ?? 0) ?? "";
      const client = await SocketClient.open(port, "/graphql", (message) => {
        if (!world) return message === null ? ["{}"] : "ready";
        if (message === null) return [text("connection_init", { authorization: `Bearer ${key}` })];
        // The hub answers the second operation only after it took the first.
        if (message.includes('"connection_ack"'))
          return [
            text("subscribe", { query: QUERY }, "1"),
            text("subscribe", { query: "{ __typename }" }, "2"),
          ];
        return message.includes('"complete"') ? "ready" : [];
      });
      clients.push(client);
    };
    for (let i = 0; i < count; i += AT_ONCE) {
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - i) }, (_, j) => one(i + j)));
    }
    const swarm = new Swarm(clients);
    for (const [i, client] of clients.entries()) {
      if (i < slow) client.pause();
      client.onMessage = (message) => swarm.take(message);
    }
    return swarm;
  }

  private take(message: Buffer): void {
    const at = now();
    const start = message.indexOf(TITLE) + TITLE.length;
    const n = Number(message.toString("latin1", start, message.indexOf('"', start)));
    let all = this.arrivals.get(n);
    if (!all) this.arrivals.set(n, (all = []));
    all.push(at);
    this.bytes = message.length;
    this.received++;
    this.waiting?.();
  }

  /** Resolves when so many messages have come. */
  async until(received: number): Promise<void> {
    const late = setTimeout(() => {
      throw new Error(`only ${this.received} of ${received} messages came`);
    }, PATIENCE_MS);
    while (this.received < received) await new Promise<void>((resolve) => (this.waiting = resolve));
    clearTimeout(late);
  }

  close(): void {
    for (const client of this.clients) client.close();
  }
}
const TITLE = '"title":"Incident ';

/** Releases items one after the other, or at a rate, as another node would. */
class Writer {
  private next = 0;

  private constructor(private readonly client: Client) {}

  static async open(url: string): Promise<Writer> {
    const client = new Client(url);
    await client.connect();
    return new Writer(client);
  }

  /** Its number, and the time of its commit. */
  async release(groups: number, tlp: number): Promise<{ n: number; at: number }> {
    if (this.next >= ITEMS) throw new Error("nothing is left to be released");
    const n = this.next++;
    const results = (await this.client.query(releaseSql(n, groups, tlp, CHANNEL))) as unknown as {
      rows: { at?: number }[];
    }[];
    const at = results.find((r) => r.rows[0]?.at !== undefined)?.rows[0]?.at ?? NaN;
    return { n, at };
  }

  end(): Promise<void> {
    return this.client.end();
  }
}

interface Load {
  clients: number;
  classes: number;
  alerts: number;
  /** Alerts a second; null: one when the last has been delivered. */
  rate: number | null;
  /** Clients that do not read. */
  slow: number;
  /** Rank of the releases' TLP: above GREEN each reading stands in the ledger. */
  tlp: number;
}

const GREEN = 1;
const AMBER = 2;

async function measure(
  server: ServerProcess,
  world: FanOutWorld | null,
  writer: Writer,
  { clients, classes, alerts, rate, slow, tlp }: Load,
): Promise<{ figures: Figures; bytes: number; decisions: number | null }> {
  const before = await server.memory();
  const swarm = await Swarm.open(server.port, world, clients, classes, slow);
  const reading = clients - slow;
  const after = await server.memory();
  let sent = 0;
  const release = async (times: number): Promise<{ n: number; at: number }[]> => {
    const released: { n: number; at: number }[] = [];
    const started = performance.now();
    for (let i = 0; i < times; i++) {
      if (rate !== null) await until(started + (i * 1000) / rate);
      released.push(await writer.release(classes, tlp));
      sent++;
      if (rate === null) await swarm.until(sent * reading);
    }
    await swarm.until(sent * reading);
    return released;
  };
  await release(rate === null ? 3 : WARM_SECONDS * rate);
  swarm.arrivals.clear();
  const counted = await server.counts();
  const cpu = await server.cpu();
  const released = await release(alerts);
  const used = (await server.cpu()) - cpu;
  const counts = await server.counts();
  const each = released.map(({ n, at }) => (swarm.arrivals.get(n) ?? []).map((t) => t - at));
  const wrong = each.findIndex((arrivals) => arrivals.length !== reading);
  if (wrong >= 0) throw new Error(`an alert came ${each[wrong]?.length} times, not ${reading}`);
  swarm.close();
  const heap = (m: NodeJS.MemoryUsage): number => m.heapUsed + m.external;
  return {
    bytes: swarm.bytes,
    decisions:
      counts && counted ? (counts.decisions - counted.decisions) / (alerts * classes) : null,
    figures: {
      first: median(each.map((all) => Math.min(...all))),
      last: median(each.map((all) => Math.max(...all))),
      p50: quantile(each.flat(), 0.5),
      p99: quantile(each.flat(), 0.99),
      cpu: used / (alerts * reading),
      heap: (heap(after) - heap(before)) / clients,
      rss: (after.rss - before.rss) / clients,
    },
  };
}

async function until(at: number): Promise<void> {
  const wait = at - performance.now();
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
}

async function compare(name: string, world: FanOutWorld, writer: Writer, load: Load) {
  log(`${name}: ${load.clients} clients, ${load.classes} classes …`);
  const hub = await startServer("hub-process", world.url);
  const of = await measure(hub, world, writer, load).finally(() => hub.stop());
  const floor = await startServer("socket-floor", world.url, {
    BENCH_CHANNEL: CHANNEL,
    BENCH_MESSAGE_BYTES: String(of.bytes),
  });
  const bare = await measure(floor, null, writer, load).finally(() => floor.stop());
  const result: FanOutResult = {
    workload: name,
    clients: load.clients,
    classes: load.classes,
    floor: bare.figures,
    hub: of.figures,
    decisions: of.decisions,
  };
  log(line(result));
  return result;
}

const ms = (n: number): string => n.toFixed(n < 10 ? 1 : 0);
const line = ({ workload, clients, classes, floor, hub, decisions }: FanOutResult): string =>
  [
    `${workload}, ${clients} clients, ${classes} classes:`,
    `first ${ms(floor.first)} → ${ms(hub.first)} ms, last ${ms(floor.last)} → ${ms(hub.last)} ms (${(hub.last / floor.last).toFixed(2)}×),`,
    `p50 ${ms(floor.p50)} → ${ms(hub.p50)}, p99 ${ms(floor.p99)} → ${ms(hub.p99)} ms (${(hub.p99 / floor.p99).toFixed(2)}×),`,
    `CPU a delivery ${floor.cpu.toFixed(1)} → ${hub.cpu.toFixed(1)} µs (${(hub.cpu / floor.cpu).toFixed(2)}×),`,
    `a connection ${kib(floor.heap)} → ${kib(hub.heap)} KiB of heap, ${kib(floor.rss)} → ${kib(hub.rss)} KiB of the process`,
    ...(decisions === null ? [] : [`; decisions by class and alert: ${decisions.toFixed(2)}`]),
  ].join(" ");
const kib = (bytes: number): string => (bytes / 1024).toFixed(1);

/** Sizes of the fan-out's runs. */
export interface FanOutOptions {
  clients: readonly number[];
  classes: readonly number[];
  alerts: number;
  /** A word that the workload's name has. */
  only: string;
}

const WORKLOADS = ["fan-out", "ledger", "slow client", "delivery"];

/** Whether any of these workloads has a word in its name. */
export const delivers = (only: string): boolean => WORKLOADS.some((name) => name.includes(only));

/**
 * Measures what is delivered over sockets beside a bare relay, prints it, and writes it to `bench/results/`.
 * @returns those below their least: 10,000 sockets in 20 classes within 2× of the floor, p99 at 100 alerts/s within 3×
 */
export async function fanOut({ clients, classes, alerts, only }: FanOutOptions): Promise<string[]> {
  const wanted = (name: string): boolean => name.includes(only);
  const world = await openFanOutWorld(log);
  const results: FanOutResult[] = [];
  try {
    const writer = await Writer.open(world.url);
    if (wanted("fan-out")) {
      for (const count of clients) {
        for (const among of classes) {
          const load = { clients: count, classes: among, alerts, rate: null, slow: 0, tlp: GREEN };
          results.push(await compare("fan-out", world, writer, load));
        }
      }
    }
    if (wanted("ledger")) {
      const load = { clients: 1_000, classes: 20, alerts, rate: null, slow: 0, tlp: AMBER };
      results.push(await compare("ledger: fan-out above GREEN", world, writer, load));
    }
    if (wanted("slow client")) {
      const load = { clients: 1_000, classes: 20, alerts: 200, rate: null, slow: 0, tlp: GREEN };
      results.push(await compare("slow client: none", world, writer, load));
      results.push(await compare("slow client: 10", world, writer, { ...load, slow: 10 }));
    }
    if (wanted("delivery")) {
      for (const among of [1, 20]) {
        const load = {
          clients: 100,
          classes: among,
          alerts: 1_000,
          rate: 100,
          slow: 0,
          tlp: GREEN,
        };
        results.push(await compare("delivery at 100/s", world, writer, load));
      }
    }
    await writer.end();
  } finally {
    await world.stop();
  }
  console.log(results.map(line).join("\n"));
  const folder = join(projectRoot, "bench", "results");
  mkdirSync(folder, { recursive: true });
  const at = new Date().toISOString();
  const file = join(folder, `fan-out-${at.replaceAll(":", "-")}.json`);
  const machine = { node: process.version, cores: cpus().length, load: loadavg() };
  writeFileSync(file, `${JSON.stringify({ at, machine, results }, null, 2)}\n`);
  console.log(file);
  return results.filter(isBelow).map(line);
}

function isBelow({ workload, clients, classes, floor, hub }: FanOutResult): boolean {
  if (workload.startsWith("delivery")) return hub.p99 > 3 * floor.p99;
  const judged = workload === "fan-out" && clients === 10_000 && classes === 20;
  const beyond = hub.last > 2 * floor.last || hub.cpu > 2 * floor.cpu || hub.heap > 16 * 1024;
  return judged && beyond;
}
