import { measureDecisions } from "./decision";
import { delivers, fanOut } from "./fan-out";
import { measure, type Result } from "./measure";
import { readOptions } from "./options";
import { belowLeast, decisionTable, growth, save, table } from "./report";
import { type ServerProcess, startServer } from "./server-process";
import { openWorld, VIEWERS } from "./world";
import { WORKLOADS } from "./workloads";

const log = (message: string): void => void process.stderr.write(`${message}\n`);

/** Every workload at every size; exits with 1 where one is below its least and `--strict` was given. */
async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const named = WORKLOADS.filter((w) => w.name === options.only);
  const workloads = named.length ? named : WORKLOADS.filter((w) => w.name.includes(options.only));
  const deciding = "decision".includes(options.only);
  if (!workloads.length && !deciding && !delivers(options.only))
    throw new Error(`No workload's name has “${options.only}”.`);
  const decisions = deciding ? measureDecisions(options.grants) : [];
  if (deciding) log(decisionTable(decisions));
  const results: Result[] = [];
  for (const rows of workloads.length ? options.rows : []) {
    const world = await openWorld(rows, log);
    const servers: ServerProcess[] = [];
    const start = async (file: "floor" | "hub-process"): Promise<ServerProcess> => {
      const server = await startServer(file, world.url);
      servers.push(server);
      return server;
    };
    try {
      const floor = await start("floor");
      const hub = await start("hub-process");
      const viewers = VIEWERS.filter((v) => options.grants.includes(v.grants));
      for (const [workload, viewer] of workloads.flatMap((w) =>
        viewers.map((v) => [w, v] as const),
      )) {
        log(
          `${workload.name}, ${rows.toLocaleString("en")} indicators, grants: ${viewer.grants} …`,
        );
        try {
          results.push(await measure(workload, world, viewer, { floor, hub }, options));
          log(table(results.slice(-1)).split("\n").at(-1) ?? "");
        } catch (error) {
          // A wrong answer fails the run, but the other workloads are measured all the same.
          log(`FAILED ${error instanceof Error ? error.message : String(error)}`);
          process.exitCode = 1;
        }
      }
    } finally {
      await Promise.all(servers.map((server) => server.stop()));
      await world.stop();
    }
  }
  if (results.length) {
    console.log(table(results));
    console.log(
      "\nfloor, hub: requests a second, CPU a request (server + PostgreSQL), latency (median/99 %). Ratios: 1 is the floor, higher is better.",
    );
    console.log(growth(results));
  }
  if (deciding) console.log(decisionTable(decisions));
  if (results.length || decisions.length) console.log(`\n${save(results, decisions, options)}`);
  const late = delivers(options.only)
    ? await fanOut({ ...options.fanOut, only: options.only })
    : [];
  const below = belowLeast(results, decisions) + late.length;
  for (const one of late) console.log(`below the least: ${one}`);
  if (below) console.log(`\n${below} below the least`);
  if (below && options.strict) process.exitCode = 1;
}

main().catch((error: unknown) => {
  log(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exit(1);
});
