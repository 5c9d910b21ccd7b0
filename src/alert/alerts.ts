import type { Context } from "../context";
import { badInput } from "../errors";
import { globalId, uuidOf } from "../ids";
import { type LogPosition, WHOLE_ENTRY } from "../cursors";
import type { ItemView } from "../sharing/disclosure";
import { KINDS } from "../sharing/disclosure";
import { endedFor } from "../sharing/ended";
import { decide } from "../sharing/policy";
import { tlpRank } from "../sharing/tlp";
import { findNode } from "../find-node";
import { Alert, AlertType, type AlertFilter } from "./alert.type";
import type { LogRow } from "./log";
import { reachesByItem, reachesByParty, type Reached } from "./reaches";
import { matchesOf } from "./watch-match";
import type { Watch } from "./watch-store";

const BATCH = 200;

/** Makes a context for the viewer as things are at this moment; throws once its credential is no longer good. */
export type Fresh = () => Context;

interface Delivered {
  position: LogPosition;
  alert: Alert;
}

/** Where to begin. Throws BAD_USER_INPUT for a cursor that this hub did not make. */
export function positionOf(ctx: Context, after: string | null, otherwise: number): LogPosition {
  if (after === null) return { seq: otherwise, sub: WHOLE_ENTRY };
  const position = ctx.hub.logCursor.open(after);
  if (!position) throw badInput("after", "is not a cursor of this hub");
  return position;
}

/** One reading of the log for a viewer. */
export interface Reading {
  delivered: Delivered[];
  /** Where to go on from, where the reading stopped before the end of the log; null: it did not. */
  goOn: LogPosition | null;
}

/** So long one reading goes on. WHY no number of entries: that would tell how many concern others. */
const LONGEST_READING_MS = 1_000;

/** The alerts for the viewer after a position, oldest first: at least `wanted`, unless the log or the reading ends before. */
export async function alertsAfter(
  fresh: Fresh,
  from: LogPosition,
  filter: AlertFilter | null,
  wanted: number,
): Promise<Reading> {
  const delivered: Delivered[] = [];
  let { seq } = from;
  // The entry of the cursor itself may have raised further alerts.
  if (from.sub < WHOLE_ENTRY) seq -= 1;
  const until = performance.now() + LONGEST_READING_MS;
  for (let stop = false; delivered.length < wanted; stop = performance.now() > until) {
    if (stop) return { delivered, goOn: { seq, sub: WHOLE_ENTRY } };
    const { log } = fresh().hub;
    const rows = await log.after(seq, BATCH);
    log.prefetch(rows);
    for (const row of rows) {
      for (const one of await alertsOf(fresh(), row, filter)) {
        if (row.seq > from.seq || one.position.sub > from.sub) delivered.push(one);
      }
      if (delivered.length >= wanted) break;
    }
    const last = rows.at(-1);
    if (!last) break;
    seq = last.seq;
  }
  return { delivered, goOn: null };
}

/**
 * The alerts for the viewer from a position on, without gap or repetition: what was missed, then what comes. Rights are
 * asked anew for each. Ends when `signal` fires; throws UNAUTHENTICATED once the credential is no longer good.
 */
export async function* follow(
  fresh: Fresh,
  from: LogPosition,
  filter: AlertFilter | null,
  signal: AbortSignal,
): AsyncGenerator<Alert> {
  let { seq } = from;
  if (from.sub < WHOLE_ENTRY) seq -= 1;
  const { log } = fresh().hub;
  while (!signal.aborted) {
    const rows = await log.after(seq, BATCH);
    log.prefetch(rows);
    for (const row of rows) {
      for (const one of await alertsOf(fresh(), row, filter)) {
        if (signal.aborted) return;
        if (row.seq > from.seq || one.position.sub > from.sub) yield one.alert;
      }
      seq = row.seq;
    }
    if (!rows.length) await log.changed(seq, signal);
  }
}

