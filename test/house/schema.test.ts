import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  buildSchema,
  type GraphQLArgument,
  type GraphQLNamedType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  parse,
  print,
} from "graphql";
import { printedSchema } from "../../src/print-schema";

const root = join(__dirname, "../..");
const committed = readFileSync(join(root, "schema.graphql"), "utf8");
const contract = readFileSync(join(__dirname, "contract.graphql"), "utf8");
/** Where the contract is kept; absent outside the workshop. */
const SOURCE = join(root, "../shared/contract/core.graphql");

test("the committed schema is the one that the decorators make", async () => {
  expect(committed).toBe(await printedSchema());
});

test("the committed copy of the contract is the contract", () => {
  const same = (text: string): string => print(parse(text));
  expect(same(contract)).toBe(same(existsSync(SOURCE) ? readFileSync(SOURCE, "utf8") : contract));
  expect(contract).toContain("type Query");
});

test("the schema contains the contract: every type, field, argument, default, enum value and interface", () => {
  expect(missing(buildSchema(contract), buildSchema(committed))).toEqual([]);
});

test("what is missing is found", () => {
  const [wanted, is] = [
    "type Query implements N { id: ID a(x: Int = 1): [String!]! b: E } interface N { id: ID } enum E { ONE TWO } input I { f: Int = 2 g: Int } union U = Query scalar S",
    "type Query { id: ID a(x: Int = 2, y: Int!): [String]! } interface N { id: ID } enum E { ONE } input I { f: Int g: Int! } union U = Other type Other { a: Int }",
  ].map((text) => buildSchema(text));
  expect(missing(wanted!, is!)).toEqual([
    "Query implements N",
    "Query.a: [String!]!, not [String]!",
    "Query.a(x) = 1, not 2",
    "Query.a(y): required, but not in the contract",
    "Query.b",
    "E.TWO",
    "I.f = 2, not undefined",
    "I.g: Int, not Int!",
    "U = Query",
    "S",
  ]);
});

/** What a contract names and a schema lacks, one a line. */
function missing(wanted: GraphQLSchema, schema: GraphQLSchema): string[] {
  return Object.values(wanted.getTypeMap()).flatMap((type) => {
    const name = type.name;
    if (name.startsWith("__")) return [];
    const own = schema.getType(name);
    if (own?.constructor !== undefined && own.constructor.name === type.constructor.name) {
      return lacks(type, own);
    }
    return [name];
  });
}

function lacks(type: GraphQLNamedType, own: GraphQLNamedType): string[] {
  const { name } = type;
  if (isEnumType(type) && isEnumType(own)) {
    return type.getValues().flatMap((v) => (own.getValue(v.name) ? [] : [`${name}.${v.name}`]));
  }
  if (isUnionType(type) && isUnionType(own)) {
    const types = own.getTypes().map((t) => t.name);
    return type.getTypes().flatMap((t) => (types.includes(t.name) ? [] : [`${name} = ${t.name}`]));
  }
  if (isInputObjectType(type) && isInputObjectType(own)) {
    const fields = own.getFields();
    return [
      ...Object.values(type.getFields()).flatMap((f) =>
        differs(`${name}.${f.name}`, f, fields[f.name]),
      ),
      ...Object.values(fields).flatMap((f) =>
        isNew(`${name}.${f.name}`, f, type.getFields()[f.name]),
      ),
    ];
  }
  const composite = (t: GraphQLNamedType) => isObjectType(t) || isInterfaceType(t);
  if (!composite(type) || !composite(own)) return [];
  const interfaces = own.getInterfaces().map((i) => i.name);
  const fields = own.getFields();
  return [
    ...type
      .getInterfaces()
      .flatMap((i) => (interfaces.includes(i.name) ? [] : [`${name} implements ${i.name}`])),
    ...Object.values(type.getFields()).flatMap((field) => {
      const path = `${name}.${field.name}`;
      const is = fields[field.name];
      if (!is) return [path];
      const wanted = String(field.type);
      return [
        ...(String(is.type) === wanted ? [] : [`${path}: ${wanted}, not ${String(is.type)}`]),
        ...field.args.flatMap((a) =>
          differs(
            `${path}(${a.name})`,
            a,
            is.args.find((x) => x.name === a.name),
          ),
        ),
        ...is.args.flatMap((a) =>
          isNew(
            `${path}(${a.name})`,
            a,
            field.args.find((x) => x.name === a.name),
          ),
        ),
      ];
    }),
  ];
}

type Input = Pick<GraphQLArgument, "type" | "defaultValue">;

function differs(path: string, wanted: Input, is: Input | undefined): string[] {
  if (!is) return [path];
  const [a, b] = [JSON.stringify(wanted.defaultValue), JSON.stringify(is.defaultValue)];
  return [
    ...(String(is.type) === String(wanted.type)
      ? []
      : [`${path}: ${String(wanted.type)}, not ${String(is.type)}`]),
    ...(a === b ? [] : [`${path} = ${a}, not ${b}`]),
  ];
}

/** What clients of the contract do not know must not be asked of them. */
const isNew = (path: string, is: Input, wanted: Input | undefined): string[] =>
  !wanted && String(is.type).endsWith("!") && is.defaultValue === undefined
    ? [`${path}: required, but not in the contract`]
    : [];
