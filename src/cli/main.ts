#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { run } from "./run";

// Without this a reader that stops early, such as `head`, would end in a stack trace.
process.stdout.on("error", () => process.exit(0));

const ended = new AbortController();
process.once("SIGINT", () => ended.abort());
process.once("SIGTERM", () => ended.abort());

run(process.argv.slice(2), {
  env: process.env,
  out: (line) => console.log(line),
  flush: () => new Promise((resolve) => process.stdout.write("", () => resolve())),
  err: (line) => console.error(line),
  readInput: () => readFileSync(0, "utf8"),
  signal: ended.signal,
}).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(`Something went wrong in the client: ${String(error)}`);
    process.exitCode = 1;
  },
);
