import { randomUUID } from "node:crypto";
import type { Pool } from "pg";
import type { Account } from "../auth/account.entity";
import { isOperatorAdmin, isOperatorAnalyst } from "../auth/rights";
import { globalId } from "../ids";
import type { StoredKind } from "../sharing/facts";
import { tlpOf } from "../sharing/tlp";
import type { Change } from "../transaction";
import type { CheckedRelease } from "./check-audience";
import { Release, ReleaseState } from "./release.type";

const COLUMNS = `id AS uuid, item_id AS "itemId", state, from_group_id AS "fromGroupId", group_ids AS "groupIds",
  organization_ids AS "organizationIds", account_ids AS "accountIds", to_everyone AS "toEveryone", tlp AS "tlpRank", title,
  summary, description, withheld_fields AS "withheldFields", proposed_at AS "proposedAt", decided_at AS "decidedAt",
  released_at AS "releasedAt", expires_at AS "expiresAt", reason,
  (SELECT coalesce(jsonb_agg(jsonb_build_object('id', f.id, 'field', f.field, 'kind', f.kind, 'by', f.explained_by,
     'at', ms(f.at)) ORDER BY f.field, f.kind, f.id), '[]') FROM explained_finding f WHERE f.release_id = release.id) AS explained`;

type Row = Omit<Release, "id" | "tlp"> & { tlpRank: number };

/** @param now milliseconds: a release whose time is up is EXPIRED */
function releaseOf({ tlpRank, ...row }: Row, now: number): Release {
  const expired =
    row.state === ReleaseState.RELEASED && row.expiresAt !== null && row.expiresAt.getTime() <= now;
  return Object.assign(new Release(), row, {
    id: globalId("release", row.uuid),
    tlp: tlpOf(tlpRank),
    state: expired ? ReleaseState.EXPIRED : row.state,
  });
}

export async function findRelease(
  pool: Pick<Pool, "query">,
  uuid: string,
  now: number,
): Promise<Release | null> {
  const { rows } = await pool.query<Row>(`SELECT ${COLUMNS} FROM release WHERE id = $1`, [uuid]);
  return rows[0] ? releaseOf(rows[0], now) : null;
}

/**
 * The item of a release that the viewer may know of: its owner's or, to the operator, any; null otherwise, for which no more
 * is read than for a release that never was. That the item itself is visible is still to be asked.
 * @param query reads rows, within a change or outside of one
 */
export async function itemOfRelease(
  query: (text: string, values: unknown[]) => Promise<{ item_id: string; kind: StoredKind }[]>,
  uuid: string,
  by: Account,
): Promise<{ itemId: string; kind: StoredKind } | null> {
  const operator = isOperatorAnalyst(by) || isOperatorAdmin(by);
  const [row] = await query(
    `SELECT r.item_id, i.kind FROM release r JOIN item i ON i.id = r.item_id
     WHERE r.id = $1 AND (i.owner_id = $2 OR $3::boolean)`,
    [uuid, by.organizationId, operator],
  );
  return row ? { itemId: row.item_id, kind: row.kind } : null;
}

/** By item, newest first. The caller has found the items visible as owner or operator. */
export async function releasesOf(
  pool: Pick<Pool, "query">,
  items: readonly string[],
  now: number,
): Promise<Map<string, Release[]>> {
  const { rows } = await pool.query<Row>(
    `SELECT ${COLUMNS} FROM release WHERE item_id = ANY($1) ORDER BY proposed_at DESC, id`,
    [items],
  );
  const byItem = new Map(items.map((item): [string, Release[]] => [item, []]));
  for (const row of rows) byItem.get(row.itemId)?.push(releaseOf(row, now));
  return byItem;
}

/** Adds a release that was checked, released or still to be approved. */
export async function insertRelease(
  change: Change,
  itemId: string,
  release: CheckedRelease,
  live: boolean,
): Promise<string> {
  const uuid = randomUUID();
  await change.query(
    `INSERT INTO release (id, item_id, state, from_group_id, group_ids, organization_ids, account_ids, to_everyone, tlp,
       title, summary, description, withheld_fields, proposed_at, proposed_by, decided_at, decided_by, released_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $16, $18)`,
    [
      uuid,
      itemId,
      live ? "RELEASED" : "PROPOSED",
      release.fromGroupId,
      release.groupIds,
      release.organizationIds,
      release.accountIds,
      release.toEveryone,
      release.tlp,
      release.title,
      release.summary,
      release.description,
      release.withheldFields,
      change.now,
      change.by.uuid,
      live ? change.now : null,
      live ? change.by.uuid : null,
      release.expiresAt,
    ],
  );
  if (release.explained.length) {
    await change.query(
      `INSERT INTO explained_finding (release_id, id, field, kind, explained_by, at)
       SELECT $1, f.id, f.field, f.kind, $2, $3 FROM jsonb_to_recordset($4::jsonb) AS f(id text, field text, kind text)`,
      [uuid, change.by.uuid, change.now, JSON.stringify(release.explained)],
    );
  }
  return uuid;
}
