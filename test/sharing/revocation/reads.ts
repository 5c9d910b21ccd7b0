import { READERS } from "./base";
import { type Item, TLPS } from "./history";
import type { World } from "./world";

interface Page {
  totalCount: number;
  nodes: { id: string }[];
}
interface Answer {
  incidents: Page;
  indicators: Page;
  advisories: Page;
  lookup: { indicators: { id: string }[] }[];
  [node: `i${number}`]: { id: string; tlp: string; category?: string | null } | null;
}
const LISTS = { INCIDENT: "incidents", INDICATOR: "indicators", ADVISORY: "advisories" } as const;

/** Every viewer asks, by id, by list, by count and by value, for everything that there is, and is shown what it must be. */
export async function reads(world: World): Promise<void> {
  await Promise.all(READERS.map((viewer) => readsAs(world, viewer)));
}

async function readsAs(world: World, viewer: string): Promise<void> {
  const { history: h } = world;
  const now = world.now();
  const { items } = h;
  const page = "{ totalCount nodes { id } }";
  const nodes = items.map(
    (_, i) =>
      `i${i}: node(id: $i${i}) { id ... on SharedItem { tlp } ... on Incident { category } }`,
  );
  const variables = Object.fromEntries(items.map((item, i) => [`i${i}`, world.id(item.id)]));
  const { data, errors } = await world.client(viewer).query<Answer>(
    `query ($values: [String!]!${items.map((_, i) => `, $i${i}: ID!`).join("")}) {
      incidents(first: 100) ${page} indicators(first: 100) ${page} advisories(first: 100) ${page}
      lookup(values: $values) { indicators { id } } ${nodes.join(" ")} }`,
    { values: items.map((i) => i.value), ...variables },
  );
  if (!h.letIn(viewer, now)) {
    if (errors?.[0]?.extensions.code !== "UNAUTHENTICATED")
      throw new Error(`${viewer} is let in, but must not be`);
    return;
  }
  if (errors || !data) throw new Error(`${viewer} was refused: ${JSON.stringify(errors)}`);
  const lists = [data.incidents, data.indicators, data.advisories];
  const is = items.map((item, i) => {
    const node = data[`i${i}`];
    const listed = data[LISTS[item.kind]].nodes.some((n) => n.id === world.id(item.id));
    const found = data.lookup[i]?.indicators.some((n) => n.id === world.id(item.id));
    return inWords(item, node ?? null, listed, found === true);
  });
  const must = items.map((item) => {
    const shown = h.shown(viewer, item, now);
    // Of what is RED the operator has the envelope alone, which is not found by value.
    const envelope = shown !== null && shown.category === null;
    const node = shown && { tlp: TLPS[shown.tlp] as string, category: shown.category };
    return inWords(
      item,
      node,
      node !== null,
      item.kind === "INDICATOR" && node !== null && !envelope,
    );
  });
  // The beacon is everybody's.
  const counted = lists.reduce((sum, list) => sum + list.totalCount, -1);
  const seen = items.filter((item) => h.sees(viewer, item, now)).length;
  if (JSON.stringify(is) !== JSON.stringify(must) || counted !== seen)
    throw new Error(
      `${viewer} sees, at ${now}\n  is       ${is.join(", ")} (${counted})\n  but must ${must.join(", ")} (${seen})`,
    );
}

const inWords = (
  item: Item,
  node: { tlp: string; category?: string | null } | null,
  listed: boolean,
  found: boolean,
): string =>
  `${item.id}: ${node ? `${node.tlp} ${item.kind === "INCIDENT" ? node.category : ""}` : "hidden"}${listed ? " listed" : ""}${found ? " found" : ""}`;
