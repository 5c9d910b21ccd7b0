import { type Grant, grantsOf, periodsInForce, termsOf } from "./agreement-periods";
import { ANY, type Condition, holds } from "./condition";
import { EVERYONE, type AudienceFacts, type ItemFacts, type ReleasePath } from "./facts";
import {
  type FieldMask,
  expanded,
  isWithheld,
  maskOf,
  WITHHOLD_ALL,
  WITHHOLD_NOTHING,
  WORDING,
} from "./fields";
import type { AgreementFact, Instant, MaybeViewer, Parties, VersionFact, Viewer } from "./parties";
import { type EffectiveTerms, narrower } from "./terms";
import { TLP_AMBER, TLP_AMBER_STRICT, TLP_CLEAR, TLP_RED } from "./tlp";
import { AccessPathKind, Affiliation, ItemKind, OrganizationKind, Role } from "./vocabulary";

// ── The rules ──────────────────────────────────────────────────────────────────────────────────────────────────
// Read top to bottom, this is the sharing policy: an item is visible where, for one right of the viewer, all
// conditions of its path hold.

/** OWNER: the viewer's organization owns it. */
export interface OwnerRight {
  ownerId: string;
  admitted: readonly number[];
}
export const OWNER_RULE: readonly Condition<ItemFacts, OwnerRight>[] = [
  {
    says: "the viewer's organization owns the item",
    fact: "ownerId",
    compare: "is",
    right: "ownerId",
  },
  { says: "the item's TLP admits this account", fact: "tlp", compare: "oneOf", right: "admitted" },
];

/** OWNER too: in the answer to the request that wrote it, an item is shown to the account that wrote it. */
export const AUTHOR_RULE: readonly Condition<ItemFacts, AuthorRight>[] = [
  {
    says: "the viewer's organization owns the item",
    fact: "ownerId",
    compare: "is",
    right: "ownerId",
  },
  { says: "the viewer wrote it in this request", fact: "id", compare: "oneOf", right: "written" },
];
export interface AuthorRight {
  ownerId: string;
  written: readonly string[];
}

/** OPERATOR: the viewer is an analyst of the operator, and the item was submitted. */
export interface OperatorRight {
  now: Instant;
  admitted: readonly number[];
}
export const OPERATOR_RULE: readonly Condition<ItemFacts, OperatorRight>[] = [
  {
    says: "the item was submitted to the operator",
    fact: "submittedAt",
    compare: "atMost",
    right: "now",
  },
  { says: "the item's TLP admits this account", fact: "tlp", compare: "oneOf", right: "admitted" },
];

/** AGREEMENT, BILATERAL, NAMED and PUBLIC: a live release reaches the viewer. */
export interface ReleaseRight {
  path: ReleasePath;
  target: string;
  kinds: readonly ItemKind[];
  tlpCeiling: number;
  papCeiling: number;
  admitted: readonly number[];
  heldFrom: Instant;
  heldUntil: Instant;
  retainedAfter: Instant;
  owners: readonly string[] | typeof ANY;
  versions: readonly string[] | typeof ANY;
  now: Instant;
  /** What the path gives where it holds. */
  withheld: FieldMask;
  attribution: number;
  retentionMs: number;
  grant: Grant | null;
}
/** What a rule reads of an audience; of a sighting, as if it were one. */
export type JudgedFacts = Pick<
  AudienceFacts,
  "target" | "ownerId" | "versionId" | "tlp" | "pap" | "releasedAt" | "liveFrom" | "liveUntil"
> & { kind: ItemKind };

