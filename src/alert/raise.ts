import type { Context } from "../context";
import { type LogPosition, WHOLE_ENTRY } from "../cursors";
import { findNode } from "../find-node";
import { globalId, uuidOf } from "../ids";
import { type ItemRow, type ItemView, KINDS } from "../sharing/disclosure";
import { endedFor, mayHaveEnded } from "../sharing/ended";
import { decide } from "../sharing/policy";
import type { Offer } from "../sharing/reader";
import { tlpRank } from "../sharing/tlp";
import { Alert, type AlertFilter, AlertType } from "./alert.type";
import type { LogRow } from "./log";
import { type Reached, reachesByItem, reachesByParty } from "./reaches";
import { allMatches, type Match, matchesOf } from "./watch-match";
import type { Watch } from "./watch-store";

/** An entry of the log, with what is read of it once for all viewers, at delivery. */
export interface Entry {
  row: LogRow;
  /** What it is about, with its whole history; null: no item. */
  item: ItemRow | null;
  /** Of an end of rights: the targets of releases that ended at its instant; null: not looked up. */
  endedTargets: ReadonlySet<string> | null;
  /** Of an entry for many: an entry for each. */
  folded: readonly Entry[];
}

/** One alert that an entry raises for a viewer. */
export interface Raised {
  position: LogPosition;
  alert: Alert;
  /** What it shows of an item: owed to the ledger once it is handed over. */
  shows: Offer | null;
}

/** How an entry reaches a viewer, by its rights at the entry's place and now, and what of the item it is shown. */
interface Judged {
  entry: Entry;
  reached: Reached;
  offer: Offer | null;
  /** Its place among those that were folded into one. */
  nth: number;
}

/** What one entry raises for the viewer: itself, and a match for each of its organization's watches that was asked for. */
export async function raisedFor(
  ctx: Context,
  entry: Entry,
  filter: AlertFilter | null,
): Promise<Raised[]> {
  if (entry.row.type === "ACCESS_ENDED" && entry.row.itemId === null)
    return raisedByEnd(ctx, entry, filter);
  const judged = await judgeEach(ctx, entry, filter);
  const { viewer } = ctx;
  const raisedBy = await itself(ctx, judged, filter);
  for (const one of judged) {
    const { offer } = one;
    if (viewer && offer && seeksMatches(one, filter))
      raisedBy.push(
        ...matched(ctx, one, filter, await matchesOf(ctx, offer.view, viewer.organizationId)),
      );
  }
  return raisedBy;
}

/** As `raisedFor` for many to whom the entry, an item's, is shown alike, scores included: what all of them get, and what their watches add, by organization. */
export async function raisedForAll(
  ctx: Context,
  entry: Entry,
  filter: AlertFilter | null,
): Promise<{ all: Raised[]; own: Map<string, Raised[]> }> {
  const own = new Map<string, Raised[]>();
  const judged = await judgeEach(ctx, entry, filter);
  for (const one of judged) {
    const { offer } = one;
    if (!ctx.viewer || !offer || !seeksMatches(one, filter)) continue;
    for (const [id, matches] of await allMatches(ctx, offer.view))
      own.set(id, [...(own.get(id) ?? []), ...matched(ctx, one, filter, matches)]);
  }
  return { all: await itself(ctx, judged, filter), own };
}

/** What of an entry reaches the viewer: of one for many each by itself. */
async function judgeEach(
  ctx: Context,
  entry: Entry,
  filter: AlertFilter | null,
): Promise<Judged[]> {
  const judged: Judged[] = [];
  for (const [nth, one] of (entry.folded.length ? entry.folded : [entry]).entries()) {
    const reaching = await judge(ctx, one, filter, nth);
    if (reaching) judged.push(reaching);
  }
  return judged;
}

async function judge(
  ctx: Context,
  entry: Entry,
  filter: AlertFilter | null,
  nth: number,
): Promise<Judged | null> {
  const { row, item } = entry;
  const { viewer } = ctx;
  const ended = row.type === "ACCESS_ENDED" || row.type === "ITEM_WITHDRAWN";
  // Whoever ended a right: those who lost it have copies to purge.
  if (!ended && !filter?.includeOwn && viewer?.organizationId === row.actorOrganizationId)
    return null;
  const account = viewer && ctx.account();
  const reached = item
    ? reachesByItem(row, viewer, account, ctx.directory, item)
    : reachesByParty(row, account, ctx.directory);
  if (!reached || (reached.byLinks && !(await seesLinked(ctx, row)))) return null;
  const offer = item && reached.carries === "item" ? ctx.read(item.kind).offer(item) : null;
  return reached.carries === "item" && !offer ? null : { entry, reached, offer, nth };
}

