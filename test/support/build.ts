import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";

/** The project as it is started: built into a directory of its own. */
export interface Build {
  directory: string;
  remove: () => void;
}

const root = join(__dirname, "../..");

/** Some ten seconds. */
export function build(): Build {
  mkdirSync(join(root, "var"), { recursive: true });
  // Below the project, so that it finds its packages and its data.
  const directory = mkdtempSync(join(root, "var", "test-build-"));
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const args = ["-p", "tsconfig.build.json", "--outDir", directory, "--incremental", "false"];
  execFileSync(process.execPath, [tsc, ...args, "--tsBuildInfoFile", "null"], { cwd: root });
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}
