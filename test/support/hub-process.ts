import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { build } from "./build";

const ROOT = join(__dirname, "../..");

/** The project as it is shipped, built for one test file. */
export interface BuiltHub {
  /** Starts `main.js` with these variables, no demo, and a data directory below the build's own. */
  start(env: Record<string, string>): HubProcess;
  /** Kills what still runs, and removes the build. */
  remove(): void;
}

export interface HubProcess {
  child: ChildProcess;
  stdout: () => string;
  stderr: () => string;
  exited: Promise<number | null>;
  /** Its address, once it says that it is ready. Throws where it exits instead. */
  ready(): Promise<string>;
}

export function buildHub(): BuiltHub {
  const built = build();
  const children: ChildProcess[] = [];
  return {
    start: (env) => {
      const started = start(built.directory, env);
      children.push(started.child);
      return started;
    },
    remove: () => {
      for (const child of children) child.kill("SIGKILL");
      built.remove();
    },
  };
}

function start(out: string, env: Record<string, string>): HubProcess {
  const child = spawn(process.execPath, [join(out, "src", "main.js")], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, HUB_DEMO: "0", HUB_DATA_DIR: join(out, "data"), ...env },
  });
  const text = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (text.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (text.stderr += chunk.toString()));
  const exited = new Promise<number | null>((resolve) => child.on("close", resolve));
  const url = (): string | undefined => /"url":"([^"]+)"/.exec(text.stdout)?.[1];
  const ready = async (): Promise<string> => {
    await new Promise<void>((resolve, reject) => {
      if (url()) resolve();
      child.stdout.on("data", () => url() && resolve());
      void exited.then((code) => reject(new Error(`it exited with ${code}`)));
    });
    return url() ?? "";
  };
  return { child, stdout: () => text.stdout, stderr: () => text.stderr, exited, ready };
}
