import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Account } from "./binaries";
import { ROOTS_OWN_PLACE, accountFor, binariesFor, canEnter, spawnOptions } from "./binaries";

/** The owner of every database of the cluster. */
export const SUPERUSER = "musubi";

/** Where the database's files are, and with what and as whom they are served. */
export interface Cluster {
  /** Holds `data` (PGDATA) and `password`. */
  home: string;
  data: string;
  /** `cluster_name`: stands in the title of each of the server's processes, so that they are known again. */
  name: string;
  account: Account;
  bin: string;
}

/**
 * Finds the cluster of a data directory, or decides where a new one goes: `postgres` in the data directory.
 *
 * WHY there is a second place: a hub that runs as root has PostgreSQL run as an unprivileged account, and that
 * account cannot enter, say, a project below /root (0700). Opening root's directories to everyone is not ours to
 * do, and a temporary directory does not last. So the cluster goes to a new directory in /var/lib/musubi, and the
 * file `postgres.location` in the data directory says which. Its name is random, not derived from the data
 * directory: who deletes the data directory and starts again expects an empty database, not the old one.
 */
export function locateCluster(dataDir: string): Cluster {
  const beside = join(dataDir, "postgres");
  if (existsSync(beside) && !isUnfinished(beside)) return existingCluster(beside, dataDir);

  const note = noteIn(dataDir);
  if (existsSync(note)) {
    const home = readFileSync(note, "utf8").trim();
    if (existsSync(join(home, "data"))) return existingCluster(home, dataDir);
    throw new Error(`${note} says that the database is in ${home}, and there is none.`);
  }

  const account = accountFor(undefined);
  if (canEnter(account, dataDir)) {
    mkdirSync(beside, { recursive: true, mode: 0o700 });
    return clusterAt(beside, account, dataDir);
  }
  mkdirSync(ROOTS_OWN_PLACE, { recursive: true });
  chmodSync(ROOTS_OWN_PLACE, 0o755);
  const elsewhere = mkdtempSync(join(ROOTS_OWN_PLACE, "data-"));
  chmodSync(elsewhere, 0o711);
  mkdirSync(join(elsewhere, "postgres"), { mode: 0o700 });
  return clusterAt(join(elsewhere, "postgres"), account, dataDir);
}

function existingCluster(home: string, dataDir: string): Cluster {
  const owner = statSync(home).uid;
  const me = process.getuid?.() ?? owner;
  if (me !== 0 && me !== owner) {
    throw new Error(
      `The database in ${home} belongs to uid ${owner}, and the hub runs as uid ${me}.`,
    );
  }
  const account = accountFor(owner);
  if (canEnter(account, home)) return clusterAt(home, account, dataDir);
  throw new Error(
    `The hub runs as root and PostgreSQL as ${account?.name}, who can no longer enter ${home}: ` +
      "a directory above it is closed to others.",
  );
}

/** A first start that was cut short leaves a directory without `data`. */
function isUnfinished(home: string): boolean {
  const owner = statSync(home).uid;
  const me = process.getuid?.() ?? owner;
  return (me === 0 || me === owner) && !existsSync(join(home, "data"));
}

function clusterAt(home: string, account: Account, dataDir: string): Cluster {
  const data = join(home, "data");
  const name = `musubi-${createHash("sha256").update(data).digest("hex").slice(0, 16)}`;
  return { home, data, name, account, bin: binariesFor(account, dataDir) };
}

const noteIn = (dataDir: string) => join(dataDir, "postgres.location");

/** Runs initdb, all or nothing: if it is cut short there is no `data`, and the next start begins anew. */
export function createCluster({ home, data, account, bin }: Cluster, dataDir: string): void {
  const unfinished = `${data}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  const password = join(home, "password");
  rmSync(password, { force: true });
  writeFileSync(password, randomBytes(24).toString("base64url"), { mode: 0o600, flag: "wx" });
  if (account) {
    lchownSync(password, account.uid, account.gid);
    lchownSync(home, account.uid, account.gid);
  }

  // The database sorts and folds by code point on every machine. WHY LC_CTYPE all the same: pg_trgm asks it what a
  // letter is, and under C it drops all but ASCII, so that no Japanese word would ever be found.
  let complaint = "";
  for (const ctype of ["C.UTF-8", "en_US.UTF-8", "C"]) {
    const run = spawnSync(
      join(bin, "initdb"),
      [
        ["-D", unfinished, "-U", SUPERUSER, "--auth=scram-sha-256", `--pwfile=${password}`],
        ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"],
        ["--locale=C", `--lc-ctype=${ctype}`],
      ].flat(),
      { ...spawnOptions(account), encoding: "utf8" },
    );
    if (run.status === 0) {
      renameSync(unfinished, data);
      if (home !== join(dataDir, "postgres")) writeFileSync(noteIn(dataDir), `${home}\n`);
      return;
    }
    rmSync(unfinished, { recursive: true, force: true });
    complaint = run.error?.message ?? run.stderr.trim();
    if (!complaint.includes("invalid locale name")) break;
  }
  throw new Error(`The embedded database could not be created in ${home}: ${complaint}`);
}

export const passwordOf = ({ home }: Cluster) =>
  readFileSync(join(home, "password"), "utf8").trim();
