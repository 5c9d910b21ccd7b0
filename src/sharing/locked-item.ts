import type { Context } from "../context";
import { forbidden, notFound } from "../errors";
import { parseGlobalId } from "../ids";
import type { Change } from "../transaction";
import type { ItemRow } from "./disclosure";
import type { StoredKind } from "./facts";
import { loadItems, loadReachable } from "./item-rows";
import { decide, type Scope } from "./policy";
import { reachOf } from "./reader-sql";
import { ItemKind } from "./vocabulary";

const KIND_OF: ReadonlyMap<string, StoredKind> = new Map([
  ["incident", ItemKind.INCIDENT],
  ["indicator", ItemKind.INDICATOR],
  ["advisory", ItemKind.ADVISORY],
]);

/**
 * An item for a verb to act on, locked until the change is done, so that acts on one item follow each other.
 * Throws NOT_FOUND unless the viewer may see it, FORBIDDEN unless it is its owner or an analyst of the operator.
 * @param id the item's global id
 * @param what how the error names it
 * @param written whether this very change wrote it
 */
export async function lockedItem(
  ctx: Context,
  change: Change,
  id: string,
  what = "item",
  written = false,
): Promise<ItemRow> {
  const { kind, uuid } = parsed(id, what);
  if (written) ctx.wrote(uuid);
  // Whoever may not act on it does not get to wait for its lock either, nor for what is read of it.
  if (!written) {
    const scope = ctx.scopeAt(change.now.getTime());
    const pool = change.asPool();
    const seen = await loadReachable(pool, kind, [uuid], reachOf(scope), scope.now);
    actable(seen.get(uuid), scope, what);
  }
  await change.query("SELECT 1 FROM item WHERE id = $1 FOR UPDATE", [uuid]);
  const item = (await loadItems(change.asPool(), kind, [uuid])).get(uuid);
  if (item && !written) change.follow(latestActOn(item));
  return actable(item, ctx.scopeAt(change.now.getTime()), what);
}

/** When the item was last acted on: whatever waited for the lock on it comes after. */
const latestActOn = ({ updatedAt, audiences }: ItemRow): number =>
  audiences.reduce((latest, { liveFrom }) => Math.max(latest, liveFrom), updatedAt);

/** As `lockedItem`, for the operator to act on what it may not see: a release that was never its own to make. */
export async function lockedUnseen(change: Change, id: string, what: string): Promise<ItemRow> {
  const { kind, uuid } = parsed(id, what);
  await change.query("SELECT 1 FROM item WHERE id = $1 FOR UPDATE", [uuid]);
  const item = (await loadItems(change.asPool(), kind, [uuid])).get(uuid);
  if (!item) throw notFound(what);
  change.follow(latestActOn(item));
  return item;
}

/** As `lockedItem`, without a lock: for questions about an item that its owner and the operator ask. */
export async function itemForDecision(ctx: Context, id: string): Promise<ItemRow> {
  return actable(await itemWithHistory(ctx, id), ctx.scope(), "item");
}

/**
 * An item with its whole history, undisclosed and not decided on; undefined where the viewer cannot see it, for which no more
 * is read than for what is not there.
 * @param anyway whether the viewer may ask about what it cannot see
 */
export async function itemWithHistory(
  ctx: Context,
  id: string,
  anyway = false,
): Promise<ItemRow | undefined> {
  const { kind, uuid } = parsed(id, "item");
  const { pool } = ctx.hub;
  const scope = ctx.scope();
  const [targets, owner, operator] = reachOf(scope);
  const reach = [targets, owner, operator || anyway] as const;
  const seen = await loadReachable(pool, kind, [uuid], reach, scope.now);
  return seen.has(uuid) ? (await loadItems(pool, kind, [uuid])).get(uuid) : undefined;
}

function actable(item: ItemRow | undefined, scope: Scope, what: string): ItemRow {
  const decision = item && decide(scope, item);
  if (!item || !decision?.visible) throw notFound(what);
  if (!decision.paths.some((p) => p.audience === null))
    throw forbidden(`This ${what} is another organization's.`);
  return item;
}

function parsed(id: string, what: string): { kind: StoredKind; uuid: string } {
  const known = parseGlobalId(id);
  const kind = known && KIND_OF.get(known.type);
  if (!kind) throw notFound(what);
  return { kind, uuid: known.uuid };
}
