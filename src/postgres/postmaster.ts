import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { spawnOptions } from "./binaries";
import type { Cluster } from "./cluster";
import { answersSignals, commandOf, ended, processesNamed, signal } from "./running-process";

/** A fast shutdown writes everything out; after this time an immediate one leaves that to the next start. */
const FAST_SHUTDOWN_MS = 30_000;
const IMMEDIATE_SHUTDOWN_MS = 10_000;
const LOG_FILE_BYTES = 10_000_000;

/**
 * Starts the server and resolves once it accepts connections; rejects with the end of its log when it ends instead.
 * WHY no time limit: after a crash it first replays its log, and ending it then only makes the next start longer.
 */
export async function launch(
  cluster: Cluster,
  logFile: string,
  settings: Record<string, string>,
): Promise<ChildProcess> {
  const log = openLog(logFile);
  const from = statSync(logFile).size;
  const options = Object.entries({ ...settings, cluster_name: cluster.name });
  const child = spawn(
    join(cluster.bin, "postgres"),
    ["-D", cluster.data, ...options.flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    // A session of its own: what is sent to the hub's process group, or typed at its terminal, is not for the server.
    { ...spawnOptions(cluster.account), detached: true, stdio: ["ignore", log, log] },
  );
  closeSync(log);
  let failure: string | undefined;
  child.once("error", (error) => (failure = error.message));
  child.once("exit", () => (failure ??= readFileSync(logFile).subarray(from).toString().trim()));

  while (!isReady(cluster, child.pid)) {
    if (failure !== undefined) {
      throw new Error(`The embedded database did not start (${logFile}): ${failure.slice(-2_000)}`);
    }
    await delay(10);
  }
  child.unref();
  return child;
}

/** Lets what is committed be, breaks off the rest, and resolves when the server has ended. */
export async function shutDown(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  child.kill("SIGINT");
  // INVARIANT: never SIGKILL, which would leave the server's other processes at work on the files.
  const timer = setTimeout(() => child.kill("SIGQUIT"), FAST_SHUTDOWN_MS);
  await once(child, "exit");
  clearTimeout(timer);
}

/** Shuts down what still runs of this cluster after its hub, or its postmaster, has been killed. */
export async function stopLeftBehind(
  cluster: Cluster,
  log: (message: string) => void,
): Promise<void> {
  const pid = postmasterPid(cluster);
  if (pid !== undefined && isPostmasterOf(cluster, pid)) {
    log(`Stopping the database server with pid ${pid}, left behind by a hub that was killed`);
    signal(pid, "SIGINT");
    if (!(await ended(pid, FAST_SHUTDOWN_MS))) await quit(pid);
  }
  // A server's processes end with their postmaster, but for one that is busy with a query.
  await Promise.all(processesNamed(`postgres: ${cluster.name}`).map(quit));

  // PostgreSQL takes whatever has that number for a server, even a process that only waits to be reaped.
  const stale = postmasterPid(cluster);
  if (stale && answersSignals(stale)) rmSync(join(cluster.data, "postmaster.pid"));
}

/** A port of 127.0.0.1 that nobody listened on just now. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

async function quit(pid: number): Promise<void> {
  signal(pid, "SIGQUIT");
  if (await ended(pid, IMMEDIATE_SHUTDOWN_MS)) return;
  throw new Error(`Process ${pid} of an earlier database server does not end.`);
}

/** `postmaster.pid`: line 1 is the pid, line 8 the state. */
function pidFile({ data }: Cluster): string[] {
  try {
    return readFileSync(join(data, "postmaster.pid"), "utf8").split("\n");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function postmasterPid(cluster: Cluster): number | undefined {
  const pid = Number(pidFile(cluster)[0]);
  return pid > 1 ? pid : undefined;
}

function isReady(cluster: Cluster, pid: number | undefined): boolean {
  const lines = pidFile(cluster);
  return Number(lines[0]) === pid && lines[7]?.trim() === "ready";
}

// INVARIANT: only a process that is this cluster's server is ever signalled; the pid file alone proves nothing,
// since a pid is given again after a restart of the machine.
function isPostmasterOf(cluster: Cluster, pid: number): boolean {
  const [program = "", ...words] = commandOf(pid);
  const names = words.includes(cluster.data) || words.includes(`cluster_name=${cluster.name}`);
  return basename(program).startsWith("postgres") && names;
}

/** The hub opens the log and hands it on, so the account that PostgreSQL runs as needs no access to it. */
function openLog(file: string): number {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_FILE_BYTES) renameSync(file, `${file}.1`);
  return openSync(file, "a", 0o600);
}
