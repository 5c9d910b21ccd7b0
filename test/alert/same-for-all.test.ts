import { readFileSync } from "node:fs";
import path from "node:path";
import { buildSchema, isInterfaceType, isObjectType, parse } from "graphql";
import { SAME_FIELDS, sameForAll } from "../../src/alert/same-for-all";

const schema = buildSchema(readFileSync(path.join(__dirname, "../../schema.graphql"), "utf8"));
const same = (selection: string): boolean =>
  sameForAll(schema, parse(`subscription { alerts { ${selection} } }`));

test("each field that is listed is one of the schema, without arguments", () => {
  for (const [name, fields] of Object.entries(SAME_FIELDS)) {
    const type = schema.getType(name);
    if (!isObjectType(type) && !isInterfaceType(type)) throw new Error(`${name} is no type`);
    for (const field of fields) {
      expect([name, field, type.getFields()[field] !== undefined]).toEqual([name, field, true]);
      if (name !== "Subscription") expect(type.getFields()[field]?.args).toEqual([]);
    }
  }
});

test("what only says what is shown of an item is answered once for all", () => {
  expect(same("cursor type item { id tlp source { organization { name } } }")).toBe(true);
  expect(same("item { ... on Indicator { pattern observables { value } } }")).toBe(true);
  expect(same("subject { __typename ... on Membership { state } }")).toBe(true);
});

test.each([
  "item { ... on Indicator { score } }",
  "item { ... on Indicator { sightingCount } }",
  "item { ... on Incident { indicators { totalCount } } }",
  "item { ... on Incident { releases { id } } }",
  "item { ... on Advisory { about { id } } }",
  "item { source { organization { memberships { id } } } }",
  "group { memberships { id } }",
  "group { agreements { id } }",
  "item { access { agreementVersion { signatures { signedAt } } } }",
])("what depends on who asks is not: %s", (selection) => {
  expect(same(selection)).toBe(false);
});

test("nor is it where a fragment hides it", () => {
  const document = parse(
    `subscription { alerts { ...A } } fragment A on Alert { item { ...I } } fragment I on Indicator { score }`,
  );
  expect(sameForAll(schema, document)).toBe(false);
});
