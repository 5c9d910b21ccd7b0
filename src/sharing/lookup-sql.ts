import { withholdingBits } from "./fields";
import { AUDIENCE_COLUMNS, AUDIENCES, ITEM_COLUMNS, REACHABLE } from "./item-rows";
import { type Branches, OWNED, RELEASED, RIGHTS, SUBMITTED } from "./reader-sql";

/** An array of texts as text. WHY not by the driver: it goes over each of them four times. */
export const textArray = (texts: readonly string[]): string =>
  texts.length
    ? `{"${texts.map((t) => (/["\\]/.test(t) ? t.replaceAll(/["\\]/g, "\\$&") : t)).join('","')}"}`
    : "{}";

/** The columns of an audience, and none. */
const AUDIENCE =
  "release_id, path, target, from_group_id, to_group_id, version_id, tlp, pap, withheld, released_at, live_from, live_until";
const NO_AUDIENCE = AUDIENCE.replaceAll(/\w+/g, "NULL");

const SAME_VALUE =
  "hashtextextended(b.value, 0) = hashtextextended(v.value, 0) AND b.value = v.value AND b.type = v.type";

/** What is reached shows its observables, by one path at least; what is the viewer's own does anyway. */
const ASSERTED: Record<Branches, string> = {
  "": "WHERE x.shows",
  o: "WHERE x.shows OR x.owner_id = (SELECT owner_id FROM o)",
  op: "",
};

/**
 * The visible indicators that assert each of many observables (`$4` types, `$5` values; `i` counts from 1), a row for each
 * audience by which they are reached. An owner's own are found among all its indicators as long as these are at most `$6`,
 * else by looking at the owner of each hit: of the two the one that reads less. Neither depends on what others own.
 * WHY `released` first: it is read from the index alone, so that what is hidden costs no row; and rights compared with it as an
 * array would be sorted anew for each hit.
 */
export const lookupSql = (branches: Branches): string => `
  WITH ${RIGHTS}, hit AS MATERIALIZED (
    SELECT v.i, b.indicator_id AS id FROM unnest($4::text[], $5::text[]) WITH ORDINALITY AS v(type, value, i)
    JOIN observable b ON ${SAME_VALUE}),
  ${
    branches &&
    `own AS MATERIALIZED (SELECT x.id FROM o CROSS JOIN LATERAL (
      SELECT i.id FROM item i WHERE ${OWNED} AND i.kind = 'INDICATOR' LIMIT $6 + 1) x),`
  }
  released AS MATERIALIZED (
    SELECT h.i, h.id, a.target, a.release_id, a.live_from FROM hit h JOIN release_audience a ON a.item_id = h.id),
  reached AS MATERIALIZED (
    SELECT * FROM (SELECT t.i, a.*, bool_or((a.withheld | r.withheld) & ${withholdingBits("observables")} = 0) OVER (PARTITION BY t.i, t.id) AS shows
      FROM released t JOIN r ON r.target = t.target
      JOIN release_audience a ON a.item_id = t.id AND a.target = t.target AND a.release_id = t.release_id AND a.live_from = t.live_from
        AND ${RELEASED}) x ${ASSERTED[branches]}),
  found AS MATERIALIZED (
    SELECT i, item_id, ${AUDIENCE} FROM reached
    ${
      branches &&
      `UNION ALL SELECT h.i, h.id, ${NO_AUDIENCE} FROM hit h JOIN own ON own.id = h.id WHERE (SELECT count(*) FROM own) <= $6
    UNION ALL SELECT h.i, h.id, ${NO_AUDIENCE} FROM hit h JOIN item i ON i.id = h.id JOIN o ON ${OWNED} WHERE (SELECT count(*) FROM own) > $6`
    }
    ${
      branches === "op"
        ? `UNION ALL SELECT h.i, h.id, ${NO_AUDIENCE} FROM hit h JOIN item i ON i.id = h.id JOIN p ON ${SUBMITTED} WHERE i.tlp < 4`
        : ""
    })
  SELECT a.i::int AS i, ${ITEM_COLUMNS.INDICATOR}, ${AUDIENCE_COLUMNS}
  FROM found a JOIN item i ON i.id = a.item_id JOIN indicator c ON c.id = i.id
  LEFT JOIN release w ON w.id = a.release_id ORDER BY a.i, i.id`;

/**
 * The indicators that may be visible and assert one of a few observables (`$5` types, `$6` values), still to be decided on:
 * `$1` targets, `$2` owner, `$3` whether the viewer is the operator, `$4` now.
 */
export const LOOKUP_FEW = `
  SELECT v.i::int AS i, ${ITEM_COLUMNS.INDICATOR}, ${AUDIENCE_COLUMNS}
  FROM unnest($5::text[], $6::text[]) WITH ORDINALITY AS v(type, value, i) JOIN observable b ON ${SAME_VALUE}
  JOIN item i ON i.id = b.indicator_id AND ${REACHABLE} JOIN indicator c ON c.id = i.id
  ${AUDIENCES("AND a.live_until > $4")} ORDER BY v.i, i.id`;
