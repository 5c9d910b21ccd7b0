import { type Condition, holds } from "./condition";
import type { AudienceFacts, ItemFacts } from "./facts";
import {
  type FieldMask,
  expanded,
  isWithheld,
  maskOf,
  WITHHOLD_ALL,
  WITHHOLD_NOTHING,
  WORDING,
} from "./fields";
import {
  bilateralRight,
  type LastingRight,
  namedRight,
  PUBLIC_RIGHT,
  rightsUnderAgreements,
} from "./lasting-rights";
import type { Instant, MaybeViewer, Parties, Viewer } from "./parties";
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
export interface ReleaseRight extends LastingRight {
  admitted: readonly number[];
  now: Instant;
  retainedAfter: Instant;
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

/** Everything that one viewer may do with items at one instant. Made per request and per alert, never kept. */
export interface Scope {
  viewer: MaybeViewer;
  now: Instant;
  owner: OwnerRight | null;
  author: AuthorRight | null;
  operator: OperatorRight | null;
  /** By whom what lasts may be read: each with the TLPs that it admits. */
  lasting: readonly Admission[];
  readonly releases: readonly ReleaseRight[];
  /** The release rights with one target. INVARIANT: at most one of them holds for an audience. */
  rightsTo(target: string): readonly ReleaseRight[];
}

/** Lasting rights, and the TLPs up to which they are open to the viewer. */
export interface Admission {
  rights: readonly LastingRight[];
  admitted: readonly number[];
}

const ONLY_CLEAR: readonly number[] = [TLP_CLEAR];
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
  const lasting: Admission[] = [{ rights: [PUBLIC_RIGHT], admitted: ONLY_CLEAR }];
  if (viewer) {
    const admitted = admittedTo(viewer);
    lasting.push(
      { rights: rightsUnderAgreements(parties, viewer.organizationId, now), admitted },
      { rights: [bilateralRight(viewer.organizationId)], admitted },
    );
    if (viewer.ownCredential) {
      lasting.push({ rights: [namedRight(viewer.accountId)], admitted: [...admitted, TLP_RED] });
    }
  }
  const asked = new Map<string, readonly ReleaseRight[]>();
  return {
    viewer,
    now,
    owner: viewer && { ownerId: viewer.organizationId, admitted: admittedWithRed(viewer) },
    author:
      viewer && written.size ? { ownerId: viewer.organizationId, written: [...written] } : null,
    operator: viewer && isAnalyst(viewer) ? { now, admitted: admittedWithRed(viewer) } : null,
    lasting,
    get releases() {
      return lasting.flatMap(({ rights, admitted }) =>
        rights.map((right) => releaseRight(right, admitted, now)),
      );
    },
    rightsTo(target) {
      let known = asked.get(target);
      if (!known) asked.set(target, (known = rightsAmong(lasting, target, now)));
      return known;
    },
  };
}

/** WHY field by field: a spread costs as much as all the rest of a decision. */
export const releaseRight = (
  right: LastingRight,
  admitted: readonly number[],
  now: Instant,
): ReleaseRight => ({
  path: right.path,
  target: right.target,
  kinds: right.kinds,
  tlpCeiling: right.tlpCeiling,
  papCeiling: right.papCeiling,
  heldFrom: right.heldFrom,
  heldUntil: right.heldUntil,
  owners: right.owners,
  versions: right.versions,
  withheld: right.withheld,
  attribution: right.attribution,
  retentionMs: right.retentionMs,
  grant: right.grant,
  admitted,
  now,
  retainedAfter: now - right.retentionMs,
});

/** Those with one target. */
function rightsAmong(
  lasting: readonly Admission[],
  target: string,
  now: Instant,
): readonly ReleaseRight[] {
  let found: ReleaseRight[] | null = null;
  for (const { rights, admitted } of lasting) {
    for (const right of rights.length > FEW ? indexed(rights, target) : rights)
      if (right.target === target) (found ??= []).push(releaseRight(right, admitted, now));
  }
  return found ?? NONE;
}
const NONE: readonly ReleaseRight[] = [];

/** As `rightsAmong`, of many: by an index that is made once for as long as they last. */
function indexed(rights: readonly LastingRight[], target: string): readonly LastingRight[] {
  let index = indexes.get(rights);
  if (!index) {
    indexes.set(rights, (index = new Map<string, LastingRight[]>()));
    for (const right of rights) {
      const same = index.get(right.target);
      if (same) same.push(right);
      else index.set(right.target, [right]);
    }
  }
  return index.get(target) ?? [];
}
const FEW = 4;
const indexes = new WeakMap<readonly LastingRight[], Map<string, LastingRight[]>>();

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
    for (const right of scope.rightsTo(audience.target)) {
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
  return { kind, withheld, attribution: 2, right: null, audience: null };
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
  };
}
