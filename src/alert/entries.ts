import type { Hub } from "../hub";
import { endedTargets } from "../sharing/ended";
import type { StoredKind } from "../sharing/facts";
import { loadItemsOfKinds } from "../sharing/item-rows";
import { namedIn } from "./audience-class";
import type { LogRow } from "./log";
import type { Entry } from "./raise";

/** Entries with their items as they are now, in one reading. */
export async function entriesOf(hub: Hub, rows: readonly LogRow[]): Promise<Entry[]> {
  const kinds = new Map<string, StoredKind>();
  for (const { itemId, itemKind } of rows) if (itemId && itemKind) kinds.set(itemId, itemKind);
  const items = await loadItemsOfKinds(hub.pool, kinds);
  return rows.map((row) => ({
    row,
    item: items.get(row.itemId ?? "") ?? null,
    endedTargets: null,
  }));
}

/** An entry as it was read for all subscribers. */
export interface Read {
  entry: Entry;
  /** Whom it names. */
  named: ReadonlySet<string>;
  /** The end of the log at that moment, and the moment, in milliseconds of the process. */
  at: { position: number; since: number };
}

/** So long it stands as it was read. Edits that are told of later have no entry yet. */
const FRESH_MS = 500;

export async function readForAll(hub: Hub, rows: readonly LogRow[]): Promise<Read[]> {
  const last = rows.at(-1)?.seq ?? 0;
  const at = { position: Math.max(hub.log.position, last), since: performance.now() };
  const reads: Read[] = [];
  for (const entry of await entriesOf(hub, rows)) {
    const { type, itemId, at: instant } = entry.row;
    const ends = type === "ACCESS_ENDED" && itemId === null;
    const targets = ends ? await endedTargets(hub, instant) : null;
    reads.push({ entry: { ...entry, endedTargets: targets }, named: namedIn(entry), at });
  }
  return reads;
}

/** An entry of which nothing was read yet. */
export const unread = (row: LogRow): Read => ({
  entry: { row, item: null, endedTargets: null },
  named: new Set(),
  at: { position: -1, since: -Infinity },
});

/** Whether what an entry is about may have changed since it was read: what has come into the log since tells. */
export function isStale(
  { log }: Hub,
  { entry: { row }, at: { position, since } }: Pick<Read, "entry" | "at">,
): boolean {
  if (performance.now() - since > FRESH_MS) return true;
  return row.itemId !== null && log.hasMore(row.itemId, position);
}
