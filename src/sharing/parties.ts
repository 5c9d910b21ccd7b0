import type { Terms } from "./terms";
import type { Affiliation, MembershipState, OrganizationKind, Role } from "./vocabulary";

/** Instants are milliseconds since 1970 UTC; Infinity: never. Periods are [from, until). */
export type Instant = number;

export interface Period {
  from: Instant;
  until: Instant;
}

/** One state of a membership, from `at` until the next change. */
export interface MembershipChangeFact {
  state: MembershipState;
  at: Instant;
}

export interface VersionFact {
  id: string;
  number: number;
  terms: Terms;
  signWithinMs: number;
  /** null while it is a draft. */
  proposedAt: Instant | null;
  effectiveFrom: Instant;
  effectiveUntil: Instant;
  terminatedAt: Instant;
}

export interface SignatureFact {
  versionId: string;
  at: Instant;
}

export interface AgreementFact {
  id: string;
  fromGroupId: string;
  toGroupId: string;
  /** By number, ascending. */
  versions: VersionFact[];
  signatures: ReadonlyMap<string, readonly SignatureFact[]>;
}

/** What the policy knows of the parties: everything that is needed at any instant, and nothing of any item. */
export interface Parties {
  operatorId: string | null;
  /** Another object after each change of what is said here, so that what was concluded from it may be kept under it. */
  readonly edition?: object;
  /** Changes by time, ascending; empty where there never was a membership. */
  membershipChanges(organizationId: string, groupId: string): readonly MembershipChangeFact[];
  /** The agreements under which members of one of these groups may receive. */
  agreementsTo(organizationId: string): readonly AgreementFact[];
  agreement(id: string): AgreementFact | undefined;
}

/** Who asks. */
export interface Viewer {
  organizationId: string;
  organizationKind: OrganizationKind;
  accountId: string;
  roles: readonly Role[];
  affiliation: Affiliation;
  /** Whether the credential was made by the account itself; another's never opens NAMED nor anything RED. */
  ownCredential: boolean;
}

/** null: anonymous. */
export type MaybeViewer = Viewer | null;
