import {
  getNamedType,
  getNullableType,
  type GraphQLArgument,
  isEnumType,
  isInputObjectType,
  isListType,
  isRequiredArgument,
} from "graphql";
import type { Arguments } from "../../support/client";
import type { Walk } from "./documents";
import { type Ids, idsOf, inputsOf } from "./given";
import type { Walker } from "./known-to";

/**
 * With which arguments a root field is asked: with what it requires, and then with each other argument in turn. Throws
 * for an argument of which it is not known what to give: a new one has to be named here.
 */
export function questionsFor(walk: Walk, walker: Walker): Arguments[] {
  const ids = idsOf(walker);
  const give = (arg: GraphQLArgument): unknown[] => valuesOf(walk, arg, walker, ids);
  const required = walk.args
    .filter(isRequiredArgument)
    .reduce<Arguments[]>((asked, arg) => combined(asked, arg.name, give(arg)), [{}]);
  // What changes something need not change it in every way.
  const some = walk.operation === "mutation" ? required.slice(0, 1) : required;
  const further = walk.args
    .filter((arg) => !isRequiredArgument(arg))
    .flatMap((arg) => combined(some, arg.name, give(arg)));
  return [...required, ...further];
}

const combined = (asked: Arguments[], name: string, values: unknown[]): Arguments[] =>
  values.flatMap((value) => asked.map((others) => ({ ...others, [name]: value })));

function valuesOf(
  walk: Walk,
  { name, type }: GraphQLArgument,
  walker: Walker,
  ids: Ids,
): unknown[] {
  const { world } = walker.settled;
  const named = getNamedType(type);
  if (isInputObjectType(named)) return inputsOf(walk, named, walker, ids);
  if (isEnumType(named)) return named.getValues().map((v) => v.name);
  if (named.name === "ID") {
    const known = idsFor(walk, name, ids);
    return isListType(getNullableType(type)) ? [known] : known;
  }
  const values = world.items.flatMap((i) => i.observables.map((o) => o.value));
  const malware = { type: "malware", id: "malware--1" };
  const given: Record<string, unknown> = {
    values,
    text: "mk-",
    at: new Date(world.now).toISOString(),
    seenAt: new Date(world.now).toISOString(),
    expectedRevision: "no revision",
    expectedUpdatedAt: new Date(world.now).toISOString(),
    after: "no cursor",
    code: "no code",
    reason: "Because.",
    bundle: { type: "bundle", id: "bundle--1", objects: [malware] },
    count: 1,
    afterSeq: 1,
    falsePositive: true,
    leaveNone: true,
  };
  if (!(name in given))
    throw new Error(`say what to give for ${walk.field}(${name}: ${String(type)})`);
  return [given[name]];
}

/** Everything that an argument may name: by its own name, or by that of the field. */
function idsFor({ field, operation }: Walk, name: string, ids: Ids): string[] {
  const mutates = operation === "mutation";
  const of = (name === "id" ? field : name.replace(/Ids?$/, "")).replace(
    /^(from|releaseTo)Group/,
    "group",
  );
  if (field === "node") return Object.values(ids).flat();
  // Whoever changes something acts on what it may not see, and on the parties.
  if (mutates && name === "id") return [...ids.hidden, ...ids.release, ...ids.some];
  if (mutates && of === "indicator") return ids.hidden.filter((id) => id.startsWith(of));
  const known = name === "intoId" ? ids.organization : ids[of as keyof Ids];
  if (!known) throw new Error(`say what to give for ${field}(${name}: ID)`);
  return known;
}