/** What one entry raises for the viewer: itself, and a match for each of its organization's watches that was asked for. */
async function alertsOf(
  ctx: Context,
  row: LogRow,
  filter: AlertFilter | null,
): Promise<Delivered[]> {
  const { viewer } = ctx;
  if (row.type === "ACCESS_ENDED" && row.itemId === null) return endedAlerts(ctx, row, filter);
  const ended = row.type === "ACCESS_ENDED" || row.type === "ITEM_WITHDRAWN";
  // Whoever ended a right: those who lost it have copies to purge.
  if (!ended && !filter?.includeOwn && viewer?.organizationId === row.actorOrganizationId)
    return [];
  const account = viewer && ctx.account();
  const item = await ctx.hub.log.itemOf(row);
  const reached = item
    ? reachesByItem(row, viewer, account, ctx.directory, item)
    : reachesByParty(row, account, ctx.directory);
  if (!reached || (reached.byLinks && !(await seesLinked(ctx, row)))) return [];
  const read = item && reached.carries === "item" ? await ctx.read(item.kind).peek(item.id) : null;
  const view = read?.view ?? null;
  if (reached.carries === "item" && !view) return [];
  const alerts: Delivered[] = [];
  const itemId = item && row.count === 1 ? globalId(KINDS[item.kind].node, item.id) : null;
  const add = async (sub: number, type: AlertType, subject: object | null): Promise<void> => {
    const position = { seq: row.seq, sub };
    const alert = await alertOf(ctx, row, reached, {
      position,
      type,
      subject,
      itemId,
      view: row.count === 1 ? view : null,
    });
    if (row.count === 1) read?.record();
    alerts.push({ position, alert });
  };
  const type = reached.type as AlertType;
  if (wants(filter, type) && passes(filter, reached, view)) {
    await add(0, type, row.subject === null ? null : await findNode(ctx, row.subject));
  }
  if (
    account &&
    view &&
    wantsMatches(filter) &&
    (type === AlertType.ITEM_RELEASED || type === AlertType.ITEM_UPDATED)
  ) {
    for (const { watch, place } of await matchesOf(ctx, view, account.organizationId))
      if (asked(filter, watch)) await add(place, AlertType.WATCH_MATCHED, watch);
  }
  return alerts;
}

/** Whether the viewer sees any of the items to which links changed, at the entry's place and now: else nothing did for it. */
async function seesLinked(ctx: Context, row: LogRow): Promise<boolean> {
  const scopes = [ctx.scopeAt(row.at), ctx.scope()];
  const linked = await ctx.hub.log.linkedOf(row);
  return linked.some((item) => scopes.every((scope) => decide(scope, item).visible));
}

/** One alert for each item that the viewer could see until an act, or the clock, ended its right at the entry's instant. */
async function endedAlerts(
  ctx: Context,
  row: LogRow,
  filter: AlertFilter | null,
): Promise<Delivered[]> {
  const type = AlertType.ACCESS_ENDED;
  if (!wants(filter, type) || filter?.groupIds) return [];
  const reached: Reached = { type, groupId: null, carries: "id" };
  const items = await endedFor(ctx.hub, ctx.viewer, row.at);
  return Promise.all(
    items.map(async ({ id, kind }, i) => {
      const position = { seq: row.seq, sub: i };
      const itemId = globalId(KINDS[kind].node, id);
      return {
        position,
        alert: await alertOf(ctx, row, reached, {
          position,
          type,
          subject: null,
          itemId,
          view: null,
        }),
      };
    }),
  );
}

async function alertOf(
  ctx: Context,
  row: LogRow,
  reached: Reached,
  is: {
    position: LogPosition;
    type: AlertType;
    subject: object | null;
    itemId: string | null;
    view: ItemView | null;
  },
): Promise<Alert> {
  return Object.assign(new Alert(), {
    cursor: ctx.hub.logCursor.seal(is.position),
    type: is.type,
    at: new Date(row.at),
    group: reached.groupId === null ? null : (ctx.directory.groups.get(reached.groupId) ?? null),
    item: is.view,
    itemId: is.itemId,
    count: row.count,
    subject: is.subject,
  });
}

/** Matches of watches come on top only when they are asked for. */
const wantsMatches = (filter: AlertFilter | null): boolean =>
  Boolean(filter?.watchIds?.length || filter?.types?.includes(AlertType.WATCH_MATCHED));

const wants = (filter: AlertFilter | null, type: AlertType): boolean =>
  filter?.types?.includes(type) ?? true;

const asked = (filter: AlertFilter | null, watch: Watch): boolean =>
  filter?.watchIds?.length
    ? filter.watchIds.some((id) => uuidOf(id, "watch") === watch.uuid)
    : true;

/** Filters act on what the viewer is shown; an alert without an item has no TLP to be below. */
function passes(filter: AlertFilter | null, reached: Reached, view: ItemView | null): boolean {
  if (filter?.groupIds && !filter.groupIds.some((id) => uuidOf(id, "group") === reached.groupId))
    return false;
  return !filter?.minTlp || !view || tlpRank(view.tlp) >= tlpRank(filter.minTlp);
}
