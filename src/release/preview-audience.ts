import { Field, Int, ObjectType } from "type-graphql";
import type { Account } from "../auth/account.entity";
import { isOperatorAnalyst } from "../auth/rights";
import { asViewer } from "../auth/viewer";
import type { Context } from "../context";
import { HubError, notFound } from "../errors";
import { Organization } from "../organization/organization.entity";
import { SectorGroup } from "../organization/sector-group.entity";
import { itemForDecision } from "../sharing/locked-item";
import type { ItemRow } from "../sharing/disclosure";
import type { AudienceFacts } from "../sharing/facts";
import { decide, scopeOf } from "../sharing/policy";
import type { Audience } from "../sharing/release-audience";
import { Affiliation, Roster } from "../sharing/vocabulary";
import { byOwner, type CheckedRelease, readRelease } from "./check-audience";
import { revisionOf } from "./concurrent-proposals";
import { FindingType } from "./finding.type";
import { SMALL, warningsOf } from "./preview-warnings";
import { findingsOf } from "./release-findings";
import type { ProposeReleaseInput } from "./release.type";

@ObjectType({
  description:
    "Who would receive a release. Of a HIDDEN group no organizations are listed, and counts are rounded.",
})
export class AudiencePreview {
  @Field(() => Int) organizationCount!: number;
  @Field(() => Int) accountCount!: number;
  @Field(() => [Organization]) organizations!: Organization[];
  @Field(() => [SectorGroup]) groups!: SectorGroup[];
  @Field(() => [String], {
    description:
      "What to think of first: also why the release would be refused for a group, which is then left out above.",
  })
  warnings!: string[];
  @Field(() => [FindingType], { description: "What the sanitising check finds." })
  findings!: FindingType[];
  @Field(() => String, {
    description: "Stands for the item and its releases as they are, for proposeRelease.",
  })
  revision!: string;
}

/** For the owner's accounts and, of what was submitted, the operator's analysts: NOT_FOUND to everybody else. */
export async function previewAudience(
  ctx: Context,
  input: ProposeReleaseInput,
): Promise<AudiencePreview> {
  const account = ctx.account();
  const now = ctx.now();
  const item = await itemForDecision(ctx, input.itemId).catch((error: unknown) => {
    throw error instanceof HubError && error.code === "FORBIDDEN" ? notFound("item") : error;
  });
  const own = item.ownerId === account.organizationId;
  if (!own && !isOperatorAnalyst(account)) throw notFound("item");
  const { release: asked, uncovered } = readRelease(ctx, item, input, now);
  const release = own ? byOwner(asked, item) : asked;
  const groups = release.audiences.flatMap(
    (a) => ctx.directory.groups.get(a.toGroupId ?? "") ?? [],
  );
  const hiddenIds = new Set(groups.filter((g) => g.roster === Roster.HIDDEN).map((g) => g.uuid));
  const isHidden = ({ toGroupId }: Audience): boolean => hiddenIds.has(toGroupId ?? "");
  const reachedBy = (audiences: Audience[]): Account[] =>
    accountsReached(ctx, item, { ...release, audiences }, now);
  const open = reachedBy(release.audiences.filter((a) => !isHidden(a)));
  // INVARIANT: of a HIDDEN group one rounded number is told, the same whoever else is reached beside it.
  const hidden = release.audiences.filter(isHidden).map((a) => reachedBy([a]));
  const findings = findingsOf(ctx, item, release, now);
  const count = (of: (accounts: Account[]) => number): number =>
    hidden.reduce((sum, accounts) => sum + rounded(of(accounts)), of(open));
  return {
    organizationCount: count((accounts) => new Set(accounts.map((a) => a.organizationId)).size),
    accountCount: count((accounts) => accountsIn(accounts, release)),
    organizations: [...new Set(open.map((a) => a.organizationId))]
      .flatMap((id) => ctx.directory.organizations.get(id) ?? [])
      .toSorted((a, b) => a.name.localeCompare(b.name)),
    groups,
    warnings: await warningsOf(ctx, item, release, { uncovered, findings, own, now }),
    findings,
    revision: await revisionOf(ctx, ctx.hub.pool, item),
  };
}

/** Every account for which the policy would say visible, were the release made now; the owner's own left out. */
function accountsReached(
  ctx: Context,
  item: ItemRow,
  release: CheckedRelease,
  now: Date,
): Account[] {
  const at = now.getTime();
  const audiences = release.audiences.map((a): AudienceFacts => ({
    releaseId: "",
    kind: item.kind,
    ownerId: item.ownerId,
    path: a.path,
    target: a.target,
    fromGroupId: release.fromGroupId,
    toGroupId: a.toGroupId,
    versionId: a.versionId,
    tlp: release.tlp,
    pap: item.pap,
    withheld: release.withheld,
    releasedAt: at,
    liveFrom: at,
    liveUntil: Infinity,
  }));
  const after = { ...item, audiences };
  return [...ctx.directory.accounts.values()].filter((account) => {
    if (account.disabledAt || account.organizationId === item.ownerId) return false;
    const decision = decide(scopeOf(asViewer(ctx.hub, account), ctx.directory, at), after);
    return decision.paths.some((p) => p.audience !== null);
  });
}

/** How many accounts; those of clients rounded, as a body's members may be no more than its clients here. */
function accountsIn(accounts: Account[], { accountIds }: CheckedRelease): number {
  const clients = accounts.filter(
    (a) => a.affiliation === Affiliation.CLIENT && !accountIds.includes(a.uuid),
  ).length;
  return accounts.length - clients + rounded(clients);
}

/** To the nearest 5, and 0 under 3. */
const rounded = (count: number): number => (count < SMALL ? 0 : Math.round(count / 5) * 5);
