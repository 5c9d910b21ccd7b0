import { randomUUID } from "node:crypto";
import { closeSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startOf } from "./running-process";

const FILE = "hub.lock";
/** Holding the guard takes well under a millisecond; one that is older was left by a process that was killed. */
const GUARD_TIMEOUT_MS = 2_000;

interface Holder {
  pid: number;
  start: string;
  token: string;
}

/**
 * Makes this process the only one that uses the directory, until the returned function is called or it ends.
 * Throws one line that names the directory and the pid while another holder lives; a lock whose holder has
 * ended, or whose pid now belongs to another process, is taken over.
 */
export async function lockDirectory(directory: string): Promise<() => void> {
  const file = join(directory, FILE);
  const me = { pid: process.pid, start: startOf(process.pid) ?? "", token: randomUUID() };

  await guarded(file, () => {
    const holder = read(file);
    if (holder && startOf(holder.pid) === holder.start) {
      throw new Error(
        `The data directory ${directory} is in use by the hub with pid ${holder.pid}.`,
      );
    }
    writeFileSync(`${file}.new`, JSON.stringify(me), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  });

  return () => {
    if (read(file)?.token === me.token) rmSync(file, { force: true });
  };
}

// INVARIANT: `section` is synchronous, and nobody writes the lock outside of it; so of two hubs that find the
// same stale lock only one takes it over.
async function guarded(file: string, section: () => void): Promise<void> {
  const guard = `${file}.guard`;
  for (const deadline = Date.now() + GUARD_TIMEOUT_MS; !create(guard); await delay(10)) {
    if (Date.now() > deadline) rmSync(guard, { force: true });
  }
  try {
    section();
  } finally {
    rmSync(guard, { force: true });
  }
}

function create(path: string): boolean {
  try {
    closeSync(openSync(path, "wx", 0o600));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function read(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Holder;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" || error instanceof SyntaxError) {
      return undefined;
    }
    throw error;
  }
}
