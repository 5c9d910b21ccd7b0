import type { EntityManager } from "typeorm";
import type { Hub } from "../hub";
import { OWN_MARKING } from "../sharing/fields";
import { type Change, holdPolicy } from "../transaction";
import type { LogEntry, LogTransport } from "./log-entry";

const MOST_AT_ONCE = 500;

/** An edit of content: neither of the marking nor of unknown extent, so that nobody loses or gains the item by it. */
type Edit = LogEntry & { type: "ITEM_UPDATED"; itemId: string; changed: number };

const isEdit = (entry: LogEntry): entry is Edit =>
  entry.type === "ITEM_UPDATED" &&
  entry.itemId !== undefined &&
  entry.changed !== undefined &&
  (entry.changed & OWN_MARKING) === 0;

/**
 * Puts off the edits of items of which edits by the same organization were told within the window, if those were of all
 * that these are of: together they are told of as one when it ends.
 * WHY of the same fields and links: whoever is shown what an edit is of then was told within the window. Nobody's alert
 * waits because of an edit that it may not know of.
 * WHY by the same organization: its own acts raise no alert to it, and others' do.
 * @returns what is to be appended now
 */
export async function foldEdits(
  windowSeconds: number,
  manager: EntityManager,
  change: Change,
): Promise<LogEntry[]> {
  const { edits, others } = apart(change.entries);
  if (!windowSeconds || !edits.length) return change.entries;
  const folded = await manager.query<{ itemId: string }[]>(FOLD, [
    change.now,
    change.by.organizationId,
    change.by.uuid,
    JSON.stringify(edits),
    windowSeconds,
  ]);
  const put = new Set(folded.map((row) => row.itemId));
  return [...others, ...edits.filter((edit) => !put.has(edit.itemId))];
}

/** The edits, one an item; but where anything else is told of an item, all that is told of it is among the others. */
function apart(entries: readonly LogEntry[]): { edits: Edit[]; others: LogEntry[] } {
  const told = new Set(entries.filter((e) => !isEdit(e)).map((e) => e.itemId));
  const edits = new Map<string, Edit>();
  const others: LogEntry[] = [];
  for (const entry of entries) {
    if (!isEdit(entry) || told.has(entry.itemId)) {
      others.push(entry);
      continue;
    }
    const same = edits.get(entry.itemId);
    edits.set(entry.itemId, {
      ...entry,
      changed: entry.changed | (same?.changed ?? 0),
      linked: [...new Set([...(same?.linked ?? []), ...(entry.linked ?? [])])],
    });
  }
  return { edits: [...edits.values()], others };
}

/**
 * Appends the edits whose window has ended, as of now: whom they reach is judged at that place. Of several processes the
 * first finds them.
 */
export async function appendDueEdits(hub: Hub, log: LogTransport): Promise<void> {
  await hub.dataSource.transaction(async (manager) => {
    await holdPolicy(manager);
    await log.lock(manager);
    const due = new Date(hub.now());
    const [after] = await manager.query<[{ at: string }]>(
      `SELECT ms(greatest(policy_changed_at, (SELECT max(edited_at) FROM log_pending WHERE due_at <= $1))) AS at FROM hub`,
      [due],
    );
    const at = new Date(hub.nextInstant(Number(after.at)));
    const appended = await manager.query<object[]>(APPEND_DUE, [due, at, MOST_AT_ONCE]);
    if (appended.length) await log.notify(manager);
  });
}

const FOLD = `
  INSERT INTO log_pending AS p (item_id, actor_organization_id, actor_account_id, changed, linked, tlp, edited_at, due_at)
  SELECT e."itemId", $2, $3, e.changed, coalesce(e.linked, '{}'), (SELECT i.tlp FROM item i WHERE i.id = e."itemId"), $1,
    coalesce(told.at, $1) + make_interval(secs => $5)
  FROM jsonb_to_recordset($4::jsonb) AS e("itemId" uuid, changed int, linked uuid[])
  CROSS JOIN LATERAL (
    SELECT bit_or(t.changed) AS changed, array_agg(l) FILTER (WHERE l IS NOT NULL) AS linked, max(t.at) AS at
    FROM (
      SELECT changed, linked, at FROM log WHERE item_id = e."itemId" AND actor_organization_id = $2 AND type = 'ITEM_UPDATED'
        AND at > $1::timestamptz - make_interval(secs => $5)
      UNION ALL SELECT changed, linked, NULL FROM log_pending WHERE item_id = e."itemId" AND actor_organization_id = $2
    ) t LEFT JOIN unnest(t.linked) l ON true
  ) told
  WHERE e.changed & ~told.changed = 0 AND coalesce(e.linked, '{}') <@ coalesce(told.linked, '{}')
  ON CONFLICT (item_id, actor_organization_id) DO UPDATE SET actor_account_id = excluded.actor_account_id,
    changed = p.changed | excluded.changed, tlp = excluded.tlp, edited_at = excluded.edited_at,
    linked = ARRAY(SELECT DISTINCT unnest(p.linked || excluded.linked))
  RETURNING item_id AS "itemId"`;

const APPEND_DUE = `
  WITH due AS (SELECT item_id, actor_organization_id FROM log_pending WHERE due_at <= $1 ORDER BY due_at LIMIT $3),
  gone AS (
    DELETE FROM log_pending p USING due d
    WHERE p.item_id = d.item_id AND p.actor_organization_id = d.actor_organization_id RETURNING p.*),
  told AS (
    INSERT INTO log (at, type, actor_organization_id, actor_account_id, item_id, changed, linked, tlp)
    SELECT $2, 'ITEM_UPDATED', actor_organization_id, actor_account_id, item_id, changed, linked, tlp
    FROM gone ORDER BY due_at, item_id RETURNING seq)
  SELECT seq FROM told`;
