import type { ItemRow } from "./disclosure";
import type { ReleasePath } from "./facts";
import type { FieldMask } from "./fields";
import type { EffectiveTerms } from "./terms";
import type { Change } from "../transaction";

/** One audience of a release, checked. */
export interface Audience {
  path: ReleasePath;
  target: string;
  toGroupId: string | null;
  versionId: string | null;
  /** The owner's terms; null but for AGREEMENT. */
  terms: EffectiveTerms | null;
}

/**
 * Makes a release live within a change: its audiences become rows that decisions rest on, and for each audience it takes
 * the place of the release before, for good.
 */
export async function makeLive(
  change: Change,
  item: ItemRow,
  release: {
    uuid: string;
    fromGroupId: string | null;
    tlp: number;
    withheld: FieldMask;
    expiresAt: Date | null;
  },
  audiences: readonly Audience[],
): Promise<void> {
  const wanted = JSON.stringify(
    audiences.map((a) => ({
      path: a.path,
      target: a.target,
      to_group_id: a.toGroupId,
      version_id: a.versionId,
    })),
  );
  const superseded = await change.query<{ release_id: string }[]>(
    `WITH ended AS (
       UPDATE release_audience a SET live_until = $2 FROM jsonb_to_recordset($3::jsonb) AS w(path text, target uuid, to_group_id uuid)
       WHERE a.item_id = $1 AND a.live_until > $2 AND a.path = w.path
         AND (a.target = w.target OR a.to_group_id = w.to_group_id) RETURNING a.release_id)
     SELECT DISTINCT release_id FROM ended`,
    [item.id, change.now, wanted],
  );
  await change.query(
    `INSERT INTO release_audience (release_id, item_id, kind, owner_id, path, target, from_group_id, to_group_id, version_id,
       tlp, pap, withheld, released_at, live_from, live_until, several)
     SELECT $1, $2, $3, $4, w.path, w.target, $5, w.to_group_id, w.version_id, $6, $7, $8, $9, $9, $10,
       count(*) OVER () > 1 OR EXISTS (SELECT FROM release_audience o WHERE o.item_id = $2)
     FROM jsonb_to_recordset($11::jsonb) AS w(path text, target uuid, to_group_id uuid, version_id uuid)`,
    [
      release.uuid,
      item.id,
      item.kind,
      item.ownerId,
      release.fromGroupId,
      release.tlp,
      item.pap,
      release.withheld,
      change.now,
      release.expiresAt ?? "infinity",
      wanted,
    ],
  );
  await change.query(
    `UPDATE release_audience SET several = true WHERE item_id = $1 AND NOT several AND release_id <> $2`,
    [item.id, release.uuid],
  );
  if (superseded.length) {
    await change.query(
      `UPDATE release r SET state = 'SUPERSEDED' WHERE r.id = ANY($1) AND r.id <> $2 AND r.state = 'RELEASED'
         AND NOT EXISTS (SELECT FROM release_audience a WHERE a.item_id = r.item_id AND a.release_id = r.id AND a.live_until > $3)`,
      [superseded.map((s) => s.release_id), release.uuid, change.now],
    );
  }
  await change.query(`UPDATE item SET state = 'RELEASED' WHERE id = $1`, [item.id]);
  const groupIds = audiences.flatMap((a) => a.toGroupId ?? []);
  const alike = `${item.kind} ${release.tlp} ${item.pap} ${release.withheld} ${wanted}`;
  change.raise({
    type: "ITEM_RELEASED",
    itemId: item.id,
    releaseId: release.uuid,
    groupIds,
    alike,
  });
  if (superseded.length) change.raise({ type: "ACCESS_ENDED", itemId: item.id, groupIds });
}

/** An item's TLP or PAP was raised: its live releases are narrowed to at least that, from now on. @returns whether any was */
export async function narrowReleases(
  change: Change,
  itemId: string,
  tlp: number,
  pap: number,
): Promise<boolean> {
  const narrowed = await change.query<object[]>(
    `WITH ended AS (
       UPDATE release_audience SET live_until = $2, several = true
       WHERE item_id = $1 AND live_from <= $2 AND live_until > $2 AND (tlp < $3 OR pap < $4)
       RETURNING *, (SELECT o.live_until FROM release_audience o WHERE o.item_id = release_audience.item_id AND
         o.target = release_audience.target AND o.release_id = release_audience.release_id AND o.live_from = release_audience.live_from) AS was)
     INSERT INTO release_audience (release_id, item_id, kind, owner_id, path, target, from_group_id, to_group_id, version_id,
       tlp, pap, withheld, released_at, live_from, live_until)
     SELECT release_id, item_id, kind, owner_id, path, target, from_group_id, to_group_id, version_id,
       greatest(tlp, $3), greatest(pap, $4), withheld, released_at, $2, was FROM ended RETURNING release_id`,
    [itemId, change.now, tlp, pap],
  );
  return narrowed.length > 0;
}
