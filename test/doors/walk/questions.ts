import {
  getNamedType,
  getNullableType,
  type GraphQLArgument,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isRequiredArgument,
  isRequiredInputField,
} from "graphql";
import { globalId, type NodeType } from "../../../src/ids";
import type { Arguments } from "../../support/client";
import type { Walk } from "./documents";
import type { Walker } from "./known-to";

/**
 * With which arguments a root field is asked: with what it requires, and then with each other argument in turn. Throws
 * for an argument of which it is not known what to give: a new one has to be named here.
 */
export function questionsFor({ field, args }: Walk, walker: Walker): Arguments[] {
  const give = (arg: GraphQLArgument): unknown[] => valuesOf(field, arg, walker);
  const required = args
    .filter(isRequiredArgument)
    .reduce<Arguments[]>((asked, arg) => combined(asked, arg.name, give(arg)), [{}]);
  const [first] = required;
  const further = args
    .filter((arg) => !isRequiredArgument(arg))
    .flatMap((arg) => combined(first ? [first] : [], arg.name, give(arg)));
  return [...required, ...further];
}

const combined = (asked: Arguments[], name: string, values: unknown[]): Arguments[] =>
  values.flatMap((value) => asked.map((others) => ({ ...others, [name]: value })));

function valuesOf(field: string, { name, type }: GraphQLArgument, walker: Walker): unknown[] {
  const { world } = walker.settled;
  const ids = idsOf(walker);
  const named = getNamedType(type);
  if (named.name === "ID") return isListType(getNullableType(type)) ? [] : idsFor(field, name, ids);
  if (isInputObjectType(named)) return inputsOf(field, name, named, walker);
  switch (name) {
    case "values":
      return [world.items.flatMap((i) => i.observables.map((o) => o.value))];
    case "text":
      return ["mk-"];
    case "at":
    case "seenAt":
    case "expectedUpdatedAt":
      return [new Date(world.now).toISOString()];
    case "after":
      return ["no cursor"];
    case "reason":
      return ["Because."];
    case "bundle":
      return [
        { type: "bundle", id: "bundle--1", objects: [{ type: "malware", id: "malware--1" }] },
      ];
    case "count":
    case "afterSeq":
      return [1];
    case "falsePositive":
    case "leaveNone":
      return [true];
    case "attribution":
    case "tlp":
      return isEnumType(named) ? named.getValues().map((v) => v.name) : [];
    default:
      throw new Error(`say what to give for ${field}(${name}: ${String(type)})`);
  }
}

type Ids = Record<"item" | "hidden" | Exclude<NodeType, "key" | "watch">, string[]>;

function idsOf({ settled, verdicts }: Walker): Ids {
  const { world, memberships } = settled;
  const all = (type: NodeType, uuids: readonly string[]): string[] =>
    uuids.map((id) => globalId(type, id));
  const item = world.items.map((i) => globalId(i.kind.toLowerCase() as NodeType, i.id));
  const hidden = item.filter((_, n) => !verdicts.get(world.items[n]?.id ?? "")?.visible);
  const releases = [
    ...world.undone.map((u) => u.id),
    ...world.items.flatMap((i) => [...i.wordings.keys()]),
  ];
  const none: string[] = [];
  return {
    item,
    hidden,
    incident: item.filter((id) => id.startsWith("incident")),
    indicator: item.filter((id) => id.startsWith("indicator")),
    advisory: item.filter((id) => id.startsWith("advisory")),
    release: all("release", releases),
    organization: all(
      "organization",
      world.organizations.map((o) => o.id),
    ),
    group: all("group", world.groups),
    account: all(
      "account",
      world.accounts.map((a) => a.id),
    ),
    membership: all("membership", memberships),
    agreement: all(
      "agreement",
      world.agreements.map((a) => a.id),
    ),
    version: all(
      "version",
      world.agreements.flatMap((a) => a.versions.map((v) => v.id)),
    ),
    coordinator: none,
    change: none,
    signature: none,
    sighting: none,
  };
}

/** Everything that an argument may name: by its own name, or by that of the field. */
function idsFor(field: string, name: string, ids: Ids): string[] {
  const of = name === "id" ? field : name.replace(/Id$/, "");
  const mutates = /^[a-z]+[A-Z]/.test(field) && name === "id";
  if (of in ids) return of === "item" ? ids.item : ids[of as keyof Ids];
  if (of === "node") return Object.values(ids).flat();
  if (of === "fromGroup") return ids.group;
  // What a mutation is to act on: everything that this viewer may not see, and one of each other kind.
  if (mutates)
    return [
      ...ids.hidden,
      ...ids.release,
      ...[ids.organization, ids.group, ids.account, ids.membership, ids.version].flatMap((one) =>
        one.slice(0, 1),
      ),
    ];
  throw new Error(`say what to give for ${field}(${name}: ID)`);
}

/** An input that has what it requires, or everything that it may have. */
function inputsOf(field: string, name: string, type: GraphQLInputType, walker: Walker): unknown[] {
  if (!isInputObjectType(type)) return [];
  const ids = idsOf(walker);
  const filled = (of: typeof type, whole: boolean, n: number): Record<string, unknown> =>
    Object.fromEntries(
      Object.values(of.getFields())
        .filter((f) => whole || isRequiredInputField(f))
        .map((f) => [f.name, valueFor(f.name, f.type, n)]),
    );
  const valueFor = (of: string, given: GraphQLInputType, n: number): unknown => {
    const named = getNamedType(given);
    const one = (): unknown => {
      if (isInputObjectType(named)) return filled(named, true, n);
      if (isEnumType(named)) return named.getValues()[n % named.getValues().length]?.name;
      const kind = of
        .replace(/Ids?$/, "")
        .replace("fromGroup", "group")
        .replace("toGroup", "group");
      if (named.name === "ID") {
        const known = ids[(kind === "about" ? "hidden" : kind) as keyof Ids] ?? ids.hidden;
        return known[n % Math.max(known.length, 1)] ?? "nothing";
      }
      const { now } = walker.settled.world;
      const known: Record<string, unknown> = {
        Boolean: false,
        Int: 10,
        DateTime: new Date(now + 1_000_000).toISOString(),
        Duration: "P3D",
        String: of === "pattern" ? "[domain-name:value = 'walker.example']" : "mk-",
      };
      return known[named.name];
    };
    return isListType(getNullableType(given)) ? [one()] : one();
  };
  const wholes = field === "audiencePreview" ? ids.item.map((_, n) => filled(type, false, n)) : [];
  const reaching = wholes.map((w) => ({ ...w, organizationIds: ids.organization, tlp: "GREEN" }));
  void name;
  return [filled(type, false, 0), filled(type, true, 1), ...reaching];
}
