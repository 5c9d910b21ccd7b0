import {
  getNamedType,
  getNullableType,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isRequiredInputField,
} from "graphql";
import { globalId, type NodeType } from "../../../src/ids";
import type { Walk } from "./documents";
import type { Walker } from "./known-to";

/** Global ids of a world by what they name; `hidden`: items that this walker does not see; `some`: a few parties. */
export type Ids = Record<
  | "item"
  | "hidden"
  | "some"
  | "incident"
  | "indicator"
  | "advisory"
  | "release"
  | "organization"
  | "group"
  | "account"
  | "membership"
  | "agreement"
  | "version",
  string[]
>;

export function idsOf({ settled, verdicts }: Walker): Ids {
  const { world, memberships } = settled;
  const all = (type: NodeType, uuids: readonly string[]): string[] =>
    uuids.map((id) => globalId(type, id));
  const item = world.items.map((i) => globalId(i.kind.toLowerCase() as NodeType, i.id));
  const releases = world.items.flatMap((i) => [...i.wordings.keys()]);
  const of = (list: readonly { id: string }[]): string[] => list.map((one) => one.id);
  const parties = {
    organization: all("organization", of(world.organizations)),
    group: all("group", world.groups),
    account: all("account", of(world.accounts)),
    membership: all("membership", memberships),
    version: all(
      "version",
      world.agreements.flatMap((a) => of(a.versions)),
    ),
  };
  return {
    ...parties,
    item,
    hidden: item.filter((_, n) => !verdicts.get(world.items[n]?.id ?? "")?.visible),
    some: Object.values(parties).flatMap((ids) => ids.slice(0, 1)),
    incident: item.filter((id) => id.startsWith("incident")),
    indicator: item.filter((id) => id.startsWith("indicator")),
    advisory: item.filter((id) => id.startsWith("advisory")),
    release: all("release", [...of(world.undone), ...releases]),
    agreement: all("agreement", of(world.agreements)),
  };
}

/** Inputs that have what they require, and such that have everything. */
export function inputsOf(
  { operation }: Walk,
  type: GraphQLInputObjectType,
  walker: Walker,
  ids: Ids,
): unknown[] {
  // Whoever changes something acts on what it may not see.
  const known = operation === "mutation" ? { ...ids, item: ids.hidden } : ids;
  const { now } = walker.settled.world;
  const filled = filler(known, now + 1_000_000);
  const each = "itemId" in type.getFields() ? known.item : [""];
  return each.flatMap((itemId) => {
    const item = itemId && { itemId };
    const reach = itemId && { organizationIds: ids.organization, tlp: "GREEN" };
    const least = filled(type, false);
    return [
      { ...least, ...item },
      { ...filled(type, true), ...item },
      ...(reach ? [{ ...least, ...item, ...reach }] : []),
    ];
  });
}

/** Texts of a certain form, by the field's name. */
const SPECIAL: Record<string, string> = {
  pattern: "[domain-name:value = 'walker.example']",
  url: "https://walker.example/",
};

/** What fills an input: a value for each field that it requires, or that it has. */
function filler(
  ids: Ids,
  soon: number,
): (type: GraphQLInputObjectType, whole: boolean) => Record<string, unknown> {
  const filled = (type: GraphQLInputObjectType, whole: boolean): Record<string, unknown> =>
    Object.fromEntries(
      Object.values(type.getFields())
        .filter((f) => whole || isRequiredInputField(f))
        .map((f) => [f.name, value(f.name, f.type)]),
    );
  const value = (name: string, type: GraphQLInputType): unknown => {
    const list = isListType(getNullableType(type));
    const named = getNamedType(type);
    const one = isInputObjectType(named)
      ? filled(named, true)
      : isEnumType(named)
        ? named.getValues()[0]?.value
        : leaf(name, named.name);
    return list ? [one] : one;
  };
  const leaf = (name: string, type: string): unknown => {
    if (type === "ID") {
      const kind = name.replace(/Ids?$/, "").replace(/^(from|to)Group/, "group");
      return (
        (ids[(kind === "coordinator" ? "account" : kind) as keyof Ids] ?? ids.hidden)[0] ?? "no"
      );
    }
    const known: Record<string, unknown> = {
      Boolean: false,
      Int: 10,
      DateTime: new Date(soon).toISOString(),
      Duration: "P3D",
      JSON: {},
      String: SPECIAL[name] ?? "mk-",
    };
    if (!(type in known)) throw new Error(`say what to give for ${name}: ${type}`);
    return known[type];
  };
  return filled;
}
