import { parseArgs } from "node:util";
import type { FanOutOptions } from "./fan-out";
import { VIEWERS } from "./world";

/** What a run measures, and how long. */
export interface Options {
  /** Sizes of the world, in indicators; one after the other. */
  rows: readonly number[];
  /** The measured members, by how many grants they have. */
  grants: readonly number[];
  rounds: number;
  /** Of each server in each round. */
  seconds: number;
  connections: number;
  fanOut: Omit<FanOutOptions, "only">;
  /** The workload of this name, or those whose name has this word; empty: all. */
  only: string;
  /** Whether a workload below its least fails the run. */
  strict: boolean;
}

/** Throws on an unknown option or a number that is none. */
export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      rows: { type: "string", default: "100000,1000000" },
      grants: { type: "string", default: VIEWERS.map((v) => v.grants).join(",") },
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "2" },
      connections: { type: "string", default: "8" },
      clients: { type: "string", default: "1000,5000,10000" },
      classes: { type: "string", default: "1,20,60" },
      alerts: { type: "string", default: "15" },
      only: { type: "string", default: "" },
      strict: { type: "boolean", default: false },
    },
  });
  return {
    rows: values.rows.split(",").map((n) => positive("rows", n)),
    grants: values.grants.split(",").map((n) => positive("grants", n)),
    rounds: positive("rounds", values.rounds),
    seconds: positive("seconds", values.seconds),
    connections: positive("connections", values.connections),
    fanOut: {
      clients: values.clients.split(",").map((n) => positive("clients", n)),
      classes: values.classes.split(",").map((n) => positive("classes", n)),
      alerts: positive("alerts", values.alerts),
    },
    only: values.only,
    strict: values.strict,
  };
}

function positive(name: string, text: string): number {
  const value = Number(text.replaceAll("_", ""));
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0, not ${text}`);
  return value;
}
