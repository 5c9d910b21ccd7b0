import { randomUUID } from "node:crypto";
import type { Pool } from "pg";
import { QueryFailedError } from "typeorm";
import type { EntityManager, EntityTarget, ObjectLiteral } from "typeorm";
import type { LogEntry } from "./alert/log";
import type { Hub } from "./hub";
import type { Account } from "./auth/account.entity";
import { conflict } from "./errors";
import { globalId, type NodeType } from "./ids";
import { writeAudit } from "./ledger/audit";
import { chain } from "./ledger/chain";

/**
 * content: items and releases; any number at once. policy: parties and agreements; alone.
 * So nothing is released between the reading of an agreement and the writing of a release, and
 * "suspended, then released" can never be read as "released, then suspended".
 */
export type ChangeKind = "content" | "policy";

const POLICY_LOCK = 7_264_002;

/** Keeps policy as it is until the commit; any number of transactions do so at once. */
export async function holdPolicy(manager: EntityManager): Promise<void> {
  await manager.query(`SELECT pg_advisory_xact_lock_shared(${POLICY_LOCK})`);
}

/** Who changes something, and from where. */
export interface Origin {
  by: () => Account;
  /** The mutation, or what the process itself does. */
  act: string;
  keyId: string | null;
  address: string | null;
}

/** What a change did to one thing, for the audit log. */
interface Act {
  /** Its global id. */
  subject: string;
  /** The organization that it concerns, besides the one that acts. */
  aboutOrganizationId: string | null;
  before: object | null;
  after: object | null;
}

/** One change, all or nothing, with the alerts that it raises. */
export class Change {
  readonly entries: LogEntry[] = [];
  readonly acts: Act[] = [];

  constructor(
    readonly manager: EntityManager,
    private instant: Date,
    readonly by: Account,
    /** The policy version of rows that this change writes. */
    readonly version: string,
    private readonly next: (after: number) => number,
  ) {}

  /** The instant of this change. */
  get now(): Date {
    return this.instant;
  }

  /** Moves this change behind an instant that it turned out to follow, having waited for a lock. */
  follow(after: number): void {
    this.instant = new Date(this.next(after));
  }

  query<T extends ObjectLiteral[] = []>(sql: string, parameters?: unknown[]): Promise<T> {
    return this.manager.query<T>(sql, parameters);
  }

  /** This transaction as something that the reading functions can query. */
  asPool(): Pick<Pool, "query"> {
    const query = async (
      config: { text: string; values: unknown[] } | string,
      values?: unknown[],
    ): Promise<object> =>
      typeof config === "string"
        ? { rows: await this.manager.query(config, values) }
        : { rows: await this.manager.query(config.text, config.values) };
    return { query } as unknown as Pick<Pool, "query">;
  }

  /**
   * Adds a row of a party table and returns its UUID.
   * @param about the organization that it concerns; the row's own where it names one
   */
  async insert<T extends ObjectLiteral>(
    entity: EntityTarget<T>,
    values: Partial<T>,
    about: string | null = aboutOf(values),
  ): Promise<string> {
    const row = { uuid: randomUUID(), ...values };
    await this.manager.insert(entity, { ...row, version: this.version });
    this.record(subjectOf(entity, row.uuid), null, values, about);
    return row.uuid;
  }

  /** Changes a row of a party table; `about` as for `insert`. */
  async update<T extends ObjectLiteral>(
    entity: EntityTarget<T>,
    before: T & { uuid: string },
    values: Partial<T>,
    about: string | null = aboutOf(before),
  ): Promise<void> {
    await this.manager.update(entity, { uuid: before.uuid }, { ...values, version: this.version });
    const was = Object.fromEntries(Object.keys(values).map((key) => [key, before[key]]));
    this.record(subjectOf(entity, before.uuid), was, values, about);
  }

  /**
   * Notes an act for the audit log.
   * @param before what it was; never content of items, which the log's readers may not see
   */
  record(
    subject: string,
    before: object | null,
    after: object | null,
    aboutOrganizationId: string | null = null,
  ): void {
    this.acts.push({ subject, before, after, aboutOrganizationId });
  }

  /** Adds to the log; it is written with the change or not at all. */
  raise(entry: LogEntry): void {
    this.entries.push(entry);
  }
}

/**
 * Runs one change in one transaction. The log's rows are numbered under a lock that is held until the commit, so that
 * the log is in commit order and no reader ever finds a new row below one that it has seen.
 * Whatever `work` throws undoes everything.
 */
export async function change<T>(
  hub: Hub,
  origin: Origin,
  kind: ChangeKind,
  work: (change: Change) => Promise<T>,
): Promise<T> {
  let raised = false;
  const result = await hub.changing
    .run(() =>
      hub.dataSource.transaction(async (manager) => {
        if (kind === "content") await holdPolicy(manager);
        else await manager.query(`SELECT pg_advisory_xact_lock(${POLICY_LOCK})`);
        const [row] = await manager.query<
          [{ policy_version: string; changed: string | null; logged: string | null }]
        >(
          `SELECT policy_version, ms(policy_changed_at) AS changed,
              ${kind === "policy" ? "(SELECT ms(at) FROM log ORDER BY seq DESC LIMIT 1)" : "NULL"} AS logged FROM hub`,
        );
        if (BigInt(row.policy_version) !== hub.directory.version) await hub.directory.refresh();
        const after = Math.max(Number(row.changed ?? 0), Number(row.logged ?? 0));
        const now = new Date(hub.nextInstant(after));
        const version = (BigInt(row.policy_version) + 1n).toString();
        const made = new Change(manager, now, origin.by(), version, (later) =>
          hub.nextInstant(later),
        );
        const answer = await work(made);
        if (kind === "policy") {
          await manager.query("UPDATE hub SET policy_version = $1, policy_changed_at = $2", [
            version,
            now,
          ]);
        }
        const audited = await writeAudit(manager, made, origin);
        raised = made.entries.length > 0 || kind === "policy";
        if (raised || audited.length) await hub.log.lock(manager);
        await chain(manager, audited, made.now);
        if (raised) await hub.log.append(manager, made);
        return answer;
      }),
    )
    .catch((error: unknown) => {
      throw isTaken(error) ? conflict("Something with this name or id exists already.") : error;
    });
  if (kind === "policy") await hub.directory.refresh();
  if (raised) hub.log.wake();
  return result;
}

/** Two changes at once made what there may be only one of; the database let the first one win (SQLSTATE 23505). */
const isTaken = (error: unknown): boolean =>
  error instanceof QueryFailedError && error.driverError.code === "23505";

/** The words of global ids, by the name of the table's class. */
const NODES: Record<string, NodeType> = {
  Organization: "organization",
  Account: "account",
  ApiKey: "key",
  SectorGroup: "group",
  Coordinator: "coordinator",
  Membership: "membership",
  MembershipChange: "change",
  SharingAgreement: "agreement",
  AgreementVersion: "version",
  AgreementSignature: "signature",
};

function subjectOf(entity: EntityTarget<ObjectLiteral>, uuid: string): string {
  const name = typeof entity === "function" ? entity.name : "";
  const node = NODES[name];
  if (!node) throw new Error(`${name} is not audited`);
  return globalId(node, uuid);
}

/** The organization that a row of a party table belongs to, where it names one. */
const aboutOf = (row: object): string | null =>
  "organizationId" in row && typeof row.organizationId === "string" ? row.organizationId : null;
