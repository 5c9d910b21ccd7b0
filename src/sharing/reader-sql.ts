import { ANY, toSql } from "./condition";
import type { StoredKind } from "./facts";
import { type FieldName, withholdingBits } from "./fields";
import { AUDIENCE_COLUMNS, AUDIENCES, ITEM_COLUMNS, type Reach } from "./item-rows";
import type { LastingRight } from "./lasting-rights";
import {
  type Admission,
  OPERATOR_RULE,
  OWNER_RULE,
  RELEASE_RULE,
  type ReleaseRight,
  type Scope,
} from "./policy";

/** 0001-01-01 and 9999-12-31. */
const EARLIEST = -62_135_596_800_000;
const LATEST = 253_402_214_400_000;

/** An instant as PostgreSQL reads it; what lies beyond the calendar of four digits is for ever. */
export const instant = (ms: number): string =>
  ms > LATEST ? "infinity" : ms < EARLIEST ? "-infinity" : new Date(ms).toISOString();

// ── Rights travel as rows ──────────────────────────────────────────────────────────────────────────────────────

/** The viewer's rights and its instant, as the parameters `$1` to `$3` of every query that uses `RIGHTS`. */
export const rightsOf = (scope: Scope): [string, string, Date] => [
  `{${scope.lasting.flatMap(rowsOf).join()}}`,
  JSON.stringify({
    o: scope.owner ? [{ owner_id: scope.owner.ownerId, admitted: scope.owner.admitted }] : [],
    p: scope.operator ? [{ admitted: scope.operator.admitted }] : [],
  }),
  new Date(scope.now),
];

/** Release rights as an array of `release_right`, as text. */
export const releaseRows = (rights: readonly ReleaseRight[]): string =>
  `{${rights.map((r) => rowOf(r, r.admitted)).join()}}`;

/** By whom an item may be seen at all. */
export const reachOf = (scope: Scope): Reach => [
  targetsOf(scope),
  scope.owner?.ownerId ?? null,
  scope.operator !== null,
];

/** The targets of the viewer's release rights, as an array of UUIDs in text. */
const targetsOf = (scope: Scope): string =>
  `{${scope.lasting.flatMap(({ rights }) => keptBy(targets, rights, targetList)).join()}}`;

const rowsOf = ({ rights, admitted }: Admission): string[] => {
  const byAdmitted = keptBy(rows, rights, () => new Map<string, string[]>());
  const key = admitted.join();
  let known = byAdmitted.get(key);
  if (!known) byAdmitted.set(key, (known = rights.map((right) => rowOf(right, admitted))));
  return known;
};
const targetList = (rights: readonly LastingRight[]): string[] => [
  ...new Set(rights.map(({ target }) => target)),
];

/** Texts are made once for as long as rights last. */
function keptBy<T>(
  kept: WeakMap<readonly LastingRight[], T>,
  rights: readonly LastingRight[],
  make: (rights: readonly LastingRight[]) => T,
): T {
  let known = kept.get(rights);
  if (known === undefined) kept.set(rights, (known = make(rights)));
  return known;
}
const rows = new WeakMap<readonly LastingRight[], Map<string, string[]>>();
const targets = new WeakMap<readonly LastingRight[], string[]>();

/** One row of the type `release_right`. WHY not JSON: its rows cost PostgreSQL four times as much to read. */
function rowOf(r: LastingRight, admitted: readonly number[]): string {
  const list = (values: readonly (string | number)[]): string => `\\"{${values.join()}}\\"`;
  const some = (values: readonly string[] | typeof ANY): string =>
    values === ANY ? `${list([])},t` : `${list(values)},f`;
  const fields = [
    r.target,
    list(r.kinds),
    some(r.owners),
    some(r.versions),
    r.tlpCeiling,
    r.papCeiling,
    list(admitted),
    instant(r.heldFrom),
    instant(r.heldUntil),
    r.retentionMs === Infinity ? "" : r.retentionMs,
    r.withheld,
  ];
  return `"(${fields.join()})"`;
}

/** Release rights at an instant, from an array of them. @param now SQL that costs nothing to repeat */
export const releaseRights = (array: string, now: string): string => `
  SELECT u.*, ${now} AS now, coalesce(${now} - u.retention_ms * interval '1 millisecond', '-infinity') AS retained_after
  FROM unnest(${array}::release_right[]) u`;

/** The rights as common tables: `r` (releases), `o` (owner) and `p` (operator), the last two of one row or none. */
export const RIGHTS = `
  r AS MATERIALIZED (${releaseRights("$1", "$3::timestamptz")}),
  o AS MATERIALIZED (SELECT * FROM jsonb_to_recordset($2::jsonb -> 'o') AS t(owner_id uuid, admitted smallint[]) LIMIT 1),
  p AS MATERIALIZED (SELECT $3::timestamptz AS now, t.* FROM jsonb_to_recordset($2::jsonb -> 'p') AS t(admitted smallint[]) LIMIT 1)`;

export const RELEASED = toSql(RELEASE_RULE, "a", "r");
export const OWNED = toSql(OWNER_RULE, "i", "o");
export const SUBMITTED = toSql(OPERATOR_RULE, "i", "p");

