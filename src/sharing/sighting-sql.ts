import { RELEASED, RIGHTS, shows } from "./reader-sql";
import { TLP_RED } from "./tlp";

/**
 * The sightings of the indicator `i` that reach the viewer: those of its own indicators, those of its own organization
 * unless TLP:RED, and those whose path reaches it. A sighting is judged like an audience of a release made when it was
 * recorded.
 */
const REACHING = `
  SELECT least(coalesce(sum(g.count) FILTER (WHERE NOT g.false_positive), 0), 2147483647)::int AS seen,
    count(DISTINCT g.organization_id) FILTER (WHERE NOT g.false_positive)::int AS seen_by,
    count(*) FILTER (WHERE g.false_positive)::int AS false_alarms
  FROM sighting g WHERE g.indicator_id = i.id AND (
    EXISTS (SELECT FROM o WHERE g.tlp = ANY (o.admitted)
      AND (i.owner_id = o.owner_id OR (g.organization_id = o.owner_id AND g.tlp < ${TLP_RED})))
    OR EXISTS (SELECT FROM r CROSS JOIN LATERAL (SELECT g.target, 'SIGHTING'::text AS kind, g.organization_id AS owner_id, g.version_id,
      g.tlp, g.pap, g.recorded_at AS released_at, g.recorded_at AS live_from, 'infinity'::timestamptz AS live_until) a
      WHERE ${RELEASED}))`;

/**
 * 0 to 100: the source's confidence (50 where it gave none), 5 more for each organization that saw it (25 at most),
 * 15 less for each false alarm, 20 less where a warninglist has it. Only what the viewer is shown enters it.
 * @param shown SQL: whether a field is shown
 */
const scoreOf = (shown: (field: "confidence" | "sightingCount" | "warnings") => string): string => `
  greatest(0, least(100, coalesce(CASE WHEN ${shown("confidence")} THEN c.confidence END, 50)
    + CASE WHEN ${shown("sightingCount")} THEN least(25, 5 * t.seen_by) - 15 * t.false_alarms ELSE 0 END
    - CASE WHEN ${shown("warnings")} AND c.warnings <> '[]' THEN 20 ELSE 0 END))::int`;

/** Score and sightings by indicator; `$4`: ids, `$5` to `$7`: whether confidence, sightings and warnings of each are shown. */
export const SCORES = `
  WITH ${RIGHTS}
  SELECT i.id, t.seen, ${scoreOf((field) => `v."${field}"`)} AS score
  FROM unnest($4::uuid[], $5::boolean[], $6::boolean[], $7::boolean[]) AS v(id, confidence, "sightingCount", warnings)
  JOIN item i ON i.id = v.id JOIN indicator c ON c.id = v.id CROSS JOIN LATERAL (${REACHING}) t`;

/** Within a filter: whether the shown score is at least this. */
export const scoreAtLeast = (value: string): string =>
  `${shows("score")} AND (SELECT ${scoreOf(shows)} FROM (${REACHING}) t) >= ${value}`;
