import { contains, activePeriods, grantUnder, inForceAt, standings } from "./agreement-periods";
import { type Condition, holdsOne } from "./condition";
import { shownFields } from "./disclosure";
import type { AudienceFacts, ItemFacts } from "./facts";
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
import { AccessPathKind } from "./vocabulary";

/** Whose record a condition rests on: who may read it depends on that (sharing model, 5.9). */
export type Subject =
  | { membershipOf: string }
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
  return path(AccessPathKind.OWNER, judge(OWNER_RULE, item, right, { item: true }));
}

function explainOperator(scope: Scope, item: ItemFacts): ExplainedPath {
  const right = scope.operator ?? { now: scope.now, admitted: [] };
  return path(AccessPathKind.OPERATOR, [
    state("the viewer is an analyst of the operator", isAnalyst(scope.viewer), null, {
      viewer: true,
    }),
    ...judge(OPERATOR_RULE, item, right, { item: true }),
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
      : [state(REACHES[audience.path], rights.length > 0, null, { viewer: true })];
  const about = { agreement: audience.target };
  if (best) conditions.push(...judge(RELEASE_RULE, audience, best, about));
  else conditions.push(...judge(LIVE_RULE, audience, scope, { item: true }));
  return { ...path(audience.path, conditions), groupIds: groupsOf(audience) };
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

function judge<F extends object, R extends object>(
  rule: readonly Condition<F, R>[],
  facts: F,
  right: R,
  about: Subject,
): ExplainedCondition[] {
  return rule.map((c) => state(c.says, holdsOne(c, facts, right), null, about));
}

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
});

/** WHY none without an audience group: a release to a name is no group's business, whichever group it comes from. */
const groupsOf = ({ fromGroupId, toGroupId }: AudienceFacts): string[] =>
  toGroupId === null ? [] : [fromGroupId, toGroupId].filter((id): id is string => id !== null);

const iso = (at: number): string =>
  Number.isFinite(at) ? new Date(at).toISOString() : "the beginning";