/** @param judged what of the entry reaches the viewer; the first stands for all */
async function itself(
  ctx: Context,
  judged: readonly Judged[],
  filter: AlertFilter | null,
): Promise<Raised[]> {
  const [first] = judged;
  if (!first) return [];
  const { reached, offer, entry } = first;
  const { subject } = entry.row;
  const type = reached.type as AlertType;
  if (!wants(filter, type) || !passes(filter, reached, offer?.view ?? null)) return [];
  const about = subject === null ? null : await findNode(ctx, subject);
  return [raised(ctx, first, 0, type, about, Math.max(entry.row.count, judged.length))];
}

/** Whether what an entry shows is to be compared with watches. */
const seeksMatches = ({ reached }: Judged, filter: AlertFilter | null): boolean =>
  wantsMatches(filter) && MATCHED.includes(reached.type as AlertType);

function matched(
  ctx: Context,
  judged: Judged,
  filter: AlertFilter | null,
  matches: readonly Match[],
): Raised[] {
  return matches
    .filter(({ watch }) => asked(filter, watch))
    .map(({ watch, place }) => {
      const sub = judged.nth * MOST_WATCHES + place;
      return raised(ctx, judged, sub, AlertType.WATCH_MATCHED, watch, judged.entry.row.count);
    });
}
/** So many places among the alerts of an entry are there for the watches of one organization that match one of its items. */
const MOST_WATCHES = 2 ** 20;

/** @param count of how many items it tells: only of one it shows which */
function raised(
  ctx: Context,
  { entry: { row, item }, reached, offer }: Judged,
  sub: number,
  type: AlertType,
  subject: object | null,
  count: number,
): Raised {
  const one = count === 1;
  const position = { seq: row.seq, sub };
  const itemId = item && one ? globalId(KINDS[item.kind].node, item.id) : null;
  const view = one && offer ? offer.view : null;
  const alert = alertOf(ctx, row, reached, { position, type, subject, itemId, view, count });
  return { position, alert, shows: one ? offer : null };
}

/** The alerts that come after a position within its own entry, or all of a later entry. */
export const isAfter = ({ position }: Raised, from: LogPosition): boolean =>
  position.seq > from.seq || position.sub > from.sub;

/** Below which number to read on from a position: its own entry may have raised further alerts. */
export const readFrom = ({ seq, sub }: LogPosition): number => (sub < WHOLE_ENTRY ? seq - 1 : seq);

/** Whether the viewer sees any of the items to which links changed, at the entry's place and now: else nothing did for it. */
async function seesLinked(ctx: Context, row: LogRow): Promise<boolean> {
  const scopes = [ctx.scopeAt(row.at), ctx.scope()];
  const linked = await ctx.hub.log.linkedOf(row);
  return linked.some((item) => scopes.every((scope) => decide(scope, item).visible));
}

/** One alert for each item that the viewer could see until an act, or the clock, ended its right at the entry's instant. */
async function raisedByEnd(
  ctx: Context,
  { row, endedTargets }: Entry,
  filter: AlertFilter | null,
): Promise<Raised[]> {
  const type = AlertType.ACCESS_ENDED;
  if (!wants(filter, type) || filter?.groupIds) return [];
  if (endedTargets && !mayHaveEnded(ctx.directory, ctx.viewer, row.at, endedTargets)) return [];
  const reached: Reached = { type, groupId: null, carries: "id" };
  const items = await endedFor(ctx.hub, ctx.viewer, row.at);
  return items.map(({ id, kind }, sub) => {
    const position = { seq: row.seq, sub };
    const itemId = globalId(KINDS[kind].node, id);
    const is = { position, type, subject: null, itemId, view: null, count: 1 };
    return { position, alert: alertOf(ctx, row, reached, is), shows: null };
  });
}

function alertOf(
  ctx: Context,
  row: LogRow,
  reached: Reached,
  is: {
    position: LogPosition;
    type: AlertType;
    subject: object | null;
    itemId: string | null;
    view: ItemView | null;
    count: number;
  },
): Alert {
  return Object.assign(new Alert(), {
    cursor: ctx.hub.logCursor.seal(is.position),
    type: is.type,
    at: new Date(row.at),
    group: reached.groupId === null ? null : (ctx.directory.groups.get(reached.groupId) ?? null),
    item: is.view,
    itemId: is.itemId,
    count: is.count,
    subject: is.subject,
  });
}

const MATCHED: readonly AlertType[] = [AlertType.ITEM_RELEASED, AlertType.ITEM_UPDATED];

/** Matches of watches come on top only when they are asked for. */
export const wantsMatches = (filter: AlertFilter | null): boolean =>
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
