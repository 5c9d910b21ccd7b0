import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const TICK_US = 10_000;

/**
 * Microseconds of CPU that a PostgreSQL server and its processes have used, those that ended included.
 * null where that cannot be told: another machine, or no /proc.
 */
export function postgresCpu(pgdata: string | null): number | null {
  if (pgdata === null) return null;
  try {
    const postmaster = readFileSync(join(pgdata, "postmaster.pid"), "utf8").split("\n")[0] ?? "";
    let ticks = 0;
    for (const pid of readdirSync("/proc")) {
      if (!/^\d+$/.test(pid)) continue;
      const stat = statOf(pid);
      if (!stat) continue;
      if (pid === postmaster) ticks += stat.own + stat.ofEnded;
      else if (stat.parent === postmaster) ticks += stat.own;
    }
    return ticks * TICK_US;
  } catch {
    return null;
  }
}

function statOf(pid: string): { parent: string; own: number; ofEnded: number } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const at = (i: number): number => Number(fields[i - 3]);
    return { parent: fields[1] ?? "", own: at(14) + at(15), ofEnded: at(16) + at(17) };
  } catch {
    return null;
  }
}
