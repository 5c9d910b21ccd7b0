import {
  getNamedType,
  getNullableType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  isCompositeType,
  isInterfaceType,
  isLeafType,
  isListType,
  isObjectType,
  isRequiredArgument,
} from "graphql";
import { MAX_FIELDS, MAX_OBJECTS } from "../../../src/limits";

/** One document that asks a root field for everything below it, to a depth; its arguments are variables. */
export interface Walk {
  operation: "query" | "mutation" | "subscription";
  field: string;
  args: readonly GraphQLArgument[];
  document: string;
}

interface Part {
  text: string;
  fields: number;
  /** Objects that it may bring for each parent. */
  objects: number;
}

const DEPTH = 3;
/** As `src/limits.ts` takes a list without a page size, and one of values that stand in a variable. */
const LIST = 10;
const VALUES = 100;
/** The page size of what is nested, and of what a root field lists. */
const NESTED = 3;
const ROOT_PAGE = 50;

/**
 * Documents that select every field that can be reached from a root type, as deep as the hub's limits let them. A field
 * that is added to the schema is selected without a word here.
 */
export function walksOf(
  schema: GraphQLSchema,
  root: GraphQLObjectType,
  operation: Walk["operation"],
): Walk[] {
  return Object.values(root.getFields()).flatMap((field) => {
    const args = field.args.filter((a) => a.name !== "first");
    const size = sizeOf(field, ROOT_PAGE);
    return bundles(fitting(schema, getNamedType(field.type), size), size).map((selection) => ({
      operation,
      field: field.name,
      args,
      document: documentOf(operation, field, args, selection),
    }));
  });
}

function documentOf(
  operation: string,
  field: GraphQLField<unknown, unknown>,
  args: readonly GraphQLArgument[],
  selection: string | null,
): string {
  const declared = args.map((a) => `$${a.name}: ${String(a.type)}`).join(", ");
  const given = [
    ...args.map((a) => `${a.name}: $${a.name}`),
    ...(field.args.some((a) => a.name === "first") ? [`first: ${ROOT_PAGE}`] : []),
  ];
  const head = `${field.name}${given.length ? `(${given.join(", ")})` : ""}`;
  const body = selection === null ? head : `${head} { __typename ${selection} }`;
  return `${operation}${declared && `(${declared})`} { ${body} }`;
}

const fits = (part: Part, times: number): boolean =>
  part.fields < MAX_FIELDS - 100 && times * part.objects < MAX_OBJECTS / 2;

/** The parts below a root field, each as deep as it may be. */
function fitting(schema: GraphQLSchema, type: GraphQLNamedType, times: number): Part[] {
  for (let depth = DEPTH; depth >= 0; depth--) {
    const parts = partsOf(schema, type, depth);
    const deeper = partsOf(schema, type, depth - 1);
    // Those that do not fit are taken from the depth above.
    const good = parts.map((part, i) => (fits(part, times) ? part : deeper[i]));
    if (good.every((part) => part && fits(part, times))) return good as Part[];
  }
  throw new Error(`${type.name} does not fit into a document`);
}

/** The parts of a selection in as few bundles as the limits of a document allow. */
function bundles(parts: readonly Part[], times: number): (string | null)[] {
  if (!parts.length) return [null];
  const result: string[] = [];
  let [text, fields, objects] = ["", 2, 0];
  for (const part of parts) {
    const more = times * part.objects;
    if (text && (fields + part.fields > MAX_FIELDS - 50 || objects + more > MAX_OBJECTS / 2)) {
      result.push(text);
      [text, fields, objects] = ["", 2, 0];
    }
    text += ` ${part.text}`;
    fields += part.fields;
    objects += more;
  }
  return [...result, text];
}

/** The fields of a type as parts: its leaves, then each field with everything below to a depth. */
function partsOf(
  schema: GraphQLSchema,
  type: GraphQLNamedType,
  depth: number,
  prefix = "",
): Part[] {
  if (isInterfaceType(type)) {
    return schema.getPossibleTypes(type).flatMap((possible) =>
      // Fields of one name may be of other types: `Release_state`, `Membership_state`.
      partsOf(schema, possible, depth - 1, `${possible.name}_`).map((part) => ({
        ...part,
        text: `... on ${possible.name} { __typename id ${part.text} }`,
        fields: part.fields + 3,
      })),
    );
  }
  if (!isObjectType(type)) return [];
  const named = (field: string): string => (prefix ? `${prefix}${field}: ${field}` : field);
  const fields = Object.values(type.getFields());
  const leaves = fields.filter((f) => isLeafType(getNamedType(f.type)));
  return [
    {
      text: leaves.map((f) => named(f.name)).join(" "),
      fields: leaves.length,
      objects: 0,
    },
    ...fields.flatMap((field) => partOf(schema, type, field, depth, named)),
  ];
}

function partOf(
  schema: GraphQLSchema,
  parent: GraphQLNamedType,
  field: GraphQLField<unknown, unknown>,
  depth: number,
  named: (field: string) => string,
): Part[] {
  const type = getNamedType(field.type);
  if (!isCompositeType(type)) return [];
  if (field.args.some(isRequiredArgument))
    throw new Error(`say with what to ask ${parent.name}.${field.name}`);
  // An empty part keeps its place.
  if (depth <= 0) return [{ text: "", fields: 0, objects: 0 }];
  const times = sizeOf(field, NESTED, parent);
  const below = partsOf(schema, type, depth - 1);
  const page = field.args.some((a) => a.name === "first") ? `(first: ${NESTED})` : "";
  const text = `${named(field.name)}${page} { __typename ${below.map((p) => p.text).join(" ")} }`;
  const sum = (of: (p: Part) => number): number => below.reduce((total, p) => total + of(p), 0);
  return [{ text, fields: 2 + sum((p) => p.fields), objects: times * (1 + sum((p) => p.objects)) }];
}

function sizeOf(
  field: GraphQLField<unknown, unknown>,
  page: number,
  parent?: GraphQLNamedType,
): number {
  if (field.args.some((a) => a.name === "first")) return page;
  if (field.args.some((a) => a.name === "values")) return VALUES;
  const list = isListType(getNullableType(field.type)) && !parent?.name.endsWith("Connection");
  return list ? LIST : 1;
}

/** Every field of every type that answers can hold: `Incident.title`. */
export function everyField(schema: GraphQLSchema): Set<string> {
  const types = Object.values(schema.getTypeMap()).filter(isObjectType);
  return new Set(
    types
      .filter((type) => !type.name.startsWith("__"))
      .flatMap((type) => Object.keys(type.getFields()).map((field) => `${type.name}.${field}`)),
  );
}
