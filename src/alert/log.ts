import type { EntityManager } from "typeorm";
import { WHOLE_ENTRY } from "../cursors";
import { HubError } from "../errors";
import type { Hub } from "../hub";
import type { ItemRow } from "../sharing/disclosure";
import { loadItemsOfAnyKind } from "../sharing/item-rows";
import type { Change } from "../transaction";
import { BEGINNING, type LogRow, type LogTransport } from "./log-entry";
import { LogStore } from "./log-store";

export type { AlertTypeName, LogEntry, LogRow } from "./log-entry";

const TAIL = 5_000;
const BATCH = 500;

/** The ordered log, as one process reads it: the newest rows in memory for all its subscribers. */
export class AlertLog {
  private tail: LogRow[] = [];
  private head = 0;
  private closed = false;
  private pumping: Promise<void> | null = null;
  private again = false;
  private waiters = new Set<() => void>();
  private linked: { seq: number; items: Promise<Map<string, ItemRow>> } | null = null;

  /** Called after each reading, before subscribers see what was read. */
  onWake: () => void = () => undefined;
  /** Called with what is new, while policy and watches are still brought up to date. */
  onRows: (rows: readonly LogRow[]) => void = () => undefined;

  private readonly store: LogTransport;

  constructor(private readonly hub: Hub) {
    this.store = new LogStore(hub);
  }

  async open(): Promise<void> {
    this.head = await this.store.last();
    await this.store.open(() => this.wake());
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.store.close();
    this.release();
    await this.pumping;
  }

  /** Writes a change's entries within its transaction. The caller holds the log's lock until the commit. */
  append(manager: EntityManager, change: Change): Promise<void> {
    return this.store.append(manager, change);
  }

  /** Held until the commit, so that numbers are in commit order and none appears below one that was seen. */
  lock(manager: EntityManager): Promise<void> {
    return this.store.lock(manager);
  }

  /** Wakes every process up, once the transaction is committed. */
  notify(manager: EntityManager): Promise<void> {
    return this.store.notify(manager);
  }

  /** The number of the newest row that this process has read. */
  get position(): number {
    return this.head;
  }

  /**
   * Up to `limit` rows after a number, in order: from memory where it reaches, else from where the log is kept.
   * Throws BAD_USER_INPUT where rows after the number are no longer kept.
   */
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
    if (seq >= this.head) return [];
    const rows = await this.store.after(seq, limit, this.head);
    // INVARIANT: asked after the reading, so that nothing is trimmed unnoticed between the two.
    if (seq !== BEGINNING && rows[0]?.seq !== seq + 1) await this.checkKept(seq);
    return rows;
  }

  private async checkKept(seq: number): Promise<void> {
    const { upto, before } = await this.store.trimmed();
    if (seq >= upto) return;
    const keptSince = new Date(before).toISOString();
    const message =
      `is too old: alerts of before ${keptSince} are no longer kept, and some may have been missed. ` +
      "Read the items anew, then go on after the cursor in `resumeAfter`.";
    throw new HubError("BAD_USER_INPUT", `after: ${message}`, [{ path: "after", message }], {
      reason: "CURSOR_EXPIRED",
      keptSince,
      resumeAfter: this.hub.logCursor.seal({ seq: upto, sub: WHOLE_ENTRY }, true),
    });
  }

  /** Whether anything about one of some items has come since a number was the newest. */
  hasMore(itemIds: readonly string[], since: number): boolean {
    for (let i = this.tail.length - 1; i >= 0; i--) {
      const row = this.tail[i];
      if (!row || row.seq <= since) return false;
      if (row.itemId !== null && itemIds.includes(row.itemId)) return true;
    }
    return this.head > since;
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

  /** The items to which an entry says that links were added or removed, read once for all subscribers. */
  async linkedOf(row: LogRow): Promise<ItemRow[]> {
    if (this.linked?.seq !== row.seq)
      this.linked = { seq: row.seq, items: loadItemsOfAnyKind(this.hub.pool, row.linked) };
    return [...(await this.linked.items).values()];
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

  /** Resolves when everything that was committed, or was due to be told, before the call has been read. */
  async caughtUp(): Promise<void> {
    await this.store.appendDue();
    // A reading under way may have begun before the last commit; the one after it has not.
    await this.pumping;
    this.wake();
    await this.pumping;
  }

  private async pump(): Promise<void> {
    for (;;) {
      const rows = await this.store.after(this.head, BATCH);
      this.onRows(rows);
      // INVARIANT: a subscriber never sees a row before the policy, and the watches, that it follows.
      const last = rows.at(-1);
      await Promise.all([
        this.hub.directory.refresh(last?.policyVersion),
        this.hub.watches.refresh(last?.watchVersion),
      ]);
      this.onWake();
      if (last) {
        // INVARIANT: no row is delivered at an instant before its own, by which it would reach nobody.
        this.hub.heardOf(rows.reduce((latest, row) => Math.max(latest, row.at), 0));
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
}
