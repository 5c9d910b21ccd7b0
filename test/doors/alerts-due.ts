import type { WorldItem } from "../sharing/generated-world";
import { oracle, type Verdict } from "../sharing/oracle";
import { instantOf, releaseIdOf } from "../sharing/scenario-world";
import type { TestAlert } from "../support/alerts";
import type { Asker, Community } from "./community";
import { ANY_ITEM } from "./selections";

/** What an alert is asked for: all of its item. */
export const FULL_ALERT = `cursor type at count itemId group { id } subject { id } item { ${ANY_ITEM} }`;

/** An alert about an item of the scenario, in short: `ITEM_RELEASED outage`. */
type Brief = string;

interface Due {
  /** As it happens. */
  live: Brief[];
  /** By a replay after the last day: what was released must still be visible, what was lost stays lost. */
  replayed: Brief[];
}

/** The alerts about items that somebody is due for one day of the scenario, says the oracle. */
export function alertsDue(community: Community, { viewer }: Asker, day: number, end: number): Due {
  const at = (now: number, item: WorldItem): Verdict => oracle(community.at(now), viewer, item);
  const [now, before] = [instantOf(day), instantOf(day) - 1];
  const live: Brief[] = [];
  const replayed: Brief[] = [];
  for (const r of community.releases.filter((one) => one.day === day)) {
    const item = community.world.item(r.item);
    const reached = at(now, item).audiences.some((a) => a.releaseId === releaseIdOf(r));
    // What one's own organization does raises no alert.
    if (!reached || viewer?.organizationId === item.ownerId) continue;
    const alert = `${at(before, item).visible ? "ITEM_UPDATED" : "ITEM_RELEASED"} ${item.id}`;
    live.push(alert);
    if (at(end, item).visible) replayed.push(alert);
  }
  const withdrawn = community.releases
    .filter((r) => r.withdrawn === day)
    .map((r) => community.world.item(r.item));
  for (const item of community.items) {
    if (!at(before, item).visible || at(now, item).visible) continue;
    const alert = `${withdrawn.includes(item) ? "ITEM_WITHDRAWN" : "ACCESS_ENDED"} ${item.id}`;
    live.push(alert);
    replayed.push(alert);
  }
  return { live: live.toSorted(), replayed: replayed.toSorted() };
}

/** The alerts about items of the scenario. Those that tell of an end carry the item's id, and nothing else. */
export function aboutItems(community: Community, alerts: readonly TestAlert[]): TestAlert[] {
  const ids = new Set(community.items.map((i) => community.idOf(i.id)));
  const about = alerts.filter((a) => a.itemId !== null && ids.has(a.itemId));
  for (const { type, itemId, item, subject, count } of about) {
    const ended = type === "ITEM_WITHDRAWN" || type === "ACCESS_ENDED";
    expect({ type, item: item?.id ?? null, subject, count }).toEqual({
      type,
      item: ended ? null : itemId,
      subject: null,
      count: 1,
    });
  }
  return about;
}

export function brief(community: Community, alerts: readonly TestAlert[]): Brief[] {
  const names = new Map(community.items.map((i) => [community.idOf(i.id), i.id]));
  return alerts.map((a) => `${a.type} ${names.get(a.itemId ?? "")}`).toSorted();
}
