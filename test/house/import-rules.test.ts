import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = path.resolve(__dirname, "../..");
const cruiser = path.join(root, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs");
const rules = path.join(root, ".dependency-cruiser.cjs");
const fixture = path.join(root, "test/fixtures/import-rules");

interface Cruise {
  summary: {
    totalCruised: number;
    violations: { from: string; to: string; rule: { name: string } }[];
  };
}

/** `rule: from → to` for each import in the tree's src/ that breaks a rule, sorted. */
async function violations(tree: string): Promise<string[]> {
  const { stdout } = await run(
    process.execPath,
    [cruiser, "--config", rules, "--output-type", "json", "src"],
    { cwd: tree, maxBuffer: 64 * 1024 * 1024 },
  ).catch((failure: { stdout: string; stderr: string }) => {
    if (failure.stdout) return failure; // it exits with the number of errors
    throw new Error(failure.stderr);
  });
  const { summary } = JSON.parse(stdout) as Cruise;
  expect(summary.totalCruised).toBeGreaterThan(10); // an empty cruise finds nothing wrong
  return summary.violations
    .map(({ rule, from, to }) => {
      const target = to.includes("node_modules/")
        ? to.replace(/.*node_modules\/([^/]+)\/.*/, "$1")
        : to;
      return `${rule.name}: ${from} → ${target}`;
    })
    .toSorted();
}

/**
 * The imports by which a *.tsx of the console leaves the console.
 * WHY: dependency-cruiser leaves *.tsx out, because its swc parser cannot read JSX.
 */
function escapes(tree: string): string[] {
  const console = path.join(tree, "src/console");
  if (!existsSync(console)) return [];
  return readdirSync(console, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".tsx") && !file.includes("node_modules"))
    .flatMap((file) => {
      const text = readFileSync(path.join(console, file), "utf8");
      return [...text.matchAll(/\b(?:from|import|require)\s*\(?\s*["'](\.[^"']*)["']/g)]
        .map(([, target = ""]) => path.resolve(console, path.dirname(file), target))
        .filter((target) => !target.startsWith(console + path.sep))
        .map((target) => `${file} → ${path.relative(tree, target)}`);
    });
}

test("src/ keeps the import rules", async () => {
  expect(await violations(root)).toEqual([]);
  expect(escapes(root)).toEqual([]);
});

test("each import rule fails where it is broken, and only there", async () => {
  const found = await violations(fixture);
  expect(found).toEqual([
    "clients-speak-graphql: src/cli/lookup.ts → src/ids.ts",
    "clients-speak-graphql: src/console/alerts.ts → src/incident/incident.entity.ts",
    "exchange-is-the-only-translator: src/incident/import-bundle.ts → src/exchange/stix/bundle.ts",
    "exchange-is-the-only-translator: src/logging.ts → src/exchange/stix-door.ts",
    "features-are-peers: src/incident/close-incident.ts → src/organization/create-organization.ts",
    "features-are-peers: src/incident/import-bundle.ts → src/exchange/stix/bundle.ts",
    "no-circular: src/incident/child.ts → src/incident/parent.ts",
    "policy-is-pure: src/sharing/condition.ts → typeorm",
    "policy-is-pure: src/sharing/policy.ts → fs",
    "policy-is-pure: src/sharing/policy.ts → src/sharing/reader.ts",
    "read-through-the-scope: src/config.ts → pg",
    "read-through-the-scope: src/incident/incident.resolver.ts → src/database.ts",
    "read-through-the-scope: src/incident/incident.resolver.ts → typeorm",
    "resolvable: src/schema.ts → ./nothing",
  ]);
  expect(escapes(fixture)).toEqual(["app.tsx → src/incident/incident.entity"]);

  const { forbidden } = (await import(rules)) as { forbidden: { name: string }[] };
  const shown = new Set(found.map((violation) => violation.split(":")[0]));
  expect(shown).toEqual(new Set(forbidden.map(({ name }) => name)));
});
