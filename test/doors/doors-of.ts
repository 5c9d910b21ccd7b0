import type { Community } from "./community";
import { type Door, listDoor, nodesOf, PAGE, type Page, pageOf } from "./door";
import { filterDoors } from "./filter-doors";
import { ANY_ITEM, ITEM, KINDS, LISTS } from "./selections";

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