/** Which rights a viewer has at all. Its queries leave the rest out, for an empty branch still costs a plan. */
export type Branches = "" | "o" | "op";
export const branchesOf = (scope: Scope): Branches =>
  scope.operator ? "op" : scope.owner ? "o" : "";

function union(branches: Branches, release: string, owner: string, operator: string): string {
  return [release, ...(branches ? [owner] : []), ...(branches === "op" ? [operator] : [])].join(
    " UNION ",
  );
}

// ── Pages ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** The items of `page`, undisclosed, a row for each live audience. */
const itemsOf = (kind: StoredKind): string => `
  SELECT ms(page.at) AS at, ${ITEM_COLUMNS[kind]}, ${AUDIENCE_COLUMNS}
  FROM page JOIN item i ON i.id = page.item_id JOIN ${kind.toLowerCase()} c ON c.id = i.id
  ${AUDIENCES("AND a.live_until > $3")} ORDER BY page.at DESC, page.item_id DESC`;

const newestOf = (from: string, rule: string, id: string, at: string, kind: StoredKind): string => `
  SELECT x.* FROM ${from} CROSS JOIN LATERAL (
    SELECT ${id} AS item_id, ${at} AS at FROM ${from === "r" ? "release_audience a" : "item i"}
    WHERE ${rule} AND ${from === "r" ? "a" : "i"}.kind = '${kind}' AND (${at}, ${id}) < ($5::timestamptz, $6::uuid)
    ORDER BY ${at} DESC, ${id} DESC LIMIT $4) x`;

const foundSql = (kind: StoredKind, branches: Branches): string =>
  `found AS (${union(
    branches,
    newestOf("r", RELEASED, "a.item_id", "a.released_at", kind),
    newestOf("o", OWNED, "i.id", "i.updated_at", kind),
    newestOf("p", SUBMITTED, "i.id", "i.updated_at", kind),
  )})`;

/**
 * The newest `$4` pairs of an item of one kind and the time of a path to it, before a position (`$5` time, `$6` id). An item stands at only one of its times: that which it is shown with. One ordered index scan per right, each
 * stopping at the page's length: the cost does not grow with the table.
 */
export const newestSql = (kind: StoredKind, branches: Branches): string => `
  WITH ${RIGHTS}, ${foundSql(kind, branches)}, page AS MATERIALIZED (
    SELECT item_id, at FROM found ORDER BY at DESC, item_id DESC LIMIT $4)
  ${itemsOf(kind)}`;

/**
 * Of the newest `$4` such pairs before a position those items that a filter leaves (its values begin at `$8`), at most `$7`,
 * each once, at the time it is shown with; and how far that went: `walked` pairs, to `end_at` and `end_id`. A row at least.
 */
export const walkedSql = (kind: StoredKind, branches: Branches, where: string): string => `
  WITH ${RIGHTS}, ${foundSql(kind, branches)}, walked AS MATERIALIZED (
    SELECT item_id, at FROM found ORDER BY at DESC, item_id DESC LIMIT $4),
  ${pathsSql(kind, branches, "IN (SELECT item_id FROM walked)")}, ${SHOWN}, page AS MATERIALIZED (
    SELECT s.item_id, s.at FROM walked w JOIN shown s ON s.item_id = w.item_id AND s.at = w.at
    JOIN item i ON i.id = s.item_id JOIN ${kind.toLowerCase()} c ON c.id = i.id
    WHERE (${where}) ORDER BY s.at DESC, s.item_id DESC LIMIT $7)
  SELECT e.walked, ms(e.at) AS end_at, e.item_id AS end_id, p.* FROM (
    SELECT (SELECT count(*)::int FROM walked) AS walked, l.at, l.item_id FROM (VALUES (1)) one
    LEFT JOIN (SELECT at, item_id FROM walked ORDER BY at, item_id LIMIT 1) l ON true) e
  LEFT JOIN (${itemsOf(kind)}) p ON true`;

/** Every item that a filter leaves, before a position; its values begin at `$7`. */
export const filteredSql = (
  kind: StoredKind,
  branches: Branches,
  where: string,
  among: string,
): string => `
  WITH ${RIGHTS}, ${pathsSql(kind, branches, among)}, ${SHOWN}, page AS MATERIALIZED (
    SELECT s.item_id, s.at FROM shown s JOIN item i ON i.id = s.item_id JOIN ${kind.toLowerCase()} c ON c.id = i.id
    WHERE (${where}) AND (s.at, s.item_id) < ($5::timestamptz, $6::uuid) ORDER BY s.at DESC, s.item_id DESC LIMIT $4)
  ${itemsOf(kind)}`;

// ── Every path ─────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Every path by which items of one kind are visible.
 * @param among SQL that restricts the ids, or empty: `IN (SELECT …)`
 */
