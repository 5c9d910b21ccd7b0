import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";

/** What a server under test tells the benchmark over IPC. */
type Answer = { ready: { port: number } } | { cpu: NodeJS.CpuUsage };

/** A server in a process of its own. */
export interface ServerProcess {
  port: number;
  /** Microseconds of CPU, user and system, that the process has used. */
  cpu(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts `bench/<file>.js` with the database's URL. Resolves once it serves. */
export async function startServer(
  file: "hub-process" | "floor",
  databaseUrl: string,
): Promise<ServerProcess> {
  const flags = process.env[`BENCH_${file === "floor" ? "FLOOR" : "HUB"}_FLAGS`];
  const child = fork(join(__dirname, `${file}.js`), {
    env: { ...process.env, DATABASE_URL: databaseUrl },
    execArgv: flags ? flags.split(" ") : [],
  });
  const ready = (await next(child)) as { ready: { port: number } };
  return {
    port: ready.ready.port,
    async cpu() {
      const answer = next(child);
      child.send("cpu");
      const { user, system } = ((await answer) as { cpu: NodeJS.CpuUsage }).cpu;
      return user + system;
    },
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
export function serveBenchmark(port: number, stop: () => Promise<void>): void {
  process.on("message", (message) => {
    if (message === "cpu") process.send?.({ cpu: process.cpuUsage() });
    if (message === "stop") void stop().then(() => process.exit(0));
  });
  process.on("disconnect", () => process.exit(1));
  process.send?.({ ready: { port } });
}
