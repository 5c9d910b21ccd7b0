import type { Account } from "../auth/account.entity";
import type { Context } from "../context";
import { parseGlobalId } from "../ids";
import type { ItemRow } from "../sharing/disclosure";
import { loadItemsOfAnyKind } from "../sharing/item-rows";
import { decide } from "../sharing/policy";

/** An entry of the audit log as its table holds it. */
export interface AuditRow {
  id: string;
  at: Date;
  act: string;
  organizationId: string;
  accountId: string;
  address: string | null;
  subject: string | null;
  before: object | null;
  after: object | null;
}

const BATCH = 200;
const ITEMS = new Set(["incident", "indicator", "advisory"]);

/** The entries after a place that a reader may know of, oldest first: at most so many. `all`: the operator's. */
export async function auditAfter(
  ctx: Context,
  reader: Account,
  from: { at: number; id: string },
  wanted: number,
  all: boolean,
): Promise<AuditRow[]> {
  const known: AuditRow[] = [];
  let place = { at: new Date(from.at), id: from.id };
  for (;;) {
    const { rows } = await ctx.hub.pool.query<AuditRow>(
      `SELECT id, at, act, organization_id AS "organizationId", account_id AS "accountId", address, subject, before, after
       FROM audit WHERE ($1::uuid IS NULL OR organization_id = $1 OR about_organization_id = $1) AND (at, id) > ($2, $3)
       ORDER BY at, id LIMIT $4`,
      [all ? null : reader.organizationId, place.at, place.id, BATCH],
    );
    known.push(...(all ? rows : await knownTo(ctx, reader, rows)));
    const last = rows.at(-1);
    if (known.length >= wanted || rows.length < BATCH || !last) return known.slice(0, wanted);
    place = last;
  }
}

/**
 * Of a colleague's act on an item one learns where one sees the item, or saw it then: else the log would tell that there
 * is something between a colleague and a source.
 */
async function knownTo(
  ctx: Context,
  reader: Account,
  rows: readonly AuditRow[],
): Promise<AuditRow[]> {
  const items = await itemsOf(ctx, rows);
  return rows.filter((row) => {
    if (row.accountId === reader.uuid || !aboutItem(row)) return true;
    const item = items.get(row.id);
    if (!item) return false;
    const sees = (at: number): boolean => decide(ctx.scopeAt(at), item).visible;
    return sees(ctx.hub.now()) || sees(row.at.getTime());
  });
}

const aboutItem = ({ subject }: AuditRow): boolean => {
  const type = subject && parseGlobalId(subject)?.type;
  return Boolean(type) && (type === "release" || ITEMS.has(type ?? ""));
};

/** The item that each entry is about, itself or by one of its releases. */
async function itemsOf(ctx: Context, rows: readonly AuditRow[]): Promise<Map<string, ItemRow>> {
  const subjects = rows.filter(aboutItem).map((row) => ({
    row: row.id,
    ...(parseGlobalId(row.subject ?? "") ?? { type: "", uuid: "" }),
  }));
  const { rows: releases } = await ctx.hub.pool.query<{ id: string; item: string }>(
    "SELECT id, item_id AS item FROM release WHERE id = ANY($1::uuid[])",
    [subjects.flatMap((s) => (s.type === "release" ? [s.uuid] : []))],
  );
  const itemOf = new Map(releases.map((r) => [r.id, r.item]));
  const wanted = subjects.map((s) => [s.row, itemOf.get(s.uuid) ?? s.uuid] as const);
  const items = await loadItemsOfAnyKind(ctx.hub.pool, [...new Set(wanted.map(([, id]) => id))]);
  return new Map(
    wanted.flatMap(([row, id]) => {
      const item = items.get(id);
      return item ? [[row, item] as const] : [];
    }),
  );
}
