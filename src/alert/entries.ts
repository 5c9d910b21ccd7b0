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
  for (const { itemId, itemKind, foldedItems } of rows)
    for (const id of itemId && itemKind ? [itemId, ...foldedItems] : [])
      if (itemKind) kinds.set(id, itemKind);
  const items = await loadItemsOfKinds(hub.pool, kinds);
  const about = (row: LogRow): Entry => ({
    row,
    item: items.get(row.itemId ?? "") ?? null,
    endedTargets: null,
    folded: [],
  });
  return rows.map((row) => ({ ...about(row), folded: unfolded(row).map(about) }));
}

/** What an entry for many would have been, had each been told of by itself; empty for an entry for one. */
const unfolded = (row: LogRow): LogRow[] =>
  row.foldedItems.map((itemId, i) => ({
    ...row,
    itemId,
    releaseId: row.foldedReleases[i] ?? null,
    count: 1,
    foldedItems: [],
    foldedReleases: [],
  }));

/** As many of the first of them as are read in one go, one at least: some tell of hundreds of items. */
export function readable(rows: readonly LogRow[]): readonly LogRow[] {
  let items = 0;
  const end = rows.findIndex((row) => (items += 1 + row.foldedItems.length) > MOST_ITEMS);
  return end < 0 ? rows : rows.slice(0, Math.max(1, end));
}
const MOST_ITEMS = 500;

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
  entry: { row, item: null, endedTargets: null, folded: [] },
  named: new Set(),
  at: { position: -1, since: -Infinity },
});

type ReadAt = Pick<Read, "entry" | "at">;

/** Whether an entry is to be read anew before it is judged. */
export const isStale = (hub: Hub, read: ReadAt): boolean =>
  performance.now() - read.at.since > FRESH_MS || hasChanged(hub, read);

/** Whether what an entry is about may have changed since it was read: what has come into the log since tells. */
export const hasChanged = ({ log }: Hub, { entry: { row }, at }: ReadAt): boolean =>
  row.itemId !== null && log.hasMore([row.itemId, ...row.foldedItems], at.position);