/** What holds of a live release, whoever asks. */
export const LIVE_RULE: readonly Condition<JudgedFacts, { now: Instant }>[] = [
  { says: "the release is live", fact: "liveFrom", compare: "atMost", right: "now" },
  {
    says: "the release is not withdrawn, expired or superseded",
    fact: "liveUntil",
    compare: "after",
    right: "now",
  },
];
export const RELEASE_RULE: readonly Condition<JudgedFacts, ReleaseRight>[] = [
  { says: "a release reaches this audience", fact: "target", compare: "is", right: "target" },
  { says: "the terms cover this kind of item", fact: "kind", compare: "oneOf", right: "kinds" },
  { says: "these terms bind its owner", fact: "ownerId", compare: "oneOfOrAny", right: "owners" },
  {
    says: "these terms bind what was released under that version",
    fact: "versionId",
    compare: "oneOfOrAny",
    right: "versions",
  },
  {
    says: "the TLP is at most the agreement's ceiling",
    fact: "tlp",
    compare: "atMost",
    right: "tlpCeiling",
  },
  {
    says: "the PAP is at most the agreement's ceiling",
    fact: "pap",
    compare: "atMost",
    right: "papCeiling",
  },
  { says: "the TLP admits this account", fact: "tlp", compare: "oneOf", right: "admitted" },
  {
    says: "it was released while the right was held",
    fact: "releasedAt",
    compare: "atLeast",
    right: "heldFrom",
  },
  {
    says: "it was released before a gap in the right",
    fact: "releasedAt",
    compare: "before",
    right: "heldUntil",
  },
  {
    says: "its retention has not passed",
    fact: "releasedAt",
    compare: "after",
    right: "retainedAfter",
  },
  ...LIVE_RULE,
];

// ── The rights ─────────────────────────────────────────────────────────────────────────────────────────────────

/** Everything that one viewer may do with items at one instant. Computed per request and per alert, never kept. */
export interface Scope {
  viewer: MaybeViewer;
  now: Instant;
  owner: OwnerRight | null;
  author: AuthorRight | null;
  operator: OperatorRight | null;
  releases: readonly ReleaseRight[];
  byTarget: ReadonlyMap<string, readonly ReleaseRight[]>;
}

const EVERY_KIND: readonly ItemKind[] = Object.values(ItemKind);
const UP_TO_AMBER: readonly number[] = [TLP_CLEAR, 1, TLP_AMBER];
const UP_TO_STRICT: readonly number[] = [...UP_TO_AMBER, TLP_AMBER_STRICT];

/** AMBER_STRICT stays with employees; AMBER reaches contractors and clients too (TLP 2.0). RED is never among these. */
const admittedTo = (viewer: Viewer): readonly number[] =>
  viewer.affiliation === Affiliation.EMPLOYEE ? UP_TO_STRICT : UP_TO_AMBER;

/** `admittedTo`, and RED for an employee's own credential. */
const admittedWithRed = (viewer: Viewer): readonly number[] =>
  viewer.affiliation === Affiliation.EMPLOYEE && viewer.ownCredential
    ? [...UP_TO_STRICT, TLP_RED]
    : admittedTo(viewer);

export const isAnalyst = (viewer: MaybeViewer): boolean =>
  viewer?.organizationKind === OrganizationKind.OPERATOR && viewer.roles.includes(Role.ANALYST);

/** @param written the items that the viewer wrote in this very request */
export function scopeOf(
  viewer: MaybeViewer,
  parties: Parties,
  now: Instant,
  written: ReadonlySet<string> = new Set(),
): Scope {
  const releases: ReleaseRight[] = [direct(AccessPathKind.PUBLIC, EVERYONE, [TLP_CLEAR], now)];
  if (viewer) {
    const admitted = admittedTo(viewer);
    for (const grant of grantsOf(parties, viewer.organizationId, now)) {
      releases.push(...rightsUnder(parties, grant, admitted, now));
    }
    releases.push(direct(AccessPathKind.BILATERAL, viewer.organizationId, admitted, now));
    if (viewer.ownCredential) {
      releases.push(direct(AccessPathKind.NAMED, viewer.accountId, [...admitted, TLP_RED], now));
    }
  }
  const byTarget = new Map<string, ReleaseRight[]>();
  for (const right of releases) {
    const same = byTarget.get(right.target);
    if (same) same.push(right);
    else byTarget.set(right.target, [right]);
  }
  return {
    viewer,
    now,
    owner: viewer && { ownerId: viewer.organizationId, admitted: admittedWithRed(viewer) },
    author:
      viewer && written.size ? { ownerId: viewer.organizationId, written: [...written] } : null,
    operator: viewer && isAnalyst(viewer) ? { now, admitted: admittedWithRed(viewer) } : null,
    releases,
    byTarget,
  };
}

