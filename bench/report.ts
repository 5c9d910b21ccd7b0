import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { projectRoot } from "../src/project-root";
import type { Figures, Result } from "./measure";
import type { Options } from "./options";

/** The table that a person reads. */
export function table(results: readonly Result[]): string {
  const head = [
    "workload",
    "indicators",
    "grants",
    "floor",
    "hub",
    "ratio",
    "CPU ratio",
    "with PostgreSQL",
    "least",
    "goal",
    "",
  ];
  const rows = results.map((r) => [
    r.workload,
    r.rows.toLocaleString("en"),
    r.grants.toString(),
    figures(r.floor),
    figures(r.hub),
    r.ratio.toFixed(2),
    r.cpuRatio.toFixed(2),
    r.allCpuRatio?.toFixed(2) ?? "–",
    r.least.toFixed(2),
    r.goal.toFixed(2),
    verdict(r),
  ]);
  const widths = head.map((h, i) => Math.max(h.length, ...rows.map((row) => row[i]?.length ?? 0)));
  return [head, widths.map((w) => "-".repeat(w)), ...rows]
    .map((row) =>
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join("  "),
    )
    .join("\n");
}

const figures = ({ perSecond, cpu, databaseCpu, p50, p99 }: Figures): string =>
  `${perSecond < 100 ? perSecond.toFixed(1) : Math.round(perSecond)}/s ${us(cpu)}+${us(databaseCpu)} µs ${ms(p50)}/${ms(p99)} ms`;
const us = (n: number | null): string => (n === null ? "?" : Math.round(n).toString());
const ms = (n: number): string => (n < 10 ? n.toFixed(1) : Math.round(n).toString());

const verdict = (r: Result): string =>
  r.ratio >= r.goal ? "goal" : r.ratio >= r.least ? "ok" : "BELOW";

export const belowLeast = (results: readonly Result[]): Result[] =>
  results.filter((r) => r.ratio < r.least);

/** How each workload's cost grew from the smallest world to the largest: CPU a request, PostgreSQL's included. */
export function growth(results: readonly Result[]): string {
  const lines: string[] = [];
  const asked = new Map(results.map((r) => [`${r.workload} ${r.grants}`, r]));
  for (const { workload: name, grants } of asked.values()) {
    const same = results
      .filter((r) => r.workload === name && r.grants === grants)
      .toSorted((x, y) => x.rows - y.rows);
    const [small, large] = [same[0], same.at(-1)];
    if (!small || !large || small === large) continue;
    const cost = (f: Figures): number => f.cpu + (f.databaseCpu ?? 0);
    lines.push(
      `${name}, grants: ${grants}: from ${small.rows.toLocaleString("en")} to ${large.rows.toLocaleString("en")} indicators the hub's CPU a request ` +
        `grew ${(cost(large.hub) / cost(small.hub)).toFixed(2)}×, the floor's ${(cost(large.floor) / cost(small.floor)).toFixed(2)}×`,
    );
  }
  return lines.join("\n");
}

/** Writes `bench/results/<time>.json` and returns its path. */
export function save(results: readonly Result[], options: Options): string {
  const folder = join(projectRoot, "bench", "results");
  mkdirSync(folder, { recursive: true });
  const at = new Date().toISOString();
  const file = join(folder, `${at.replaceAll(":", "-")}.json`);
  const machine = {
    node: process.version,
    cores: cpus().length,
    cpu: cpus()[0]?.model,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    load: loadavg(),
  };
  writeFileSync(file, `${JSON.stringify({ at, machine, options, results }, null, 2)}\n`);
  return file;
}
