import { Account } from "../auth/account.entity";
import { found, isOperatorAdmin, requireThat } from "../auth/rights";
import type { Context } from "../context";
import { conflict, Problems } from "../errors";
import { globalId, uuidOf } from "../ids";
import { checkText, MAX_TITLE } from "../inputs";
import { MembershipState, OrganizationKind } from "../sharing/vocabulary";
import { recordMembership } from "./change-membership";
import { Organization } from "./organization.entity";

/**
 * By the operator's admin. The merged organization's memberships end and its accounts are disabled; its people get new
 * accounts in the successor. Nothing that it could read is opened to the successor, its items stay its own, and what it
 * released stays released until the operator withdraws it.
 */
export async function mergeOrganization(
  ctx: Context,
  id: string,
  intoId: string,
  reason: string,
): Promise<Organization> {
  requireThat(isOperatorAdmin(ctx.account()), "Only an OPERATOR_ADMIN merges organizations.");
  const merged = named(ctx, id);
  const into = named(ctx, intoId);
  const problems = new Problems();
  checkText(problems, "reason", reason, MAX_TITLE, true);
  if (merged.uuid === into.uuid) problems.add("intoId", "is the organization itself");
  if (merged.kind === OrganizationKind.OPERATOR)
    problems.add("id", "is the hub's operator, which does not merge");
  if (into.kind === OrganizationKind.OPERATOR)
    problems.add("intoId", "is the hub's operator, into which nobody merges");
  problems.throwIfAny();
  await ctx.change("policy", async (change) => {
    const before = named(ctx, id);
    if (before.mergedAt) throw conflict("The organization has merged already.");
    // INVARIANT: a successor has not merged itself, so that successors never form a circle.
    if (named(ctx, intoId).mergedAt)
      throw conflict("The successor has merged into another itself; name that one.");
    requireOtherCoordinators(ctx, merged.uuid);
    for (const membership of ctx.directory.membershipsOf(merged.uuid)) {
      if (membership.state !== MembershipState.ENDED)
        await recordMembership(change, membership, MembershipState.ENDED, reason);
    }
    for (const account of ctx.directory.accountsOf(merged.uuid)) {
      if (account.disabledAt) continue;
      await change.update(Account, account, { disabledAt: change.now });
      change.raise({
        type: "ACCOUNT_CHANGED",
        organizationId: merged.uuid,
        subject: globalId("account", account.uuid),
      });
    }
    const became = { successorId: into.uuid, mergedAt: change.now, mergeReason: reason };
    await change.update(Organization, before, became, into.uuid);
  });
  return named(ctx, id);
}

const named = (ctx: Context, id: string): Organization =>
  found(ctx.directory.organizations.get(uuidOf(id, "organization") ?? ""), "organization");

/** Nobody locks a group out of its last coordinator by accident. */
function requireOtherCoordinators({ directory }: Context, organizationId: string): void {
  for (const group of directory.groups.values()) {
    const inUse = directory.coordinatorsOf(group.uuid).filter((a) => !a.disabledAt);
    if (inUse.length && inUse.every((a) => a.organizationId === organizationId)) {
      throw conflict(
        `All coordinators of ${group.name} are the merging organization's; appoint others, or dismiss them, first.`,
      );
    }
  }
}
