import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { buildSchema } from "graphql";

const root = path.resolve(__dirname, "../..");
const schema = buildSchema(readFileSync(path.join(root, "schema.graphql"), "utf8"));

/** The cells of each row of the glossary. */
const rows = readFileSync(path.join(root, "GLOSSARY.md"), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| ") && !/^\| (word|---)/.test(line))
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
const named = rows.flatMap(([, , , , names = ""]) =>
  [...names.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
);

test("each row has a word, its Japanese, a meaning, a source and a name in code", () => {
  expect(rows.length).toBeGreaterThan(20);
  for (const row of rows) {
    expect(row).toHaveLength(5);
    expect(row.filter((cell) => !cell)).toEqual([]);
  }
});

test("each type of the schema is in the glossary", () => {
  const roots = ["Query", "Mutation", "Subscription"];
  const types = Object.values(schema.getTypeMap())
    .filter((type) => !type.name.startsWith("__") && !roots.includes(type.name))
    .filter((type) => type.astNode && type.astNode.kind !== "ScalarTypeDefinition")
    .map(({ name }) => name.replace(/(Connection|Edge)$/, ""));
  expect(types.filter((name) => !named.includes(name))).toEqual([]);
});

test("each name in the glossary is one of the code", () => {
  const src = path.join(root, "src");
  const code = readdirSync(src, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => readFileSync(path.join(src, file), "utf8"))
    .join("\n");
  const words = new Set(code.match(/\w+/g));
  expect(named.filter((name) => !words.has(name))).toEqual([]);
});
