import { replay } from "./alerts";
import type { Client } from "./client";

/** An item, and what one may look for to find it. */
export interface Sought {
  id: string;
  kind: "incident" | "indicator" | "advisory";
  /** Words of the wording that the viewer would be shown. */
  text?: string;
  /** An observable of it. */
  value?: string;
  /** An incident that links to it. */
  parent?: string;
}

interface Page {
  nodes: { id: string }[];
  edges: { node: { id: string } }[];
  totalCount: number;
}
const PAGE = "nodes { id } edges { node { id } } totalCount";
const LIST = { incident: "incidents", indicator: "indicators", advisory: "advisories" } as const;

/**
 * The doors at which an item shows itself to a viewer: by id, in lists, by filters, in counts, by lookup, below an
 * incident that links to it, and in the alerts.
 */
export async function doors(client: Client, item: Sought): Promise<string[]> {
  const list = LIST[item.kind];
  const has = (page: Page): boolean =>
    page.nodes.some((n) => n.id === item.id) || page.edges.some((e) => e.node.id === item.id);
  const asked: Record<string, Promise<boolean>> = {
    node: client.ask("node", { id: item.id }).then(Boolean),
    list: client.ask<Page>(list, { first: 100 }, PAGE).then(has),
    alerts: replay(client).then((all) => all.some((a) => a.item?.id === item.id)),
  };
  if (item.kind !== "advisory") asked.byId = client.ask(item.kind, { id: item.id }).then(Boolean);
  if (item.text !== undefined) {
    const { text } = item;
    const page = client.ask<Page>(
      list,
      { first: 100, ...(item.kind === "advisory" ? { text } : { filter: { text } }) },
      PAGE,
    );
    asked.text = page.then(has);
    asked.textCount = page.then((p) => p.totalCount > 0);
  }
  if (item.value !== undefined) {
    const { value } = item;
    const page = client.ask<Page>(list, { first: 100, filter: { value } }, PAGE);
    asked.value = page.then(has);
    asked.valueCount = page.then((p) => p.totalCount > 0);
    asked.lookup = client
      .ask<{ indicators: { id: string }[] }[]>(
        "lookup",
        { values: [value] },
        "indicators { id } score sightingCount",
      )
      .then((results) => results.some((r) => r.indicators.some((i) => i.id === item.id)));
  }
  if (item.parent !== undefined) {
    const page = client
      .ask<{ indicators: Page } | null>("incident", { id: item.parent }, `indicators { ${PAGE} }`)
      .then((incident) => incident?.indicators);
    asked.nested = page.then((p) => p !== undefined && has(p));
    asked.nestedCount = page.then((p) => (p?.totalCount ?? 0) > 0);
  }
  const open = await Promise.all(
    Object.entries(asked).map(async ([door, shown]) => ((await shown) ? [door] : [])),
  );
  return open.flat().toSorted();
}

/** Every door that `doors` tries for an item that is described like this. */
export function allDoors(item: Sought): string[] {
  return [
    "node",
    "list",
    "alerts",
    ...(item.kind === "advisory" ? [] : ["byId"]),
    ...(item.text === undefined ? [] : ["text", "textCount"]),
    ...(item.value === undefined ? [] : ["value", "valueCount", "lookup"]),
    ...(item.parent === undefined ? [] : ["nested", "nestedCount"]),
  ].toSorted();
}
