import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { buildSchema, LoneAnonymousOperationRule, parse, specifiedRules, validate } from "graphql";

const root = path.resolve(__dirname, "../..");
const read = (file: string): string => readFileSync(path.join(root, file), "utf8");
const filesIn = (folder: string): string[] =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" }).map((file) =>
    path.join(folder, file),
  );

const PAPERS = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "GLOSSARY.md",
  "CHANGELOG.md",
  "NOTICE",
  ...filesIn("docs").filter((file) => file.endsWith(".md")),
];

test("the README begins with the two commands", () => {
  expect(read("README.md")).toMatch(/^npm ci && npm start\b/m);
  expect(read("README.md")).toMatch(/^npm ci && npm test\b/m);
});

test.each(PAPERS)("each script that %s names exists", (paper) => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  const named = [...read(paper).matchAll(/npm run (?:--silent )?([a-z][\w:-]*)/g)].map(
    ([, n]) => n,
  );
  expect(named.filter((name) => !scripts[name ?? ""])).toEqual([]);
});

test.each(PAPERS)("each link of %s leads somewhere", (paper) => {
  const targets = [...read(paper).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(
    ([, target = ""]) => target,
  );
  const broken = targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => !existsSync(path.resolve(root, path.dirname(paper), target)));
  expect(broken).toEqual([]);
});

test("each GraphQL example is one of this schema", () => {
  const schema = buildSchema(read("schema.graphql"));
  const rules = specifiedRules.filter((rule) => rule !== LoneAnonymousOperationRule);
  const examples = PAPERS.flatMap((paper) => [...read(paper).matchAll(/```graphql\n(.*?)```/gs)]);
  expect(examples.length).toBeGreaterThan(3);
  for (const [, example = ""] of examples) {
    expect(validate(schema, parse(example), rules).map((e) => e.message)).toEqual([]);
  }
});

/** A path of the project as papers write it: from the root, up to its first placeholder. */
const PATH = /(?<![\w./-])(?:src|test|docs|demo|migrations|bench|\.ci)\/[\w./-]*/g;

test.each(PAPERS)("each path that %s names is there", (paper) => {
  const paths = read(paper).match(PATH) ?? [];
  const gone = paths.filter((named) => {
    const whole = path.join(root, named.replace(/[.,]$/, ""));
    // What ends in the middle of a word has a placeholder there.
    const exact = named.endsWith("/") || path.extname(whole) !== "";
    return !existsSync(exact ? whole : path.dirname(whole));
  });
  expect(gone).toEqual([]);
});

test("each file that the picture of the architecture names is there", () => {
  const known = new Set(filesIn("src").map((file) => path.basename(file)));
  const named = read("ARCHITECTURE.md").match(/\b[a-z][\w-]*(?:\.[\w-]+)*\.ts\b/g) ?? [];
  expect(named.length).toBeGreaterThan(20);
  const gone = named.filter((file) => !known.has(file) && !file.startsWith("x."));
  expect(gone).toEqual([]);
});
