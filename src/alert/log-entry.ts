import type { EntityManager } from "typeorm";
import type { StoredKind } from "../sharing/facts";
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
  /** The ranks of a sighting's TLP and PAP. */
  sightingTlp?: number;
  sightingPap?: number;
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
  /** Of several: all of them, and by which release each, in the same order. */
  foldedItems?: string[];
  foldedReleases?: string[];
  /** Releases of one submission with the same key reach the same viewers alike, and are folded. Not stored. */
  alike?: string;
}

export interface LogRow {
  seq: number;
  at: number;
  type: AlertTypeName;
  actorOrganizationId: string;
  itemId: string | null;
  itemKind: StoredKind | null;
  releaseId: string | null;
  target: string | null;
  /** Of a sighting; null: of none, or of one older than these columns, which goes as its item is marked. */
  sightingTlp: number | null;
  sightingPap: number | null;
  organizationId: string | null;
  groupIds: string[];
  subject: string | null;
  changed: number;
  linked: string[];
  count: number;
  foldedItems: string[];
  foldedReleases: string[];
  /** The versions of the policy and of the watches that it follows, or later ones. */
  policyVersion: bigint;
  watchVersion: bigint;
  /** The item's TLP at this place, and immediately before; null: no item, or an entry older than this column. */
  tlp: number | null;
  tlpBefore: number | null;
}

/** Where a reading of all that is kept begins: below every number, and never too old. */
export const BEGINNING = -1;

/** Whose acts are those that the clock does: nobody's own. */
export const THE_CLOCK = "00000000-0000-0000-0000-000000000000";

/**
 * Where the log is kept, and how its readers hear of it: all that `AlertLog` knows of PostgreSQL. A broker that takes its
 * place keeps the two invariants.
 * INVARIANT: numbers grow in the order in which transactions commit, and nothing ever appears below a number that a reader
 * has seen.
 * INVARIANT: what is appended is there if and only if its transaction commits.
 */
export interface LogTransport {
  /** Begins to call `onWake` whenever there may be something new, and now and then without cause. */
  open(onWake: () => void): Promise<void>;
  close(): Promise<void>;
  /** Taken last by whoever appends, and held until the commit. */
  lock(manager: EntityManager): Promise<void>;
  /** Adds a change's entries within its transaction. The caller holds the lock. */
  append(manager: EntityManager, change: Change): Promise<void>;
  /** Appends what was put off and is due; whichever process gets there first. It also does so by itself, soon after. */
  appendDue(): Promise<void>;
  /** Wakes every process up, once the transaction is committed. */
  notify(manager: EntityManager): Promise<void>;
  /** Rows after a number, in order, up to `upTo`. */
  after(seq: number, limit: number, upTo?: number): Promise<LogRow[]>;
  /** The number up to which everything is there to read. */
  last(): Promise<number>;
  /** What is no longer kept: everything up to a number, all of it from before an instant in milliseconds. */
  trimmed(): Promise<{ upto: number; before: number }>;
}