/** What one grant opens: a right for each period in which it was held and for each of the terms that bind owners. */
function rightsUnder(
  parties: Parties,
  grant: Grant,
  admitted: readonly number[],
  now: Instant,
): ReleaseRight[] {
  const agreement = parties.agreement(grant.agreementId);
  if (!agreement) return [];
  return bindings(agreement, parties.operatorId, now).flatMap(
    ({ owners, versions, terms: bound }) => {
      const terms = narrower(grant.terms, bound);
      const periods = terms.retroactive ? [{ from: -Infinity, until: Infinity }] : grant.held;
      return periods.map((period) => ({
        path: AccessPathKind.AGREEMENT as const,
        target: agreement.id,
        kinds: terms.kinds,
        tlpCeiling: terms.tlpCeiling,
        papCeiling: terms.papCeiling,
        admitted,
        heldFrom: period.from,
        heldUntil: period.until,
        retainedAfter: now - terms.retentionMs,
        owners,
        versions,
        now,
        withheld: terms.withheld,
        attribution: terms.attribution,
        retentionMs: terms.retentionMs,
        grant,
      }));
    },
  );
}

/** Terms that bind some owners' releases, of those released under some versions. */
interface Binding {
  owners: readonly string[] | typeof ANY;
  versions: readonly string[] | typeof ANY;
  terms: EffectiveTerms;
}

/**
 * By which terms released items are bound: the latest version in force by now that their owner signed. What was released
 * under a later one, while the older signature still counted, is bound by all of them. So a new version never widens an
 * old release without its owner.
 */
function bindings(agreement: AgreementFact, operatorId: string | null, now: Instant): Binding[] {
  const begun = periodsInForce(agreement)
    .filter(({ period }) => period.from <= now)
    .map(({ version }) => version);
  const [only] = begun;
  if (begun.length === 1 && only) return [{ owners: ANY, versions: ANY, terms: termsOf(only) }];
  const result: Binding[] = [];
  begun.forEach((signed, i) => {
    const owners = lastSigners(agreement, begun, signed, operatorId, now);
    if (!owners.length) return;
    let terms = termsOf(signed);
    result.push({ owners, versions: begun.slice(0, i + 1).map((v) => v.id), terms });
    for (const later of begun.slice(i + 1)) {
      terms = narrower(terms, termsOf(later));
      result.push({ owners, versions: [later.id], terms });
    }
  });
  return result;
}

/** The owners whose latest signature by now is under this version. The operator counts as signatory of every version. */
function lastSigners(
  agreement: AgreementFact,
  begun: readonly VersionFact[],
  version: VersionFact,
  operatorId: string | null,
  now: Instant,
): string[] {
  const owners = version === begun.at(-1) && operatorId !== null ? [operatorId] : [];
  for (const [owner, signatures] of agreement.signatures) {
    const signed = new Set(signatures.filter((s) => s.at <= now).map((s) => s.versionId));
    if (owner !== operatorId && begun.findLast((v) => signed.has(v.id)) === version)
      owners.push(owner);
  }
  return owners;
}

function direct(
  path: ReleasePath,
  target: string,
  admitted: readonly number[],
  now: Instant,
): ReleaseRight {
  return {
    path,
    target,
    kinds: EVERY_KIND,
    tlpCeiling: TLP_RED,
    papCeiling: 3,
    admitted,
    heldFrom: -Infinity,
    heldUntil: Infinity,
    retainedAfter: -Infinity,
    owners: ANY,
    versions: ANY,
    now,
    withheld: WITHHOLD_NOTHING,
    attribution: 2,
    retentionMs: Infinity,
    grant: null,
  };
}

