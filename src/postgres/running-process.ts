import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/**
 * A text that tells a process from any other that has had, or will have, the same number: boot and start time.
 * Undefined when no such process runs; one that has ended and waits to be reaped does not run.
 */
export function startOf(pid: number): string | undefined {
  if (process.platform === "linux") {
    const stat = contentOf(`/proc/${pid}/stat`);
    // proc_pid_stat(5): the name, field 2, may itself hold spaces and brackets; the state is 3, the start time 22.
    const [state, ...fields] = stat?.slice(stat.lastIndexOf(")") + 2).split(" ") ?? [];
    if (state === undefined || state === "Z" || state === "X") return undefined;
    return `${contentOf("/proc/sys/kernel/random/boot_id")?.trim()} ${fields[18]}`;
  }
  if (process.platform === "win32") return answersSignals(pid) ? "unknown" : undefined;
  return ps(pid, "lstart=");
}

/** The words of a process's command line; none when it does not run or is not readable. */
export function commandOf(pid: number): string[] {
  if (process.platform === "linux") {
    return contentOf(`/proc/${pid}/cmdline`)?.split("\0") ?? [];
  }
  return process.platform === "win32" ? [] : (ps(pid, "command=")?.split(" ") ?? []);
}

/** The processes whose command line begins with this text. Only Linux can tell; elsewhere the answer is none. */
export function processesNamed(beginning: string): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && commandOf(pid)[0]?.startsWith(beginning) === true);
}

/** True as soon as the process has ended, false when it still runs after `timeoutMs`. */
export async function ended(pid: number, timeoutMs: number): Promise<boolean> {
  const start = startOf(pid);
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await delay(10)) {
    if (start === undefined || startOf(pid) !== start) return true;
  }
  return false;
}

/** Sends the signal, and lets it pass when the process has ended in the meantime. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** True as long as the number is taken, be it by a process that has ended and waits to be reaped. */
export function answersSignals(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function ps(pid: number, column: string): string | undefined {
  try {
    const output = execFileSync("ps", ["-o", column, "-p", String(pid)], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return output.trim() || undefined;
  } catch {
    return undefined;
  }
}
