import { ANY, toSql } from "./condition";
import { type FieldName, withholdingBits } from "./fields";
import { OPERATOR_RULE, OWNER_RULE, RELEASE_RULE, type ReleaseRight, type Scope } from "./policy";

export const instant = (ms: number): string =>
  ms === Infinity ? "infinity" : ms === -Infinity ? "-infinity" : new Date(ms).toISOString();

/** The viewer's rights as the rows that RIGHTS reads: `$1` releases, `$2` owner, `$3` operator. */
export function rightsOf(scope: Scope): [string, string, string] {
  return [
    JSON.stringify(scope.releases.map(releaseRow)),
    JSON.stringify(
      scope.owner ? [{ owner_id: scope.owner.ownerId, admitted: scope.owner.admitted }] : [],
    ),
    JSON.stringify(
      scope.operator ? [{ now: instant(scope.now), admitted: scope.operator.admitted }] : [],
    ),
  ];
}

const releaseRow = (r: ReleaseRight): object => ({
  target: r.target,
  kinds: r.kinds,
  owners: r.owners === ANY ? [] : r.owners,
  owners_any: r.owners === ANY,
  tlp_ceiling: r.tlpCeiling,
  pap_ceiling: r.papCeiling,
  admitted: r.admitted,
  held_from: instant(r.heldFrom),
  held_until: instant(r.heldUntil),
  retained_after: instant(r.retainedAfter),
  now: instant(r.now),
  withheld: r.withheld,
});

/** Release rights as rows, from the parameter that holds them. */
export const releaseRights = (parameter: string): string => `
  SELECT * FROM jsonb_to_recordset(${parameter}::jsonb) AS t(target uuid, kinds text[], owners uuid[], owners_any boolean,
    tlp_ceiling smallint, pap_ceiling smallint, admitted smallint[], held_from timestamptz, held_until timestamptz,
    retained_after timestamptz, now timestamptz, withheld int)`;

/** The rights as common tables: `r` (releases), `o` (owner), `p` (operator). */
export const RIGHTS = `
  r AS (${releaseRights("$1")}),
  o AS (SELECT * FROM jsonb_to_recordset($2::jsonb) AS t(owner_id uuid, admitted smallint[])),
  p AS (SELECT * FROM jsonb_to_recordset($3::jsonb) AS t(now timestamptz, admitted smallint[]))`;

export const RELEASED = toSql(RELEASE_RULE, "a", "r");
export const OWNED = toSql(OWNER_RULE, "i", "o");
export const SUBMITTED = toSql(OPERATOR_RULE, "i", "p");

/**
 * The newest `$5` pairs of an item of one kind (`$4`) and the time of a path to it, before a position (`$6` time, `$7`
 * id). An item stands at only one of its times: that which it is shown with. One ordered index scan per right, each stopping at the page's length: the cost does not grow
 * with the table.
 */
export const NEWEST = `
  WITH ${RIGHTS}, found AS (
    SELECT x.* FROM r CROSS JOIN LATERAL (
      SELECT a.item_id, a.released_at AS at FROM release_audience a
      WHERE ${RELEASED} AND a.kind = $4 AND (a.released_at, a.item_id) < ($6::timestamptz, $7::uuid)
      ORDER BY a.released_at DESC, a.item_id DESC LIMIT $5) x
    UNION
    SELECT x.* FROM o CROSS JOIN LATERAL (
      SELECT i.id AS item_id, i.updated_at AS at FROM item i
      WHERE ${OWNED} AND i.kind = $4 AND (i.updated_at, i.id) < ($6::timestamptz, $7::uuid)
      ORDER BY i.updated_at DESC, i.id DESC LIMIT $5) x
    UNION
    SELECT x.* FROM p CROSS JOIN LATERAL (
      SELECT i.id AS item_id, i.updated_at AS at FROM item i
      WHERE ${SUBMITTED} AND i.kind = $4 AND (i.updated_at, i.id) < ($6::timestamptz, $7::uuid)
      ORDER BY i.updated_at DESC, i.id DESC LIMIT $5) x
  )
  SELECT item_id, ms(at) AS at FROM found ORDER BY found.at DESC, item_id DESC LIMIT $5`;

/**
 * Every path by which items of one kind (`$4`) are visible.
 * @param among SQL that restricts the ids, or empty: `IN (SELECT …)`
 */
export const pathsSql = (among: string): string => `
  paths AS (
    SELECT a.item_id, a.released_at AS at, false AS whole, a.tlp, a.withheld | r.withheld AS withheld, a.release_id, a.to_group_id
      FROM r JOIN release_audience a ON ${RELEASED} WHERE a.kind = $4 ${among && `AND a.item_id ${among}`}
    UNION ALL
    SELECT i.id, i.updated_at, true, i.tlp, 0, NULL, NULL
      FROM o JOIN item i ON ${OWNED} WHERE i.kind = $4 ${among && `AND i.id ${among}`}
    UNION ALL
    SELECT i.id, i.updated_at, i.tlp < 4, i.tlp, CASE WHEN i.tlp < 4 THEN 0 ELSE -1 END, NULL, NULL
      FROM p JOIN item i ON ${SUBMITTED} WHERE i.kind = $4 ${among && `AND i.id ${among}`}
  )`;

/**
 * The visible items as they are shown: `at`, `tlp`, `whole`, the release whose wording is shown, and `withheld_by`:
 * the masks of all paths. A filter that reads a field asks `shows(field)` first.
 */
export const SHOWN = `
  shown AS (
    SELECT item_id, bool_or(whole) AS whole, array_agg(withheld) AS masks, array_agg(to_group_id) AS groups,
      coalesce(max(at) FILTER (WHERE whole OR release_id IS NULL), max(at)) AS at,
      coalesce(max(tlp) FILTER (WHERE whole OR release_id IS NULL), max(tlp)) AS tlp,
      (array_agg(release_id ORDER BY at DESC, release_id) FILTER (WHERE release_id IS NOT NULL))[1] AS worded_by,
      (array_agg(withheld ORDER BY at DESC, release_id) FILTER (WHERE release_id IS NOT NULL))[1] AS worded_mask
    FROM paths GROUP BY item_id
  )`;

/** Whether any path shows a field of `s`. */
export const shows = (field: FieldName): string =>
  `EXISTS (SELECT FROM unnest(s.masks) m WHERE m & ${withholdingBits(field)} = 0)`;

export const COUNT = `
  WITH ${RIGHTS}, ids AS (
    SELECT a.item_id FROM r JOIN release_audience a ON ${RELEASED} WHERE a.kind = $4
    UNION SELECT i.id FROM o JOIN item i ON ${OWNED} WHERE i.kind = $4
    UNION SELECT i.id FROM p JOIN item i ON ${SUBMITTED} WHERE i.kind = $4
  ) SELECT count(*)::int AS count FROM ids`;

/** Restricts paths to the items that those of `$5` link to. */
export const LINKED = "IN (SELECT target_id FROM link WHERE source_id = ANY($5::uuid[]))";

/** Whether the release whose wording is shown shows a part of it. */
export const showsWording = (field: FieldName): string =>
  `s.worded_mask & ${withholdingBits(field)} = 0`;
