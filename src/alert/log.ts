import { Client } from "pg";
import type { EntityManager } from "typeorm";
import type { Hub } from "../hub";
import type { ItemRow } from "../sharing/disclosure";
import { loadItemsOfAnyKind } from "../sharing/item-rows";
import type { Change } from "../transaction";

export type AlertTypeName =
  | "ITEM_RELEASED"
  | "ITEM_UPDATED"
  | "ITEM_WITHDRAWN"
  | "ACCESS_ENDED"
  | "SIGHTING_ADDED"
  | "WATCH_MATCHED"
  | "RELEASE_PROPOSED"
  | "RELEASE_DECIDED"
  | "MEMBERSHIP_CHANGED"
  | "AGREEMENT_CHANGED"
  | "ACCOUNT_CHANGED"
  | "OBLIGATION_DUE"
  | "OBLIGATION_OVERDUE";

/** What a change adds to the log. Who gets it is decided when it is delivered. */
export interface LogEntry {
  type: AlertTypeName;
  /** ACCESS_ENDED without an item: whatever rights ended at the entry's instant. */
  itemId?: string;
  releaseId?: string;
  /** The target of a sighting's path. */
  target?: string;
  /** The organization that it concerns. */
  organizationId?: string;
  groupIds?: string[];
  /** Global id of the membership, agreement version, release or account that it is about. */
  subject?: string;
  /** The fields that changed, as a mask; absent: what is shown to anybody may have. */
  changed?: number;
  /** The items to which links were added or removed. */
  linked?: string[];
  /** The rank of the item's TLP before, where this changed it. */
  tlpBefore?: number;
  /** How many items one submission released to one audience alike; `itemId` is then that of the first. */
  count?: number;
  /** Releases of one submission with the same key reach the same viewers alike, and are folded. Not stored. */
  alike?: string;
}

export interface LogRow {
  seq: number;
  at: number;
  type: AlertTypeName;
  actorOrganizationId: string;
  itemId: string | null;
  releaseId: string | null;
  target: string | null;
  organizationId: string | null;
  groupIds: string[];
  subject: string | null;
  changed: number;
  linked: string[];
  count: number;
  /** The item's TLP at this place, and immediately before; null: no item, or an entry older than this column. */
  tlp: number | null;
  tlpBefore: number | null;
}

/** Whose acts are those that the clock does: nobody's own. */
export const THE_CLOCK = "00000000-0000-0000-0000-000000000000";

const LOG_LOCK = 7_264_003;
const CHANNEL = "musubi_log";
const TAIL = 5_000;
const BATCH = 500;
const POLL_MS = 1_000;
const KEPT_ITEMS = 1_000;
const COLUMNS = `seq, ms(at) AS at, type, actor_organization_id AS "actorOrganizationId", item_id AS "itemId",
  release_id AS "releaseId", target, organization_id AS "organizationId", group_ids AS "groupIds", subject, changed, linked, count,
  tlp, coalesce(tlp_before, tlp) AS "tlpBefore"`;

/**
 * The ordered log: numbers grow in commit order, and nothing ever appears below a number that a reader has seen.
 * One reader a process keeps the newest rows in memory for all subscribers; NOTIFY only wakes it up.
 */
export class AlertLog {
  private tail: LogRow[] = [];
  private head = 0;
  private listener: Client | null = null;
  private closed = false;
  private poll: NodeJS.Timeout | undefined;
  private pumping: Promise<void> | null = null;
  private again = false;
  private waiters = new Set<() => void>();
  private readonly items = new Map<number, Promise<ItemRow | null>>();
  private linked: { seq: number; items: Promise<Map<string, ItemRow>> } | null = null;

  /** Called after each reading, before subscribers see what was read. */
  onWake: () => void = () => undefined;

  constructor(private readonly hub: Hub) {}

