import type { Context } from "../context";
import type { ItemView } from "../sharing/disclosure";
import type { Matches, WatchedItem } from "./watch-index";
import type { Watch } from "./watch-store";

/** A watch that matches, and its place among those of its organization, from 1. */
export interface Match {
  watch: Watch;
  place: number;
}

/** The watches of one organization that match an item, by what the viewer is shown of it; oldest first. */
export async function matchesOf(
  ctx: Context,
  item: ItemView,
  organizationId: string,
): Promise<Match[]> {
  return placed(ctx, organizationId, await searchFor(ctx, item).of(organizationId));
}

/** As `matchesOf`, for every organization that has a match, and is shown the same, scores included. */
export async function allMatches(ctx: Context, item: ItemView): Promise<Map<string, Match[]>> {
  const all = await searchFor(ctx, item).all();
  return new Map([...all].map(([id, watches]) => [id, placed(ctx, id, watches)]));
}

/** One search for each view, however many ask. */
const searches = new WeakMap<ItemView, Matches>();

function searchFor(ctx: Context, item: ItemView): Matches {
  const known = searches.get(item);
  if (known) return known;
  const search = ctx.hub.watches.matching(watchedItem(ctx, item));
  searches.set(item, search);
  return search;
}

const watchedItem = (ctx: Context, item: ItemView): WatchedItem => ({
  kind: item.kind,
  observables: () => ctx.observables(item),
  texts: [item.title, item.name, item.summary, item.description, item.body].filter(
    (text) => typeof text === "string",
  ),
  sector: ctx.directory.groups.get(item.shownSource.groupId ?? "")?.sector ?? null,
  score: async () => (await ctx.score(item)).score,
});

function placed(ctx: Context, organizationId: string, watches: readonly Watch[]): Match[] {
  const own = ctx.hub.watches.of(organizationId);
  return watches.flatMap((watch) => {
    const place = own.indexOf(watch) + 1;
    return place ? [{ watch, place }] : [];
  });
}
