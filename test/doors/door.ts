import type { Verdict } from "../sharing/oracle";
import type { WorldItem } from "../sharing/generated-world";
import { type Kind, LISTS } from "./selections";

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

export interface Page {
  nodes: { id: string }[];
  edges: { node: { id: string } }[];
  totalCount: number;
}

/** Lists are newest first, so what a community made comes on the first page. */
export const PAGE = 50;

export function nodesOf(answer: unknown): { id: string }[] {
  const { nodes, edges } = answer as Page;
  expect(edges.map((e) => e.node.id)).toEqual(nodes.map((n) => n.id));
  return nodes;
}

export const pageOf = (selection: string): string =>
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
