import { Client } from "pg";
import type { EntityManager } from "typeorm";
import type { Hub } from "../hub";
import type { Change } from "../transaction";
import { appendDueEdits, foldEdits } from "./fold-edits";
import type { LogRow, LogTransport } from "./log-entry";

/** What comes as text, for it may be too large for a number of JSON. */
type Numbers = "seq" | "at" | "policyVersion" | "watchVersion";

const LOG_LOCK = 7_264_003;
const CHANNEL = "musubi_log";
const POLL_MS = 1_000;
const COLUMNS = `seq, ms(at) AS at, type, actor_organization_id AS "actorOrganizationId", item_id AS "itemId",
  (SELECT kind FROM item WHERE item.id = item_id) AS "itemKind", release_id AS "releaseId", target, organization_id AS "organizationId", group_ids AS "groupIds", subject, changed, linked, count,
  tlp, coalesce(tlp_before, tlp) AS "tlpBefore", sighting_tlp AS "sightingTlp", sighting_pap AS "sightingPap",
  folded_items AS "foldedItems", folded_releases AS "foldedReleases"`;

/** The log in a table of PostgreSQL, its numbers given under a lock; NOTIFY only wakes the readers up. */
export class LogStore implements LogTransport {
  private listener: Client | null = null;
  private closed = false;
  private poll: NodeJS.Timeout | undefined;
  private appending: Promise<void> | null = null;
  private onWake: () => void = () => undefined;

  constructor(private readonly hub: Hub) {}

  async open(onWake: () => void): Promise<void> {
    this.onWake = onWake;
    await this.listen();
    // A notification can be lost with a connection that hangs; then this is what finds out.
    this.poll = setInterval(() => {
      void this.appendDue();
      onWake();
    }, POLL_MS).unref();
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.poll);
    await this.appending;
    await this.listener?.end().catch(() => undefined);
  }

  async append(manager: EntityManager, change: Change): Promise<void> {
    const entries = await foldEdits(this.hub.config.foldSeconds, manager, change);
    if (entries.length) {
      await manager.query(APPEND, [
        change.now,
        change.by.organizationId,
        change.by.uuid,
        JSON.stringify(entries),
      ]);
    }
    await this.notify(manager);
  }

  async lock(manager: EntityManager): Promise<void> {
    await manager.query(`SELECT pg_advisory_xact_lock(${LOG_LOCK})`);
  }

  async notify(manager: EntityManager): Promise<void> {
    await manager.query(`NOTIFY ${CHANNEL}`);
  }

  /** WHY a failure is told and no more: what was put off stays so, and is tried again. */
  async appendDue(): Promise<void> {
    // One that runs may have looked before the last was due.
    await this.appending;
    this.appending ??= this.findDue()
      .catch((err: unknown) =>
        this.hub.logger.error({ err }, "telling of folded edits failed; will try again"),
      )
      .finally(() => (this.appending = null));
    await this.appending;
  }

  private async findDue(): Promise<void> {
    for (let more = true; more;) {
      const { rows } = await this.hub.pool.query({
        name: "due edits",
        text: "SELECT FROM log_pending WHERE due_at <= $1 LIMIT 1",
        values: [new Date(this.hub.now())],
      });
      more = rows.length > 0 && !this.closed;
      if (more) await appendDueEdits(this.hub, this);
    }
  }

  async last(): Promise<number> {
    const { rows } = await this.hub.pool.query<{ seq: string | null }>(
      "SELECT greatest(log_trimmed_to, (SELECT max(seq) FROM log)) AS seq FROM hub",
    );
    return Number(rows[0]?.seq ?? 0);
  }

  async trimmed(): Promise<{ upto: number; before: number }> {
    const { rows } = await this.hub.pool.query<{ upto: string; before: string | null }>(
      "SELECT log_trimmed_to AS upto, ms(log_kept_since) AS before FROM hub",
    );
    return { upto: Number(rows[0]?.upto ?? 0), before: Number(rows[0]?.before ?? 0) };
  }

  async after(seq: number, limit: number, upTo = Number.MAX_SAFE_INTEGER): Promise<LogRow[]> {
    const { rows } = await this.hub.pool.query<Omit<LogRow, Numbers> & Record<Numbers, string>>({
      name: "log after",
      text: `SELECT ${COLUMNS}, (SELECT policy_version FROM hub) AS "policyVersion", (SELECT watch_version FROM hub) AS "watchVersion"
        FROM log WHERE seq > $1 AND seq <= $3 ORDER BY seq LIMIT $2`,
      values: [seq, limit, upTo],
    });
    return rows.map((row) => ({
      ...row,
      seq: Number(row.seq),
      at: Number(row.at),
      policyVersion: BigInt(row.policyVersion),
      watchVersion: BigInt(row.watchVersion),
    }));
  }

  private async listen(): Promise<void> {
    if (this.closed) return;
    const client = new Client({ connectionString: this.hub.databaseUrl, keepAlive: true });
    this.listener = client;
    const again = (): void => {
      if (this.listener !== client || this.closed) return;
      this.listener = null;
      setTimeout(() => void this.listen(), 500).unref();
    };
    client.on("error", again);
    client.on("end", again);
    client.on("notification", () => this.onWake());
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      this.onWake();
    } catch {
      again();
    }
  }
}

