import type { Pool } from "pg";
import type { ItemRow, Wording } from "./disclosure";
import type { AudienceFacts, ReleasePath, StoredKind } from "./facts";

const COMMON = `i.id, i.owner_id, i.stix_id, i.tlp, i.pap, i.attribution, i.state, ms(i.created_at) AS created,
  ms(i.updated_at) AS updated, ms(i.submitted_at) AS submitted`;

/** The columns of an undisclosed item of each kind, from `item i` and its content `c`; the rest by its contract names. */
export const ITEM_COLUMNS: Record<StoredKind, string> = {
  INCIDENT: `${COMMON}, c.title, c.summary, c.description, c.category, c.severity, c.victim, c.contact,
    c.occurred_at::text AS "occurredAt", c.detected_at::text AS "detectedAt", c.aware_at::text AS "awareAt",
    c.affected_systems AS "affectedSystems", c.data_stolen AS "dataStolen"`,
  INDICATOR: `${COMMON}, c.name AS title, NULL AS summary, c.description, c.pattern, c.pattern_type AS "patternType",
    c.valid_from::text AS "validFrom", c.valid_until::text AS "validUntil", c.confidence, c.labels, c.warnings`,
  ADVISORY: `${COMMON}, c.title, c.summary, c.body AS description`,
};

/** Which of them are instants: RFC 3339 once they are read. */
const INSTANTS: Record<StoredKind, readonly string[]> = {
  INCIDENT: ["occurredAt", "detectedAt", "awareAt"],
  INDICATOR: ["validFrom", "validUntil"],
  ADVISORY: [],
};

/**
 * PostgreSQL's text of an instant (in UTC) as RFC 3339 with milliseconds.
 * WHY not a Date: these are only shown, and to parse and print them again would cost a tenth of a page.
 */
