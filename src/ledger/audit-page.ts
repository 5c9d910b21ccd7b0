import type { Account } from "../auth/account.entity";
import { readsAgreement, readsMembership, readsVersion } from "../auth/rights";
import type { Context } from "../context";
import { parseGlobalId } from "../ids";
import type { ItemRow } from "../sharing/disclosure";
import type { Directory } from "../sharing/directory";
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
 * is something between a colleague and a source. Of what a colleague did as a group's coordinator one learns what one may
 * know of the group: else the log would tell who is in a HIDDEN one, and what its coordinators draft.
 */
async function knownTo(
  ctx: Context,
  reader: Account,
  rows: readonly AuditRow[],
): Promise<AuditRow[]> {
  const items = await itemsOf(ctx, rows);
  return rows.filter((row) => {
    if (row.accountId === reader.uuid) return true;
    if (!aboutItem(row)) return knowsParty(ctx.directory, reader, row);
    const item = items.get(row.id);
    if (!item) return false;
    const sees = (at: number): boolean => decide(ctx.scopeAt(at), item).visible;
    return sees(ctx.hub.now()) || sees(row.at.getTime());
  });
}

/** Whether a reader may know of the membership, agreement or version that an entry is about, if it is about one. */
function knowsParty(directory: Directory, reader: Account, { subject, after }: AuditRow): boolean {
  const { type, uuid } = parseGlobalId(subject ?? "") ?? { type: "", uuid: "" };
  if (type === "membership" || type === "change") {
    const id = type === "change" && after && "membershipId" in after ? after.membershipId : uuid;
    const membership = directory.memberships.get(String(id));
    return membership !== undefined && readsMembership(reader, membership, directory);
  }
  if (type === "agreement") {
    const agreement = directory.agreements.get(uuid);
    return agreement !== undefined && readsAgreement(reader, agreement, directory);
  }
  if (type === "version") {
    const version = directory.versions.get(uuid);
    return version !== undefined && readsVersion(reader, version, directory);
  }
  return true;
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