/** What waits to be told of an item is told immediately before anything else that is. */
const APPEND = `
  WITH e AS (
    SELECT * FROM ROWS FROM (jsonb_to_recordset($4::jsonb) AS (type text, "itemId" uuid, "releaseId" uuid, target uuid,
      "organizationId" uuid, "groupIds" uuid[], subject text, changed int, linked uuid[], count int, "tlpBefore" smallint,
      "sightingTlp" smallint, "sightingPap" smallint, "foldedItems" uuid[], "foldedReleases" uuid[]))
      WITH ORDINALITY AS e(type, "itemId", "releaseId", target, "organizationId", "groupIds", subject, changed, linked, count,
        "tlpBefore", "sightingTlp", "sightingPap", "foldedItems", "foldedReleases", n)),
  p AS (DELETE FROM log_pending WHERE item_id IN (SELECT "itemId" FROM e) RETURNING *)
  INSERT INTO log (at, type, actor_organization_id, actor_account_id, item_id, release_id, target, organization_id,
    group_ids, subject, changed, linked, count, tlp, tlp_before, sighting_tlp, sighting_pap, folded_items,
    folded_releases)
  SELECT at, type, organization, account, "itemId", "releaseId", target, "organizationId", "groupIds", subject, changed, linked,
    count, tlp, "tlpBefore", "sightingTlp", "sightingPap", coalesce("foldedItems", '{}'), coalesce("foldedReleases", '{}')
  FROM (
    SELECT greatest(edited_at, $1::timestamptz - interval '1 millisecond') AS at, 'ITEM_UPDATED' AS type,
      actor_organization_id AS organization, actor_account_id AS account, item_id AS "itemId", NULL::uuid AS "releaseId",
      NULL::uuid AS target, NULL::uuid AS "organizationId", '{}'::uuid[] AS "groupIds", NULL AS subject, changed, linked,
      1 AS count, tlp, NULL::smallint AS "tlpBefore",
      NULL::smallint AS "sightingTlp", NULL::smallint AS "sightingPap",
      NULL::uuid[] AS "foldedItems", NULL::uuid[] AS "foldedReleases", 0 AS n
    FROM p
    UNION ALL
    SELECT $1, e.type, $2, $3, e."itemId", e."releaseId", e.target, e."organizationId", coalesce(e."groupIds", '{}'), e.subject,
      coalesce(e.changed, -1), coalesce(e.linked, '{}'), coalesce(e.count, 1),
      (SELECT i.tlp FROM item i WHERE i.id = e."itemId"), e."tlpBefore", e."sightingTlp", e."sightingPap",
      e."foldedItems", e."foldedReleases", n
    FROM e
  ) added ORDER BY n, "itemId"`;