function rfc3339(text: string): string {
  if (text.length < 22 || text.length > 26 || text[4] !== "-" || !text.endsWith("+00"))
    return new Date(text).toISOString();
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${text.slice(20, -3).padEnd(3, "0")}Z`;
}

/** The columns of one of its audiences, with the release's wording; null where it has none. */
export const AUDIENCE_COLUMNS = `a.release_id AS a_release, a.path AS a_path, a.target AS a_target, a.from_group_id AS a_from,
  a.to_group_id AS a_to, a.version_id AS a_version, a.tlp AS a_tlp, a.pap AS a_pap, a.withheld AS a_withheld, ms(a.released_at) AS a_released,
  ms(a.live_from) AS a_live_from, ms(a.live_until) AS a_live_until, w.title AS w_title, w.summary AS w_summary,
  w.description AS w_description`;

/** Joins the audiences of the item `i`. @param which SQL that restricts them, or empty: its whole history */
export const AUDIENCES = (which: string): string =>
  `LEFT JOIN release_audience a ON a.item_id = i.id ${which} LEFT JOIN release w ON w.id = a.release_id`;

/** An undisclosed item with one of its audiences, as it comes from the database. */
export interface Row extends Wording, Record<string, unknown> {
  id: string;
  owner_id: string;
  stix_id: string;
  tlp: number;
  pap: number;
  attribution: number;
  state: string;
  created: string;
  updated: string;
  submitted: string | null;
  a_release: string | null;
  a_path: ReleasePath;
  a_target: string;
  a_from: string | null;
  a_to: string | null;
  a_version: string | null;
  a_tlp: number;
  a_pap: number;
  a_withheld: number;
  a_released: string;
  a_live_from: string | null;
  a_live_until: string | null;
  w_title: string | null;
  w_summary: string | null;
  w_description: string | null;
}

/** Folds rows into items, each with its audiences, in the order of the rows. Rows of one item follow each other. */
export function itemsIn<R extends Row>(
  kind: StoredKind,
  rows: readonly R[],
): { row: R; item: ItemRow }[] {
  const items: { row: R; item: ItemRow }[] = [];
  let audiences: AudienceFacts[] = [];
  let wordings = new Map<string, Wording>();
  let last: R | null = null;
  for (const row of rows) {
    if (last === null || row.id !== last.id || row.i !== last.i || row.at !== last.at) {
      audiences = [];
      wordings = new Map();
      items.push({ row, item: itemOf(kind, row, audiences, wordings) });
      last = row;
    }
    if (row.a_release === null) continue;
    wordings.set(row.a_release, {
      title: row.w_title,
      summary: row.w_summary,
      description: row.w_description,
    });
    audiences.push(audienceOf(kind, row, row.a_release));
  }
  return items;
}

function itemOf(
  kind: StoredKind,
  row: Row,
  audiences: AudienceFacts[],
  wordings: Map<string, Wording>,
): ItemRow {
  for (const name of INSTANTS[kind]) {
    const text = row[name];
    if (typeof text === "string") row[name] = rfc3339(text);
  }
  return {
    id: row.id,
    kind,
    ownerId: row.owner_id,
    tlp: row.tlp,
    pap: row.pap,
    attribution: row.attribution,
    submittedAt: row.submitted === null ? Infinity : Number(row.submitted),
    audiences,
    stixId: row.stix_id,
    state: row.state,
    createdAt: Number(row.created),
    updatedAt: Number(row.updated),
    own: { title: row.title, summary: row.summary, description: row.description },
    wordings,
    content: row,
  };
}

const audienceOf = (kind: StoredKind, row: Row, releaseId: string): AudienceFacts => ({
  releaseId,
  kind,
  ownerId: row.owner_id,
  path: row.a_path,
  target: row.a_target,
  fromGroupId: row.a_from,
  toGroupId: row.a_to,
  versionId: row.a_version,
  tlp: row.a_tlp,
  pap: row.a_pap,
  withheld: row.a_withheld,
  releasedAt: Number(row.a_released),
  liveFrom: row.a_live_from === null ? -Infinity : Number(row.a_live_from),
  liveUntil: row.a_live_until === null ? Infinity : Number(row.a_live_until),
});

/**
 * Whether the item `i` may be visible at all, before it is decided on: `$1` the targets of the viewer's release rights, `$2`
 * its organization, `$3` whether it is the operator, `$4` now. WHY: what is hidden is then found no slower than what does not exist.
 */
export const REACHABLE = `(i.owner_id = $2::uuid OR $3::boolean OR EXISTS (
  SELECT FROM release_audience x WHERE x.item_id = i.id AND x.target = ANY($1::uuid[]) AND x.live_until > $4))`;

/** What `REACHABLE` asks, as parameters. */
export type Reach = readonly [targets: string, ownerId: string | null, operator: boolean];

/** The items of one kind among these ids that may be visible, with the audiences that are not over by `now`, still to be decided on. */
export async function loadReachable(
  pool: Pick<Pool, "query">,
  kind: StoredKind,
  ids: readonly string[],
  reach: Reach,
  now: number,
): Promise<Map<string, ItemRow>> {
  if (!ids.length) return new Map();
  const { rows } = await pool.query<Row>({
    name: `reachable ${kind}`,
    text: `SELECT ${ITEM_COLUMNS[kind]}, ${AUDIENCE_COLUMNS} FROM item i JOIN ${kind.toLowerCase()} c ON c.id = i.id
      ${AUDIENCES("AND a.live_until > $4")} WHERE i.id = ANY($5::uuid[]) AND ${REACHABLE} ORDER BY i.id`,
    values: [...reach, new Date(now), ids],
  });
  return new Map(itemsIn(kind, rows).map(({ item }) => [item.id, item]));
}

/** The items of one kind among these ids, undisclosed, with the whole history of their audiences, by id: for verbs. */
export async function loadItems(
  pool: Pick<Pool, "query">,
  kind: StoredKind,
  ids: readonly string[],
): Promise<Map<string, ItemRow>> {
  if (!ids.length) return new Map();
  const { rows } = await pool.query<Row>({
    name: `items ${kind}`,
    text: `SELECT ${ITEM_COLUMNS[kind]}, ${AUDIENCE_COLUMNS} FROM item i JOIN ${kind.toLowerCase()} c ON c.id = i.id
      ${AUDIENCES("")} WHERE i.id = ANY($1::uuid[]) ORDER BY i.id`,
    values: [ids],
  });
  return new Map(itemsIn(kind, rows).map(({ item }) => [item.id, item]));
}

/** As `loadItems` with the whole history, for ids of any kind. */
export async function loadItemsOfAnyKind(
  pool: Pick<Pool, "query">,
  ids: readonly string[],
): Promise<Map<string, ItemRow>> {
  const { rows } = await pool.query<{ id: string; kind: StoredKind }>({
    name: "kinds",
    text: "SELECT id, kind FROM item WHERE id = ANY($1::uuid[])",
    values: [ids],
  });
  return loadItemsOfKinds(pool, new Map(rows.map((r) => [r.id, r.kind])));
}

/** As `loadItems`, for ids with their kinds. */
export async function loadItemsOfKinds(
  pool: Pick<Pool, "query">,
  kinds: ReadonlyMap<string, StoredKind>,
): Promise<Map<string, ItemRow>> {
  const loaded = [...new Set(kinds.values())].map((kind) => {
    const ids = [...kinds].flatMap(([id, is]) => (is === kind ? [id] : []));
    return loadItems(pool, kind, ids);
  });
  return new Map((await Promise.all(loaded)).flatMap((items) => [...items]));
}

/** The observables of indicators that were found visible, by indicator. */
export async function loadObservables(
  pool: Pick<Pool, "query">,
  ids: readonly string[],
): Promise<Map<string, { type: string; value: string }[]>> {
  const { rows } = await pool.query<{ id: string; type: string; value: string }>({
    name: "observables",
    text: "SELECT indicator_id AS id, type, value FROM observable WHERE indicator_id = ANY($1::uuid[]) ORDER BY position",
    values: [ids],
  });
  const byId = new Map(ids.map((id): [string, { type: string; value: string }[]] => [id, []]));
  for (const { id, type, value } of rows) byId.get(id)?.push({ type, value });
  return byId;
}