// ── The question ───────────────────────────────────────────────────────────────────────────────────────────────

/** A path that holds, and what it shows. */
export interface HeldPath {
  kind: AccessPathKind;
  /** Expanded: one bit for each field that this path withholds. */
  withheld: FieldMask;
  /** Rank of what this path tells of the source. */
  attribution: number;
  right: ReleaseRight | null;
  audience: AudienceFacts | null;
  /** When it ends, as far as is known now; Infinity: open. */
  until: Instant;
}

export interface Decision {
  visible: boolean;
  paths: readonly HeldPath[];
  /** Expanded: the fields that no path shows. */
  withheld: FieldMask;
  /** Whether the viewer sees the item itself, as its owner or as the operator, rather than releases of it. */
  whole: boolean;
  /** The release whose wording is shown: the most recent among the paths; null where none is. */
  wording: AudienceFacts | null;
}

const INVISIBLE: Decision = {
  visible: false,
  paths: [],
  withheld: expanded(WITHHOLD_ALL),
  whole: false,
  wording: null,
};
const NOTHING_WITHHELD = expanded(WITHHOLD_NOTHING);
/** Of a RED item the operator's analysts see the envelope: kind, owner, time. */
const ENVELOPE = expanded(WITHHOLD_ALL) & ~expanded(maskOf(["source"]));

/** May this viewer see this item now, which fields of it, and by which paths? */
export function decide(scope: Scope, item: ItemFacts): Decision {
  const paths: HeldPath[] = [];
  const owns = scope.owner !== null && holds(OWNER_RULE, item, scope.owner);
  if (owns || (scope.author && holds(AUTHOR_RULE, item, scope.author))) {
    paths.push(ofItem(AccessPathKind.OWNER, NOTHING_WITHHELD));
  }
  if (scope.operator && holds(OPERATOR_RULE, item, scope.operator)) {
    paths.push(ofItem(AccessPathKind.OPERATOR, item.tlp === TLP_RED ? ENVELOPE : NOTHING_WITHHELD));
  }
  for (const audience of item.audiences) {
    for (const right of scope.byTarget.get(audience.target) ?? []) {
      if (holds(RELEASE_RULE, audience, right)) paths.push(ofRelease(item, audience, right));
    }
  }
  if (!paths.length) return INVISIBLE;
  const whole = paths.some((p) => p.audience === null && p.withheld === NOTHING_WITHHELD);
  const wording = whole ? null : latestOf(paths);
  // The wording is one unit: all of it comes from one release, and so does what is withheld of it.
  const worded = wording ? paths.filter((p) => p.audience?.releaseId === wording.releaseId) : paths;
  return {
    visible: true,
    paths,
    withheld: (allWithhold(paths) & ~WORDING) | (allWithhold(worded) & WORDING),
    whole,
    wording,
  };
}

const allWithhold = (paths: readonly HeldPath[]): FieldMask =>
  paths.reduce((mask, p) => mask & p.withheld, -1);

function latestOf(paths: readonly HeldPath[]): AudienceFacts | null {
  return paths.reduce<AudienceFacts | null>(
    (latest, { audience }) =>
      audience && (!latest || audience.releasedAt > latest.releasedAt) ? audience : latest,
    null,
  );
}

function ofItem(kind: AccessPathKind, withheld: FieldMask): HeldPath {
  return { kind, withheld, attribution: 2, right: null, audience: null, until: Infinity };
}

function ofRelease(item: ItemFacts, audience: AudienceFacts, right: ReleaseRight): HeldPath {
  const mask = audience.withheld | right.withheld;
  const attribution = Math.min(item.attribution, right.attribution);
  return {
    kind: audience.path,
    withheld: expanded(mask),
    // NAMED also needs the identity not withheld; the sector is then the most that is told.
    attribution: attribution === 2 && isWithheld("source", mask) ? 1 : attribution,
    right,
    audience,
    until: Math.min(
      audience.liveUntil,
      right.grant?.until ?? Infinity,
      audience.releasedAt + right.retentionMs,
    ),
  };
}
