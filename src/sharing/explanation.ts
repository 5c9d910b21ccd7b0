import { globalId } from "../ids";
import { contains, activePeriods, grantUnder, inForceAt, standings } from "./agreement-periods";
import { type Condition, holdsOne } from "./condition";
import { shownFields } from "./disclosure";
import type { AudienceFacts, ItemFacts } from "./facts";
import { papOf } from "./pap";
import type { Parties } from "./parties";
import {
  decide,
  isAnalyst,
  LIVE_RULE,
  OPERATOR_RULE,
  OWNER_RULE,
  RELEASE_RULE,
  type ReleaseRight,
  type Scope,
} from "./policy";
import { tlpOf } from "./tlp";
import { AccessPathKind } from "./vocabulary";

/** Whose record a condition rests on: who may read it depends on that (sharing model, 5.9). */
export type Subject =
  | { membershipOf: string }
  | { releaseTo: string }
  | { agreement: string }
  | { account: string }
  | { item: true }
  | { viewer: true };

export interface ExplainedCondition {
  says: string;
  holds: boolean;
  detail: string | null;
  about: Subject;
}

export interface ExplainedPath {
  kind: AccessPathKind;
  holds: boolean;
  conditions: ExplainedCondition[];
  /** The groups concerned; empty but for AGREEMENT. */
  groupIds: string[];
  audience: AudienceFacts | null;
}

export interface Explanation {
  visible: boolean;
  fields: string[];
  paths: ExplainedPath[];
}

/** Each path, each of its conditions, held or not, by which record. A path holds exactly where `decide` says so. */
export function explain(scope: Scope, parties: Parties, item: ItemFacts): Explanation {
  const paths = [
    explainOwner(scope, item),
    explainOperator(scope, item),
    ...item.audiences.map((audience) => explainAudience(scope, parties, audience)),
    authority(),
  ];
  const decision = decide(scope, item);
  return { visible: paths.some((p) => p.holds), fields: shownFields(item.kind, decision), paths };
}

function explainOwner(scope: Scope, item: ItemFacts): ExplainedPath {
  const right = scope.owner ?? { ownerId: "", admitted: [] };
  return path(AccessPathKind.OWNER, judge(OWNER_RULE, item, right, ofItem(item)));
}

/** Which record of the item a condition rests on, by the fact that it asks for. */
const ofItem =
  ({ ownerId, tlp, submittedAt }: ItemFacts): Told =>
  ({ fact }) => {
    const details: Record<string, string> = {
      ownerId: globalId("organization", ownerId),
      tlp: `TLP:${tlpOf(tlp)}`,
      submittedAt: Number.isFinite(submittedAt) ? `on ${iso(submittedAt)}` : "never",
    };
    return [details[fact] ?? null, { item: true }];
  };

function explainOperator(scope: Scope, item: ItemFacts): ExplainedPath {
  const right = scope.operator ?? { now: scope.now, admitted: [] };
  return path(AccessPathKind.OPERATOR, [
    state("the viewer is an analyst of the operator", isAnalyst(scope.viewer), null, {
      viewer: true,
    }),
    ...judge(OPERATOR_RULE, item, right, ofItem(item)),
  ]);
}

/** The AUTHORITY path: held by nobody, as no reports are filed through this hub yet. */
function authority(): ExplainedPath {
  return path(AccessPathKind.AUTHORITY, [
    state("the owner filed a report on this incident to the viewer's authority", false, null, {
      item: true,
    }),
  ]);
}

function explainAudience(scope: Scope, parties: Parties, audience: AudienceFacts): ExplainedPath {
  const rights = scope.rightsTo(audience.target);
  const best = bestOf(rights, audience);
  const conditions =
    audience.path === AccessPathKind.AGREEMENT
      ? explainGrant(scope, parties, audience)
      : [
          state(
            REACHES[audience.path],
            rights.length > 0,
            globalId("release", audience.releaseId),
            {
              item: true,
            },
          ),
        ];
  const told = ofRelease(parties, audience, best ?? null);
  if (best) conditions.push(...judge(RELEASE_RULE, audience, best, told));
  else conditions.push(...judge(LIVE_RULE, audience, scope, told));
  return { ...path(audience.path, conditions), groupIds: groupsOf(audience), audience };
}