  async open(): Promise<void> {
    this.head = await this.last();
    await this.listen();
    // A notification can be lost with a connection that hangs; then this is what finds out.
    this.poll = setInterval(() => this.wake(), POLL_MS).unref();
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.poll);
    this.release();
    await this.listener?.end().catch(() => undefined);
    await this.pumping;
  }

  /** Writes a change's entries within its transaction. The caller holds the log's lock until the commit. */
  async append(manager: EntityManager, change: Change): Promise<void> {
    if (change.entries.length) {
      await manager.query(
        `INSERT INTO log (at, type, actor_organization_id, actor_account_id, item_id, release_id, target, organization_id,
           group_ids, subject, changed, linked, count, tlp, tlp_before)
         SELECT $1, e.type, $2, $3, e."itemId", e."releaseId", e.target, e."organizationId",
           coalesce(e."groupIds", '{}'), e.subject, coalesce(e.changed, -1), coalesce(e.linked, '{}'), coalesce(e.count, 1),
           (SELECT i.tlp FROM item i WHERE i.id = e."itemId"), e."tlpBefore"
         FROM ROWS FROM (jsonb_to_recordset($4::jsonb) AS (type text, "itemId" uuid, "releaseId" uuid, target uuid,
           "organizationId" uuid, "groupIds" uuid[], subject text, changed int, linked uuid[], count int, "tlpBefore" smallint)) WITH ORDINALITY
           AS e(type, "itemId", "releaseId", target, "organizationId", "groupIds", subject, changed, linked, count, "tlpBefore", n) ORDER BY n`,
        [change.now, change.by.organizationId, change.by.uuid, JSON.stringify(change.entries)],
      );
    }
    await this.notify(manager);
  }

  /** Held until the commit, so that numbers are in commit order and none appears below one that was seen. */
  async lock(manager: EntityManager): Promise<void> {
    await manager.query(`SELECT pg_advisory_xact_lock(${LOG_LOCK})`);
  }

  /** Wakes every node up, once the transaction is committed. */
  async notify(manager: EntityManager): Promise<void> {
    await manager.query(`NOTIFY ${CHANNEL}`);
  }

  /** The newest number that every row below has been seen up to. */
  async last(): Promise<number> {
    const { rows } = await this.hub.pool.query<{ seq: string | null }>(
      "SELECT max(seq) AS seq FROM log",
    );
    return Number(rows[0]?.seq ?? 0);
  }

  get position(): number {
    return this.head;
  }

  /** Up to `limit` rows after a number, in order: from memory where it reaches, else from the table. */
  async after(seq: number, limit: number): Promise<LogRow[]> {
    const first = this.tail[0];
    if (first && seq >= first.seq - 1) {
      let low = 0;
      for (let high = this.tail.length; low < high;) {
        const middle = (low + high) >> 1;
        if ((this.tail[middle]?.seq ?? Infinity) <= seq) low = middle + 1;
        else high = middle;
      }
      return this.tail.slice(low, low + limit);
    }
    // Not beyond what the reader of this process has seen: the directory has not followed yet.
    return seq >= this.head ? [] : this.readTable(seq, limit, this.head);
  }

  /** Resolves when there may be rows after a number, or when `signal` fires. */
  changed(seq: number, signal: AbortSignal): Promise<void> {
    if (this.head > seq || this.closed || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        this.waiters.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.waiters.add(done);
      signal.addEventListener("abort", done);
    });
  }

  /** The item of an entry with its whole history, read once for all subscribers. */
  itemOf(row: LogRow): Promise<ItemRow | null> {
    const { itemId } = row;
    if (itemId === null) return Promise.resolve(null);
    return this.items.get(row.seq) ?? this.keep(row, loadItemsOfAnyKind(this.hub.pool, [itemId]));
  }

  /** Reads the items of many entries at once, for `itemOf`. */
  prefetch(rows: readonly LogRow[]): void {
    const missing = rows.filter((row) => row.itemId !== null && !this.items.has(row.seq));
    if (!missing.length) return;
    const ids = [...new Set(missing.flatMap((row) => row.itemId ?? []))];
    const items = loadItemsOfAnyKind(this.hub.pool, ids);
    for (const row of missing) void this.keep(row, items);
  }

  /** The items to which an entry says that links were added or removed, read once for all subscribers. */
  async linkedOf(row: LogRow): Promise<ItemRow[]> {
    if (this.linked?.seq !== row.seq)
      this.linked = { seq: row.seq, items: loadItemsOfAnyKind(this.hub.pool, row.linked) };
    return [...(await this.linked.items).values()];
  }

  private keep(row: LogRow, items: Promise<Map<string, ItemRow>>): Promise<ItemRow | null> {
    const item = items.then((found) => found.get(row.itemId ?? "") ?? null);
    item.catch(() => this.items.delete(row.seq));
    this.items.set(row.seq, item);
    const [oldest] = this.items.keys();
    if (this.items.size > KEPT_ITEMS && oldest !== undefined) this.items.delete(oldest);
    return item;
  }

  /** Reads what is new; a call during a reading makes it read once more. */
  wake(): void {
    if (this.closed) return;
    if (this.pumping) {
      this.again = true;
      return;
    }
    this.pumping = this.pump()
      .catch((error: unknown) =>
        this.hub.logger.error({ err: error }, "reading the log failed; will try again"),
      )
      .finally(() => {
        this.pumping = null;
        if (this.again) {
          this.again = false;
          this.wake();
        }
      });
  }

  /** Resolves when everything that was committed before the call has been read. */
  async caughtUp(): Promise<void> {
    // A reading under way may have begun before the last commit; the one after it has not.
    await this.pumping;
    this.wake();
    await this.pumping;
  }

  private async pump(): Promise<void> {
    for (;;) {
      const rows = await this.readTable(this.head, BATCH);
      // INVARIANT: a subscriber never sees a row before the policy that it follows.
      await this.hub.directory.refresh();
      this.onWake();
      const last = rows.at(-1);
      if (last) {
        // WHY: to a node whose clock is behind, what has just been released would not be yet, and its alert be lost.
        this.hub.follow(Math.max(...rows.map((row) => row.at)));
        this.tail.push(...rows);
        if (this.tail.length > TAIL) this.tail.splice(0, this.tail.length - TAIL);
        this.head = last.seq;
      }
      this.release();
      if (rows.length < BATCH) return;
    }
  }

  private release(): void {
    for (const waiter of this.waiters) waiter();
  }

  private async readTable(
    seq: number,
    limit: number,
    upTo = Number.MAX_SAFE_INTEGER,
  ): Promise<LogRow[]> {
    const { rows } = await this.hub.pool.query<
      Omit<LogRow, "seq" | "at"> & { seq: string; at: string }
    >({
      name: "log after",
      text: `SELECT ${COLUMNS} FROM log WHERE seq > $1 AND seq <= $3 ORDER BY seq LIMIT $2`,
      values: [seq, limit, upTo],
    });
    return rows.map((row) => ({ ...row, seq: Number(row.seq), at: Number(row.at) }));
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
    client.on("notification", () => this.wake());
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      this.wake();
    } catch {
      again();
    }
  }
}
