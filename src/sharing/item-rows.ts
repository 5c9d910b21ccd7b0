import type { Pool } from "pg";
import type { ItemRow, Wording } from "./disclosure";
import type { AudienceFacts, ReleasePath, StoredKind } from "./facts";

/** The content of each kind as one JSON object of contract names, and its own wording. Times are RFC 3339. */
const CONTENT: Record<StoredKind, { own: string; content: string }> = {
  INCIDENT: {
    own: "c.title, c.summary, c.description",
    content: `c.category, c.severity, c.victim, c.contact, c.occurred_at AS "occurredAt", c.detected_at AS "detectedAt",
      c.aware_at AS "awareAt", c.affected_systems AS "affectedSystems", c.data_stolen AS "dataStolen"`,
  },
  INDICATOR: {
    own: "c.name AS title, NULL AS summary, c.description",
    content: `c.pattern, c.pattern_type AS "patternType", c.valid_from AS "validFrom", c.valid_until AS "validUntil",
      c.confidence, c.labels, c.warnings, (SELECT coalesce(json_agg(json_build_object('type', o.type, 'value', o.value)
        ORDER BY o.position), '[]') FROM observable o WHERE o.indicator_id = c.id) AS observables`,
  },
  ADVISORY: { own: "c.title, c.summary, c.body AS description", content: "" },
};

/** @param live `$2`: only audiences that are live after this instant; else every one that ever was */
function itemSql(kind: StoredKind, live: boolean): string {
  const { own, content } = CONTENT[kind];
  return `
    SELECT i.id, i.owner_id, i.stix_id, i.tlp, i.pap, i.attribution, i.state, ms(i.created_at) AS created,
      ms(i.updated_at) AS updated, ms(i.submitted_at) AS submitted, ${own}${content && `, ${content}`},
      (SELECT json_agg(json_build_array(a.release_id, a.path, a.target, a.from_group_id, a.to_group_id, a.tlp, a.pap,
          a.withheld, ms(a.released_at), ms(a.live_from), ms(a.live_until), r.title, r.summary, r.description))
        FROM release_audience a JOIN release r ON r.id = a.release_id
        WHERE a.item_id = i.id${live ? " AND a.live_until > $2" : ""}) AS audiences
    FROM item i JOIN ${kind.toLowerCase()} c ON c.id = i.id WHERE i.id = ANY($1::uuid[])`;
}

type AudienceJson = [
  release: string,
  path: ReleasePath,
  target: string,
  from: string | null,
  to: string | null,
  tlp: number,
  pap: number,
  withheld: number,
  released: number,
  from: number | null,
  until: number | null,
  title: string | null,
  summary: string | null,
  description: string | null,
];

interface Row extends Wording, Record<string, unknown> {
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
  audiences: AudienceJson[] | null;
}

/**
 * The items of one kind among these ids, undisclosed, by id. For the policy's door and for verbs only.
 * @param liveAt milliseconds: only audiences that are not over by then; null: their whole history
 */
export async function loadItems(
  pool: Pick<Pool, "query">,
  kind: StoredKind,
  ids: readonly string[],
  liveAt: number | null,
): Promise<Map<string, ItemRow>> {
  if (!ids.length) return new Map();
  const name = `items ${kind} ${liveAt === null ? "all" : "live"}`;
  const values = liveAt === null ? [ids] : [ids, new Date(liveAt)];
  const { rows } = await pool.query<Row>({ name, text: itemSql(kind, liveAt !== null), values });
  return new Map(rows.map((row) => [row.id, itemRow(kind, row)]));
}

function itemRow(kind: StoredKind, row: Row): ItemRow {
  const wordings = new Map<string, Wording>();
  const audiences = (row.audiences ?? []).map((a): AudienceFacts => {
    wordings.set(a[0], { title: a[11], summary: a[12], description: a[13] });
    return {
      releaseId: a[0],
      kind,
      ownerId: row.owner_id,
      path: a[1],
      target: a[2],
      fromGroupId: a[3],
      toGroupId: a[4],
      tlp: a[5],
      pap: a[6],
      withheld: a[7],
      releasedAt: a[8],
      liveFrom: a[9] ?? -Infinity,
      liveUntil: a[10] ?? Infinity,
    };
  });
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
  const result = new Map<string, ItemRow>();
  for (const kind of new Set(rows.map((r) => r.kind))) {
    const ofKind = rows.filter((r) => r.kind === kind).map((r) => r.id);
    for (const [id, item] of await loadItems(pool, kind, ofKind, null)) result.set(id, item);
  }
  return result;
}
