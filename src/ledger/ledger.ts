import { setTimeout as delay } from "node:timers/promises";
import type { Hub } from "../hub";
import type { ItemRow, ItemView } from "../sharing/disclosure";
import type { Instant, MaybeViewer } from "../sharing/parties";
import type { Decision, HeldPath } from "../sharing/policy";
import { Tlp, tlpRank } from "../sharing/tlp";
import { AccessPathKind } from "../sharing/vocabulary";
import { chain, Chain, type Entry, ENTRY_TEXT } from "./chain";

/** By which way an item was read. */
export type Channel = "query" | "subscription" | "webhook" | "mail";

/** Of several paths the one that says most of the reader; the newest release of equals. */
function told(paths: readonly HeldPath[]): HeldPath | undefined {
  if (paths.length < 2) return paths[0];
  const rank = (p: HeldPath): number => ORDER.indexOf(p.kind);
  return paths.toSorted(
    (a, b) => rank(a) - rank(b) || (b.audience?.releasedAt ?? 0) - (a.audience?.releasedAt ?? 0),
  )[0];
}

const ORDER = [
  AccessPathKind.OPERATOR,
  AccessPathKind.NAMED,
  AccessPathKind.BILATERAL,
  AccessPathKind.AGREEMENT,
  AccessPathKind.PUBLIC,
];

/** `2026-04-01`, in UTC. Everything that one request reads has the same. */
function dayOf(now: number): string {
  if (now !== latest.now) latest = { now, day: new Date(now).toISOString().slice(0, 10) };
  return latest.day;
}
let latest = { now: NaN, day: "" };

/** Readings of one item by one account, by one path and channel, on one day. */
interface Reading {
  item: string;
  owner: string;
  organization: string;
  account: string;
  path: AccessPathKind;
  version: string | null;
  group: string | null;
  channel: Channel;
  day: string;
  firstAt: number;
  lastAt: number;
  count: number;
}

const FLUSH_MS = 500;
const BATCH = 500;
const RETRY_MS = 100;
/** Of the ten seconds in which the hub stops; the rest is for requests and sockets. */
const PATIENCE_MS = 3_000;

const WRITE = `
  INSERT INTO disclosure AS e (item_id, owner_id, organization_id, account_id, path, version_id, group_id, channel, day,
    first_at, last_at, count)
  SELECT item, owner, organization, account, path, version, "group", channel, day,
    to_timestamp("firstAt" / 1000.0), to_timestamp("lastAt" / 1000.0), count
  FROM jsonb_to_recordset($1::jsonb) AS t(item uuid, owner uuid, organization uuid, account uuid, path text,
    version uuid, "group" uuid, channel text, day date, "firstAt" bigint, "lastAt" bigint, count int)
  RETURNING e.id, 'disclosure' AS kind, ${ENTRY_TEXT.disclosure} AS entry`;
const GREEN = tlpRank(Tlp.GREEN);

/**
 * The disclosure ledger: who of another organization read what above TLP:GREEN, by which path, and each reading by the
 * operator. Written in batches off the request's path, at most half a second later; none is lost at a shutdown.
 */
export class Ledger {
  private entries = new Map<string, Reading>();
  private timer: NodeJS.Timeout | null = null;
  private writing: Promise<void> = Promise.resolve();

  readonly chain: Chain;

  constructor(private readonly hub: Hub) {
    this.chain = new Chain(hub);
  }

  private soon(): void {
    this.timer ??= setTimeout(() => void this.flush(), FLUSH_MS);
  }

  /** Notes that an item was shown to a viewer, by a decision at an instant. */
  record(
    { viewer, now }: { viewer: MaybeViewer; now: Instant },
    item: ItemRow,
    decision: Decision,
    view: ItemView,
    channel: Channel,
  ): void {
    if (!viewer || viewer.organizationId === item.ownerId) return;
    const path = told(decision.paths);
    if (!path) return;
    if (path.kind !== AccessPathKind.OPERATOR && Math.max(item.tlp, tlpRank(view.tlp)) <= GREEN)
      return;
    const version = path.right?.grant?.version.id ?? null;
    const day = dayOf(now);
    const key = `${item.id} ${viewer.accountId} ${path.kind} ${version} ${channel} ${day}`;
    const known = this.entries.get(key);
    if (known) {
      known.count++;
      known.lastAt = now;
    } else {
      this.entries.set(key, {
        item: item.id,
        owner: item.ownerId,
        organization: viewer.organizationId,
        account: viewer.accountId,
        path: path.kind,
        version,
        group: path.audience?.toGroupId ?? null,
        channel,
        day,
        firstAt: now,
        lastAt: now,
        count: 1,
      });
    }
    this.soon();
  }

  /** Writes what was recorded until now. */
  flush(): Promise<void> {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    const entries = [...this.entries.values()];
    this.entries = new Map();
    this.writing = this.writing.then(() => this.write(entries));
    return this.writing;
  }

  /** Writes what is left. While the database is away it is asked again and again, for a few seconds. */
  async close(): Promise<void> {
    for (const until = performance.now() + PATIENCE_MS; performance.now() < until;) {
      await this.flush();
      if (!this.entries.size) break;
      await delay(RETRY_MS);
    }
    if (this.timer) clearTimeout(this.timer);
    if (this.entries.size)
      this.hub.logger.fatal(
        { entries: this.entries.size },
        "readings were lost: the database is away",
      );
  }

  private async write(entries: Reading[]): Promise<void> {
    for (let i = 0; i < entries.length; i += BATCH) {
      const batch = entries.slice(i, i + BATCH);
      try {
        await this.writeBatch(batch);
      } catch (error) {
        this.hub.logger.error(
          { err: error, entries: batch.length },
          "the disclosure ledger could not be written; kept",
        );
        for (const entry of batch) this.keep(entry);
        this.soon();
      }
    }
  }

  /** WHY the lock after the rows: they refer to items, on which changes hold locks while they wait for this one. */
  private writeBatch(entries: Reading[]): Promise<void> {
    return this.hub.dataSource.transaction(async (manager) => {
      const written = await manager.query<Entry[]>(WRITE, [JSON.stringify(entries)]);
      await this.hub.log.lock(manager);
      await chain(manager, written, new Date(this.hub.now()));
    });
  }

  private keep(entry: Reading): void {
    const key = `${entry.item} ${entry.account} ${entry.path} ${entry.version} ${entry.channel} ${entry.day}`;
    const known = this.entries.get(key);
    if (known) {
      known.count += entry.count;
      known.firstAt = Math.min(known.firstAt, entry.firstAt);
    } else this.entries.set(key, entry);
  }
}
