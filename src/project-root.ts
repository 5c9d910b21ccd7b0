import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

function nearestPackage(from: string): string {
  if (existsSync(join(from, "package.json"))) return from;
  const parent = dirname(from);
  if (parent === from) throw new Error("no package.json above the running code");
  return nearestPackage(parent);
}

/** The folder that holds package.json: the same whether the code runs from `src/` or from `dist/src/`. Shipped data is read relative to it. */
export const projectRoot: string = nearestPackage(__dirname);
