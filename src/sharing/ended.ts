import type { Hub } from "../hub";
import type { StoredKind } from "./facts";
import { durationMs } from "./duration";
import { rightsAround } from "./lasting-rights";
import type { MaybeViewer, Parties } from "./parties";
import { type ReleaseRight, type Scope, scopeOf } from "./policy";
import {
  instant,
  OWNED,
  RELEASED,
  releaseRights,
  releaseRows,
  RIGHTS,
  rightsOf,
  SUBMITTED,
} from "./reader-sql";

export interface EndedItem {
  id: string;
  kind: StoredKind;
}

/**
 * The items that a viewer could see immediately before an instant and not at it, whatever ended its right: an act, or the
 * clock; but for those of which an act on that very item tells. In a fixed order, as it rests on history alone.
 * @param at milliseconds
 */
export async function endedFor(hub: Hub, viewer: MaybeViewer, at: number): Promise<EndedItem[]> {
  const before = scopeOf(viewer, hub.directory, at - 1);
  const after = scopeOf(viewer, hub.directory, at);
  const kept = new Set(after.releases.map(essence));
  const lost = before.releases.filter((right) => !kept.has(essence(right)));
  const { rows } = await hub.pool.query<EndedItem>({
    name: "ended",
    text: ENDED,
    values: [
      ...rightsOf(after),
      releaseRows(lost),
      releaseRows(before.releases),
      JSON.stringify(retentions(before)),
    ],
  });
  return rows;
}

/** The targets of releases that ended at an instant, for everybody whom they reached: by an act, or by the clock. */
export async function endedTargets(hub: Hub, at: number): Promise<Set<string>> {
  const kept = [...hub.directory.versions.values()].flatMap(({ agreementId, terms }) => {
    const ms = terms.retention === null ? null : durationMs(terms.retention);
    return ms === null ? [] : [{ target: agreementId, released_at: instant(at - ms) }];
  });
  const { rows } = await hub.pool.query<{ target: string }>({
    name: "ended targets",
    text: ENDED_TARGETS,
    values: [new Date(at), JSON.stringify(kept)],
  });
  return new Set(rows.map((row) => row.target));
}

/** Whether anything can have ended for a viewer at an instant: its rights changed at it, or a release to it ended. */
export function mayHaveEnded(
  parties: Parties,
  viewer: MaybeViewer,
  at: number,
  targets: ReadonlySet<string>,
): boolean {
  if (viewer && rightsAround(parties, viewer.organizationId, at).from >= at) return true;
  const before = scopeOf(viewer, parties, at - 1);
  return [...targets].some((target) => before.rightsTo(target).length > 0);
}

/** What a right is, apart from the instant at which it is asked about. */
const essence = ({
  now: _now,
  retainedAfter: _retained,
  grant: _grant,
  ...right
}: ReleaseRight): string =>
  JSON.stringify({
    ...right,
    heldFrom: String(right.heldFrom),
    heldUntil: String(right.heldUntil),
    retentionMs: String(right.retentionMs),
  });

const retentions = (scope: Scope): object[] =>
  scope.releases
    .filter((right) => Number.isFinite(right.retentionMs))
    .map((right) => ({ target: right.target, released_at: instant(right.retainedAfter + 1) }));

/**
 * `$1` to `$3`: the rights at the instant; `$4`: those of before that are no more; `$5`: all of before; `$6`: what reached the
 * end of its retention at it. Only what one of these ended is looked at.
 */
const BEFORE = "($3::timestamptz - interval '1 millisecond')";
const ENDED = `
  WITH ${RIGHTS}, lost AS (${releaseRights("$4", BEFORE)}), had AS (${releaseRights("$5", BEFORE)}),
  kept_until AS (SELECT * FROM jsonb_to_recordset($6::jsonb) AS t(target uuid, released_at timestamptz)),
  gone AS (
    SELECT a.item_id FROM lost r JOIN release_audience a ON ${RELEASED}
    UNION
    SELECT a.item_id FROM had r JOIN release_audience a ON ${RELEASED} WHERE a.live_until = $3::timestamptz
    UNION
    SELECT a.item_id FROM had r JOIN kept_until k ON k.target = r.target
      JOIN release_audience a ON ${RELEASED} AND a.released_at = k.released_at
  )
  SELECT i.id, i.kind FROM gone g JOIN item i ON i.id = g.item_id
  WHERE NOT EXISTS (SELECT FROM r JOIN release_audience a ON ${RELEASED} WHERE a.item_id = i.id)
    AND NOT EXISTS (SELECT FROM o WHERE ${OWNED}) AND NOT EXISTS (SELECT FROM p WHERE ${SUBMITTED})
    AND NOT EXISTS (SELECT FROM log l WHERE l.item_id = i.id AND l.at = $3::timestamptz
      AND l.type IN ('ACCESS_ENDED', 'ITEM_WITHDRAWN'))
  ORDER BY i.id`;
const ENDED_TARGETS = `
  SELECT DISTINCT target FROM release_audience WHERE live_until = $1
  UNION SELECT k.target FROM jsonb_to_recordset($2::jsonb) AS k(target uuid, released_at timestamptz)
  WHERE EXISTS (SELECT FROM release_audience a WHERE a.target = k.target AND a.released_at = k.released_at)`;
