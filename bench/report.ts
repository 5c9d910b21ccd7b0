import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { projectRoot } from "../src/project-root";
import type { DecisionResult } from "./decision";
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
  return aligned([head, ...rows]);
}

/** What deciding costs in memory, in microseconds; the growth from the fewest grants to the most below it. */
export function decisionTable(results: readonly DecisionResult[]): string {
  const head = ["decision", "items", "grants", "µs", "scope, µs", "its share", "least", "goal", ""];
  const rows = results.map((r) => [
    "in memory",
    r.items.toLocaleString("en"),
    r.grants.toString(),
    r.decision.toFixed(2),
    r.scope.toFixed(2),
    `${(100 * r.share).toFixed(1)} %`,
    `< ${r.least}`,
    `< ${r.goal}`,
    r.decision < r.goal ? "goal" : r.decision < r.least ? "ok" : "BELOW",
  ]);
  const [first, last] = [results[0], results.findLast((r) => r.items === results[0]?.items)];
  const grew =
    first && last && first !== last
      ? `\n\ndecision: from ${first.grants} to ${last.grants} grants it grew ${(last.decision / first.decision).toFixed(2)}×, the scope ${(last.scope / first.scope).toFixed(2)}×`
      : "";
  return aligned([head, ...rows]) + grew;
}

/** Rows below their head, columns of one width; the first to the left. */
function aligned([head = [], ...rows]: readonly string[][]): string {
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

/** How many are below what must be. */
export const belowLeast = (
  results: readonly Result[],
  decisions: readonly DecisionResult[],
): number =>
  results.filter((r) => r.ratio < r.least).length +
  decisions.filter((r) => r.decision >= r.least).length;

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
export function save(
  results: readonly Result[],
  decisions: readonly DecisionResult[],
  options: Options,
): string {
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
  writeFileSync(file, `${JSON.stringify({ at, machine, options, results, decisions }, null, 2)}\n`);
  return file;
}
