import type { FieldMask } from "./fields";
import type { Instant } from "./parties";
import type { AccessPathKind, ItemKind } from "./vocabulary";

/** The kinds of items that have rows of their own. */
export type StoredKind = ItemKind.INCIDENT | ItemKind.INDICATOR | ItemKind.ADVISORY;

/** What a decision may know of an item itself. */
export interface ItemFacts {
  id: string;
  kind: StoredKind;
  ownerId: string;
  tlp: number;
  pap: number;
  attribution: number;
  /** Infinity: never. */
  submittedAt: Instant;
  /** Of all its releases that ever were. */
  audiences: readonly AudienceFacts[];
}

/** What a decision may know of one audience of one release: a row of `release_audience`. */
export interface AudienceFacts {
  releaseId: string;
  kind: StoredKind;
  ownerId: string;
  path: ReleasePath;
  /** The agreement (AGREEMENT), organization (BILATERAL) or account (NAMED) reached, or EVERYONE. */
  target: string;
  /** The audience group; null but for AGREEMENT. */
  toGroupId: string | null;
  /** The origin group of the release; null where it has none. */
  fromGroupId: string | null;
  /** The agreement version under which it was released; null but for AGREEMENT. */
  versionId: string | null;
  tlp: number;
  pap: number;
  withheld: FieldMask;
  releasedAt: Instant;
  liveFrom: Instant;
  liveUntil: Instant;
}

export type ReleasePath =
  | AccessPathKind.AGREEMENT
  | AccessPathKind.BILATERAL
  | AccessPathKind.NAMED
  | AccessPathKind.PUBLIC;

/** The target of a release to everyone. */
export const EVERYONE = "00000000-0000-0000-0000-000000000000";