/** Which record of a release, or of what it is judged by, a condition rests on, by what it compares. */
function ofRelease(parties: Parties, audience: AudienceFacts, right: ReleaseRight | null): Told {
  const { tlp, pap, releasedAt, liveFrom, liveUntil, toGroupId, versionId } = audience;
  const underAgreement = right?.grant ? right : null;
  const version = parties.agreement(audience.target)?.versions.find((v) => v.id === versionId);
  const released = `released ${iso(releasedAt)}`;
  const details: Record<string, string | undefined> = {
    target: globalId("release", audience.releaseId),
    kind: underAgreement ? `covered: ${underAgreement.kinds.join(", ")}` : undefined,
    ownerId: globalId("organization", audience.ownerId),
    versionId: version && `version ${version.number}`,
    tlpCeiling: `TLP:${tlpOf(tlp)}${underAgreement ? `, at most TLP:${tlpOf(underAgreement.tlpCeiling)}` : ""}`,
    papCeiling: `PAP:${papOf(pap)}${underAgreement ? `, at most PAP:${papOf(underAgreement.papCeiling)}` : ""}`,
    admitted: `TLP:${tlpOf(tlp)}`,
    heldFrom: underAgreement ? `${released}, held since ${iso(underAgreement.heldFrom)}` : released,
    heldUntil: underAgreement
      ? `${released}, held until ${end(underAgreement.heldUntil)}`
      : released,
    retainedAfter: `${released}, kept until ${end(releasedAt + (right?.retentionMs ?? Infinity))}`,
    liveFrom: `since ${iso(liveFrom)}`,
    liveUntil: `until ${end(liveUntil)}`,
  };
  // When a right was held tells of the membership.
  const held: Subject = toGroupId === null ? { item: true } : { releaseTo: toGroupId };
  return ({ fact, right: bound }) => [
    details[bound] ?? details[fact] ?? null,
    bound === "heldFrom" || bound === "heldUntil" ? held : { item: true },
  ];
}

const REACHES = {
  [AccessPathKind.BILATERAL]: "the release names the viewer's organization",
  [AccessPathKind.NAMED]:
    "the release names the viewer's account, and the credential is the account's own",
  [AccessPathKind.PUBLIC]: "the release is to everyone",
} as const;

/** Whether the organization has a grant under the audience's agreement, and which record decides it. */
function explainGrant(
  scope: Scope,
  parties: Parties,
  audience: AudienceFacts,
): ExplainedCondition[] {
  const agreement = parties.agreement(audience.target);
  const organizationId = scope.viewer?.organizationId;
  if (!agreement || !organizationId) {
    return [state("the viewer is a party to the agreement", false, null, { viewer: true })];
  }
  const changes = parties.membershipChanges(organizationId, agreement.toGroupId);
  const last = changes.findLast((c) => c.at <= scope.now);
  const active = activePeriods(changes, scope.now).some((p) => contains(p, scope.now));
  const version = inForceAt(agreement, scope.now);
  const standing = standings(agreement, organizationId).find((s) => contains(s, scope.now));
  const granted = grantUnder(parties, agreement, organizationId, scope.now) !== null;
  const about = { membershipOf: agreement.toGroupId };
  return [
    state(
      "the organization is an active member of the audience group",
      active,
      last ? `${last.state} since ${iso(last.at)}` : "never a member",
      about,
    ),
    state(
      "an agreement between the two groups is in force",
      version !== undefined,
      version ? `version ${version.number}, since ${iso(version.effectiveFrom)}` : null,
      { agreement: agreement.id },
    ),
    state(
      "the organization's signature stands",
      standing !== undefined,
      standing ? `version ${standing.version.number}, since ${iso(standing.from)}` : null,
      about,
    ),
    ...(active && version && standing && !granted
      ? [state("the grant holds", false, null, about)]
      : []),
  ];
}

/** The right that comes nearest: one that holds, else the one of which the most conditions hold. */
function bestOf(
  rights: readonly ReleaseRight[],
  audience: AudienceFacts,
): ReleaseRight | undefined {
  const score = (r: ReleaseRight): number =>
    RELEASE_RULE.filter((c) => holdsOne(c, audience, r)).length;
  return rights.reduce<ReleaseRight | undefined>(
    (best, right) => (best === undefined || score(right) > score(best) ? right : best),
    undefined,
  );
}

/** What decided a condition, and whose record that is. */
type Told = (condition: { fact: string; right: string }) => [detail: string | null, about: Subject];

const judge = <F extends object, R extends object>(
  rule: readonly Condition<F, R>[],
  facts: F,
  right: R,
  told: Told,
): ExplainedCondition[] => rule.map((c) => state(c.says, holdsOne(c, facts, right), ...told(c)));

const state = (
  says: string,
  holds: boolean,
  detail: string | null,
  about: Subject,
): ExplainedCondition => ({
  says,
  holds,
  detail,
  about,
});

const path = (kind: AccessPathKind, conditions: ExplainedCondition[]): ExplainedPath => ({
  kind,
  conditions,
  holds: conditions.every((c) => c.holds),
  groupIds: [],
  audience: null,
});

/** WHY none without an audience group: a release to a name is no group's business, whichever group it comes from. */
const groupsOf = ({ fromGroupId, toGroupId }: AudienceFacts): string[] =>
  toGroupId === null ? [] : [fromGroupId, toGroupId].filter((id): id is string => id !== null);

const iso = (at: number): string =>
  Number.isFinite(at) ? new Date(at).toISOString() : "the beginning";
const end = (at: number): string => (Number.isFinite(at) ? iso(at) : "no end");