export function pathsSql(kind: StoredKind, branches: Branches, among = ""): string {
  const ofKind = (alias: string, id: string): string =>
    `${alias}.kind = '${kind}' ${among && `AND ${id} ${among}`}`;
  return `paths AS (
    SELECT a.item_id, a.released_at AS at, false AS whole, a.tlp, a.withheld | r.withheld AS withheld, a.release_id, a.to_group_id
      FROM r JOIN release_audience a ON ${RELEASED} WHERE ${ofKind("a", "a.item_id")}
    ${
      branches &&
      `UNION ALL SELECT i.id, i.updated_at, true, i.tlp, 0, NULL, NULL
      FROM o JOIN item i ON ${OWNED} WHERE ${ofKind("i", "i.id")}`
    }
    ${
      branches === "op"
        ? `UNION ALL SELECT i.id, i.updated_at, i.tlp < 4, i.tlp, CASE WHEN i.tlp < 4 THEN 0 ELSE -1 END, NULL, NULL
      FROM p JOIN item i ON ${SUBMITTED} WHERE ${ofKind("i", "i.id")}`
        : ""
    }
  )`;
}

/**
 * The visible items as they are shown: `at`, `tlp`, `whole`, the release whose wording is shown, and `masks`: what each
 * path withholds. A filter that reads a field asks `shows(field)` first.
 */
export const SHOWN = `
  shown AS (
    SELECT item_id, bool_or(whole) AS whole, array_agg(withheld) AS masks, array_agg(release_id) AS releases,
      array_agg(to_group_id) AS groups,
      coalesce(max(at) FILTER (WHERE whole OR release_id IS NULL), max(at)) AS at,
      coalesce(max(tlp) FILTER (WHERE whole OR release_id IS NULL), max(tlp)) AS tlp,
      (array_agg(release_id ORDER BY at DESC, release_id) FILTER (WHERE release_id IS NOT NULL))[1] AS worded_by
    FROM paths GROUP BY item_id
  )`;

/** Whether any path shows a field of `s`. */
export const shows = (field: FieldName): string =>
  `EXISTS (SELECT FROM unnest(s.masks) m WHERE m & ${withholdingBits(field)} = 0)`;

/** Whether the release whose wording is shown shows a part of it, by any of its paths. */
export const showsWording = (field: FieldName): string =>
  `EXISTS (SELECT FROM unnest(s.masks, s.releases) AS m(mask, release)
    WHERE m.release = s.worded_by AND m.mask & ${withholdingBits(field)} = 0)`;

/** Audiences whose item the viewer sees anyway, as its owner or as the operator, are left to those. */
const APART: Record<Branches, string> = {
  "": "",
  o: `AND (a.owner_id <> (SELECT owner_id FROM o) OR NOT EXISTS (SELECT FROM o JOIN item i ON ${OWNED} WHERE i.id = a.item_id))`,
  op: `AND NOT EXISTS (SELECT FROM item i WHERE i.id = a.item_id AND (EXISTS (SELECT FROM o WHERE ${OWNED}) OR EXISTS (SELECT FROM p WHERE ${SUBMITTED})))`,
};

/**
 * How many items of one kind are visible. INVARIANT: of the rights with one target at most one holds for an audience; so
 * only items that have several audiences can be reached twice, and they alone are told apart.
 */
export const countSql = (kind: StoredKind, branches: Branches): string => `
  WITH ${RIGHTS}, reached AS MATERIALIZED (SELECT x.* FROM r CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE NOT a.several) AS alone, array_agg(a.item_id) FILTER (WHERE a.several) AS ids
    FROM release_audience a WHERE ${RELEASED} AND a.kind = '${kind}' ${APART[branches]}) x)
  SELECT (${[
    "(SELECT coalesce(sum(alone), 0) FROM reached)",
    "(SELECT count(*) FROM (SELECT DISTINCT unnest(ids) FROM reached) x)",
    ...(branches
      ? [
          `(SELECT count(*) FROM o CROSS JOIN LATERAL (SELECT FROM item i WHERE ${OWNED} AND i.kind = '${kind}' OFFSET 0) x)`,
        ]
      : []),
    ...(branches === "op"
      ? [
          `(SELECT count(*) FROM p JOIN item i ON ${SUBMITTED} WHERE i.kind = '${kind}' AND NOT EXISTS (SELECT FROM o WHERE ${OWNED}))`,
        ]
      : []),
  ].join(" + ")})::int AS count`;

/** How many of them a filter leaves; its values begin at `$4`. */
export const filteredCountSql = (
  kind: StoredKind,
  branches: Branches,
  where: string,
  among: string,
): string => `
  WITH ${RIGHTS}, ${pathsSql(kind, branches, among)}, ${SHOWN}
  SELECT count(*)::int AS count FROM shown s JOIN item i ON i.id = s.item_id JOIN ${kind.toLowerCase()} c ON c.id = i.id
  WHERE ${where}`;

/** Which visible items of one kind each of the items `$4` links to. */
export const linkedSql = (kind: StoredKind, branches: Branches): string => `
  WITH ${RIGHTS}, ${pathsSql(kind, branches, "IN (SELECT target_id FROM link WHERE source_id = ANY($4::uuid[]))")}
  SELECT source_id, target_id FROM link WHERE source_id = ANY($4::uuid[]) AND target_id IN (SELECT item_id FROM paths)`;
