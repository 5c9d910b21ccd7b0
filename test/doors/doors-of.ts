import type { Verdict } from "../sharing/oracle";
import type { WorldItem } from "../sharing/generated-world";
import type { Community } from "./community";
import { filterDoors } from "./filter-doors";
import { ANY_ITEM, ITEM, type Kind, KINDS, LISTS } from "./selections";

/** An item of the scenario, and what the oracle says of it to somebody. */
export interface Seen {
  item: WorldItem;
  verdict: Verdict;
}

/** One way to ask for items. */
export interface Door {
  name: string;
  /** The field that asks, without an alias. */
  ask: string;
  /** The items that come out: with all their fields, or by id alone. */
  items: (answer: unknown) => { id: string }[];
  whole: boolean;
  /** How many the hub says there are. */
  count?: (answer: unknown) => number;
  /** Whether items of other communities may be counted with them. */
  others?: boolean;
  /** Whether an item comes out at this door for somebody who sees it. */
  shows: (seen: Seen) => boolean;
}

interface Page {
  nodes: { id: string }[];
  edges: { node: { id: string } }[];
  totalCount: number;
}

/** Lists are newest first, so what a community made comes on the first page. */
const PAGE = 50;

function nodesOf(answer: unknown): { id: string }[] {
  const { nodes, edges } = answer as Page;
  expect(edges.map((e) => e.node.id)).toEqual(nodes.map((n) => n.id));
  return nodes;
}

const pageOf = (selection: string): string =>
  `{ totalCount nodes { ${selection} } edges { node { id } } }`;

export function listDoor(
  kind: Kind,
  args: string,
  selection: string,
): Pick<Door, "ask" | "items" | "count"> {
  return {
    ask: `${LISTS[kind]}(first: ${PAGE}${args}) ${pageOf(selection)}`,
    items: nodesOf,
    count: (answer) => (answer as Page).totalCount,
  };
}

/** The doors that everybody is asked at: by id, and in lists. */
export function mainDoors(community: Community): Door[] {
  const lists = KINDS.map((kind): Door => ({
    name: LISTS[kind],
    ...listDoor(kind, "", ITEM[kind]),
    whole: true,
    others: true,
    shows: (s) => s.item.kind === kind,
  }));
  return [...single(community), ...lists];
}

/** The doors at which those are asked of whom the scenario speaks: lookups, links, filters. */
export function furtherDoors(community: Community): Door[] {
  const lookup: Door = {
    name: "lookup",
    ask: `lookup(values: ["${community.value}"]) { indicators { ${ITEM.INDICATOR} } }`,
    items: (answer) => (answer as { indicators: { id: string }[] }[]).flatMap((r) => r.indicators),
    whole: true,
    shows: ({ item, verdict }) => item.kind === "INDICATOR" && verdict.fields.has("observables"),
  };
  return [lookup, ...nested(community), ...filterDoors(community)];
}

/** `node`, and `incident` or `indicator`, for each item. */
function single(community: Community): Door[] {
  return community.items.flatMap((item) => {
    const id = community.idOf(item.id);
    const door = (field: string, selection: string): Door => ({
      name: `${field} ${item.id}`,
      ask: `${field}(id: "${id}") { ${selection} }`,
      items: (answer) => (answer === null ? [] : [answer as { id: string }]),
      whole: true,
      shows: (s) => s.item === item,
    });
    const node = door("node", ANY_ITEM);
    return item.kind === "ADVISORY"
      ? [node]
      : [node, door(item.kind.toLowerCase(), ITEM[item.kind])];
  });
}

/** Below an incident and an advisory that everybody sees. */
function nested({ frames }: Community): Door[] {
  return frames.flatMap(({ ownerId, incident, advisory }): Door[] => [
    {
      name: `incident.indicators of ${ownerId}`,
      ask: `incident(id: "${incident}") { indicators(first: ${PAGE}) ${pageOf(ITEM.INDICATOR)} }`,
      items: (answer) => nodesOf((answer as { indicators: Page }).indicators),
      count: (answer) => (answer as { indicators: Page }).indicators.totalCount,
      whole: true,
      shows: ({ item }) => item.ownerId === ownerId && item.kind === "INDICATOR",
    },
    {
      name: `advisory.about of ${ownerId}`,
      ask: `node(id: "${advisory}") { ... on Advisory { about { ${ANY_ITEM} } } }`,
      items: (answer) => (answer as { about: { id: string }[] }).about,
      whole: true,
      shows: ({ item }) => item.ownerId === ownerId,
    },
  ]);
}
