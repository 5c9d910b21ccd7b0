import {
  type Cipher,
  createCipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
} from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Pool } from "pg";
import type { Logger } from "pino";
import type { DataSource } from "typeorm";
import type { Config } from "./config";
import { ItemCursor, LogCursor } from "./cursors";
import type { Session } from "./auth/viewer";
import { FanOut } from "./alert/fan-out";
import { AlertLog } from "./alert/log";
import { LogTrim } from "./alert/trim-log";
import { Sweep } from "./alert/sweep";
import { Watches } from "./alert/watches";
import { Ledger } from "./ledger/ledger";
import { Turns } from "./turns";
import { Directory } from "./sharing/directory";

/** Where time comes from; tests bring their own. */
export interface Clock {
  /** Milliseconds since 1970 UTC. */
  now(): number;
}

const USAGE_MS = 30_000;
const RETRY_MS = 200;

/** What one running process consists of, made once by `startHub`. */
export class Hub {
  readonly pool: Pool;
  readonly directory: Directory;
  readonly log: AlertLog;
  readonly fanOut: FanOut;
  readonly watches: Watches;
  readonly ledger: Ledger;
  readonly sweep: Sweep;
  readonly logTrim: LogTrim;
  /** Positions in lists, sealed. */
  itemCursor!: ItemCursor;
  /** Positions in the log, sealed. */
  logCursor!: LogCursor;
  /**
   * Changes under way. WHY a bound: what a change reads on the way comes over other connections of the same pool, and
   * if changes held them all, each would wait for the others for ever.
   */
  readonly changing = new Turns(8);
  /** Whether it no longer takes requests. */
  stopping = false;
  private readonly usedKeys = new Map<string, Date>();
  private readonly usage: NodeJS.Timeout;
  private secret: Uint8Array = new Uint8Array();
  private hubIdCipher!: Cipher;
  private shown = { uuid: "", hubId: "" };
  private credentialKey!: KeyObject;
  private latest = 0;
  private told = 0;

  constructor(
    readonly config: Config,
    readonly dataSource: DataSource,
    readonly databaseUrl: string,
    readonly logger: Logger,
    private readonly clock: Clock,
  ) {
    // WHY the driver's pool: prepared statements and raw rows on the hot paths, on the same connections.
    this.pool = (dataSource.driver as unknown as { master: Pool }).master;
    this.directory = new Directory(dataSource);
    this.log = new AlertLog(this);
    this.fanOut = new FanOut(this);
    this.watches = new Watches(this.pool);
    this.ledger = new Ledger(this);
    this.sweep = new Sweep(this);
    this.logTrim = new LogTrim(this);
    this.usage = setInterval(() => void this.writeUsage(), USAGE_MS).unref();
  }

  async open(): Promise<void> {
    const [row] = await this.dataSource.query<[{ secret: Buffer; latest: Date | null }]>(
      `SELECT secret, greatest(policy_changed_at, (SELECT max(at) FROM (SELECT at FROM log ORDER BY seq DESC LIMIT 10000) newest),
         (SELECT max(edited_at) FROM log_pending)) AS latest FROM hub`,
    );
    this.secret = row.secret;
    this.itemCursor = new ItemCursor(this.keyFor("item cursor"));
    this.logCursor = new LogCursor(this.keyFor("log cursor"));
    // WHY one cipher for all: a block of a block cipher is a keyed permutation, and each block stands for itself.
    this.hubIdCipher = createCipheriv("aes-256-ecb", this.keyFor("hub id"), null);
    this.credentialKey = createSecretKey(this.keyFor("credential"));
    if (row.latest instanceof Date) this.latest = row.latest.getTime();
    // What ends from the first start on is told; what ended before there was anybody to tell is not.
    await this.pool.query("UPDATE hub SET swept_until = $1 WHERE swept_until IS NULL", [
      new Date(this.now()),
    ]);
    await this.directory.refresh();
    await this.watches.refresh();
    await this.log.open();
    this.fanOut.open();
  }

  async close(): Promise<void> {
    clearInterval(this.usage);
    await this.sweep.close();
    await this.fanOut.close();
    await this.logTrim.close();
    await this.log.close();
    await this.ledger.close();
    await this.writeUsage();
  }

  /** Remembers that a key was used; written in batches. */
  used({ keyId }: Session): void {
    const at = new Date(this.now());
    this.usedKeys.set(keyId, at);
    const key = this.directory.keys.get(keyId);
    if (key) key.lastUsedAt = at;
  }

  private async writeUsage(): Promise<void> {
    if (!this.usedKeys.size) return;
    const used = [...this.usedKeys];
    this.usedKeys.clear();
    await this.pool
      .query(
        `UPDATE api_key k SET last_used_at = u.at FROM unnest($1::uuid[], $2::timestamptz[]) AS u(id, at) WHERE k.id = u.id`,
        [used.map(([id]) => id), used.map(([, at]) => at)],
      )
      .catch((err: unknown) =>
        this.logger.warn({ err }, "the last use of keys could not be written"),
      );
  }

  /**
   * The present instant; never before the latest change that this process knows of, nor before an instant that it told:
   * a clock that is set back brings no right back that has ended.
   */
  now(): number {
    return (this.told = Math.max(this.clock.now(), this.latest, this.told));
  }

  /**
   * The instant of a change: later than every change before it, so that "immediately before" is a millisecond less.
   * @param after milliseconds; an instant that it must also follow
   */
  nextInstant(after: number): number {
    return (this.latest = Math.max(this.now(), this.latest + 1, after + 1));
  }

  /** Another node acted at this instant: what it did is not in the future, whatever this clock says. */
  heardOf(instant: number): void {
    this.latest = Math.max(this.latest, instant);
  }

  /** Waits until the database answers; whether it was away. */
  async whenReached(): Promise<boolean> {
    for (let away = false; ; away = true) {
      try {
        await this.pool.query("SELECT 1");
        return away;
      } catch {
        if (this.stopping) return away;
        await delay(RETRY_MS);
      }
    }
  }

  /** The STIX UUID under which an item is shown to those who may not know its source: a keyed hash of its own. */
  hubId = (uuid: string): string => {
    // Of one item it is asked for once for each class of an alert's audience.
    if (uuid !== this.shown.uuid) this.shown = { uuid, hubId: this.enciphered(uuid) };
    return this.shown.hubId;
  };

  private enciphered(uuid: string): string {
    const h = this.hubIdCipher.update(Buffer.from(uuid.replaceAll("-", ""), "hex"));
    h[6] = ((h[6] ?? 0) & 0x0f) | 0x40;
    h[8] = ((h[8] ?? 0) & 0x3f) | 0x80;
    const x = h.toString("hex");
    return `${x.slice(0, 8)}-${x.slice(8, 12)}-${x.slice(12, 16)}-${x.slice(16, 20)}-${x.slice(20, 32)}`;
  }

  /** A key for one purpose, derived from the hub's secret: 32 bytes, the same on every node and after every restart. */
  keyFor(purpose: string): Buffer {
    return Buffer.from(hkdfSync("sha256", this.secret, "musubi", purpose, 32));
  }

  /** Keyed hash of a credential, as the database holds it. */
  credentialHash(credential: string): Buffer {
    return createHmac("sha256", this.credentialKey).update(credential).digest();
  }
}
