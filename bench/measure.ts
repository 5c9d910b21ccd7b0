import { ask, load, type Target } from "./load";
import type { Options } from "./options";
import { postgresCpu } from "./postgres-cpu";
import type { ServerProcess } from "./server-process";
import type { Workload } from "./workloads";
import type { BenchViewer, World } from "./world";

/** Medians over the rounds. Times in microseconds a request; latencies in milliseconds. */
export interface Figures {
  perSecond: number;
  cpu: number;
  /** null where PostgreSQL's own cannot be told. */
  databaseCpu: number | null;
  p50: number;
  p99: number;
}

export interface Result {
  workload: string;
  rows: number;
  grants: number;
  /** Bytes of the hub's answer. */
  bytes: number;
  floor: Figures;
  hub: Figures;
  /** The hub's throughput in relation to the floor's of the same round; 1 would be the floor. */
  ratio: number;
  /** The floor's CPU in relation to the hub's: higher is better, as above. */
  cpuRatio: number;
  /** As `cpuRatio`, PostgreSQL's CPU included. */
  allCpuRatio: number | null;
  least: number;
  goal: number;
}

const WARM_UP_SECONDS = 0.5;
const CHECKED = 20;

/** Both servers by turns, after a look whether they answer the same. Throws where they do not. */
export async function measure(
  workload: Workload,
  world: World,
  viewer: BenchViewer,
  servers: { floor: ServerProcess; hub: ServerProcess },
  options: Options,
): Promise<Result> {
  const asks = workload.draw(world.rows, viewer);
  const { key } = viewer;
  const targets = {
    floor: { port: servers.floor.port, path: workload.floorPath, key },
    hub: { port: servers.hub.port, path: "/graphql", key },
  };
  const bodies = {
    floor: asks.map((a) => JSON.stringify(a.floor)),
    hub: asks.map((a) => JSON.stringify(a.hub)),
  };
  const bytes = await sameAnswers(workload, targets, bodies);
  const connections = Math.min(workload.connections ?? Infinity, options.connections);
  const one = async (which: "floor" | "hub"): Promise<Figures> => {
    await load(targets[which], bodies[which], connections, WARM_UP_SECONDS);
    const cpu = await servers[which].cpu();
    const databaseCpu = postgresCpu(world.pgdata);
    const sample = await load(targets[which], bodies[which], connections, options.seconds);
    const databaseUsed = postgresCpu(world.pgdata);
    return {
      perSecond: sample.requests / sample.seconds,
      cpu: ((await servers[which].cpu()) - cpu) / sample.requests,
      databaseCpu:
        databaseCpu === null || databaseUsed === null
          ? null
          : (databaseUsed - databaseCpu) / sample.requests,
      p50: quantile(sample.latencies, 0.5),
      p99: quantile(sample.latencies, 0.99),
    };
  };
  const rounds: { floor: Figures; hub: Figures }[] = [];
  for (let round = 0; round < options.rounds; round++) {
    // Who begins changes from round to round.
    const first = round % 2 ? "hub" : "floor";
    const begun = await one(first);
    const other = await one(first === "hub" ? "floor" : "hub");
    rounds.push(first === "hub" ? { hub: begun, floor: other } : { floor: begun, hub: other });
  }
  const all = ({ cpu, databaseCpu }: Figures): number => cpu + (databaseCpu ?? NaN);
  const allCpuRatio = median(rounds.map((r) => all(r.floor) / all(r.hub)));
  return {
    workload: workload.name,
    rows: world.rows,
    grants: viewer.grants,
    bytes,
    floor: medians(rounds.map((r) => r.floor)),
    hub: medians(rounds.map((r) => r.hub)),
    ratio: median(rounds.map((r) => r.hub.perSecond / r.floor.perSecond)),
    cpuRatio: median(rounds.map((r) => r.floor.cpu / r.hub.cpu)),
    allCpuRatio: Number.isNaN(allCpuRatio) ? null : allCpuRatio,
    least: workload.least,
    goal: workload.goal,
  };
}

async function sameAnswers(
  workload: Workload,
  targets: { floor: Target; hub: Target },
  bodies: { floor: string[]; hub: string[] },
): Promise<number> {
  let bytes = 0;
  for (const [i, body] of bodies.hub.slice(0, CHECKED).entries()) {
    const hub = (await ask(targets.hub, body)) as { data?: never; errors?: unknown };
    const floor = (await ask(targets.floor, bodies.floor[i] ?? "")) as { data: never };
    if (!hub.data || hub.errors)
      throw new Error(`${workload.name}: the hub answers ${JSON.stringify(hub).slice(0, 500)}`);
    const ids = {
      hub: JSON.stringify(workload.ids(hub.data)),
      floor: JSON.stringify(workload.ids(floor.data)),
    };
    if (ids.hub !== ids.floor) {
      throw new Error(
        `${workload.name}: the hub and the floor answer different rows\n${ids.hub.slice(0, 300)}\n${ids.floor.slice(0, 300)}`,
      );
    }
    bytes = Buffer.byteLength(JSON.stringify(hub));
  }
  return bytes;
}

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN;

const median = (values: readonly number[]): number =>
  quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );

function medians(all: readonly Figures[]): Figures {
  const of = (pick: (f: Figures) => number): number => median(all.map(pick));
  const databaseCpu = of((f) => f.databaseCpu ?? NaN);
  return {
    perSecond: of((f) => f.perSecond),
    cpu: of((f) => f.cpu),
    databaseCpu: Number.isNaN(databaseCpu) ? null : databaseCpu,
    p50: of((f) => f.p50),
    p99: of((f) => f.p99),
  };
}
