import type { Account } from "../auth/account.entity";
import type { Context } from "../context";
import { conflict, notFound, Problems } from "../errors";
import { globalId, uuidOf } from "../ids";
import { checkText, MAX_TITLE } from "../inputs";
import {
  coordinates,
  found,
  isOperatorAdmin,
  isOwnAdmin,
  readsMembership,
  requireThat,
} from "../auth/rights";
import { MembershipState } from "../sharing/vocabulary";
import type { Change } from "../transaction";
import { Membership, MembershipChange } from "./membership.entity";

const { INVITED, REQUESTED, ACTIVE, SUSPENDED, ENDED } = MembershipState;

/** By a coordinator of the group or the operator's admin. */
export function inviteMember(
  ctx: Context,
  groupId: string,
  organizationId: string,
): Promise<Membership> {
  const group = groupOf(ctx, groupId);
  requireThat(
    coordinates(ctx.account(), group, ctx.directory),
    "Only a coordinator of the group invites.",
  );
  const organization = found(
    ctx.directory.organizations.get(uuidOf(organizationId, "organization") ?? ""),
    "organization",
  );
  requireThat(
    isOperatorAdmin(ctx.account()) || ctx.account().organizationId !== organization.uuid,
    "A coordinator does not invite its own organization.",
  );
  return begin(ctx, organization.uuid, group, INVITED);
}

/** By an ORG_ADMIN, for its own organization. */
export function requestMembership(ctx: Context, groupId: string): Promise<Membership> {
  const account = ctx.account();
  const group = groupOf(ctx, groupId);
  requireThat(
    isOwnAdmin(account, account.organizationId),
    "Only an ORG_ADMIN asks for membership.",
  );
  return begin(ctx, account.organizationId, group, REQUESTED);
}

/** An invitation by the invited organization's ORG_ADMIN; a request by a coordinator of another organization. */
export function acceptMembership(ctx: Context, id: string): Promise<Membership> {
  return step(ctx, id, ACTIVE, null, (account, membership) => {
    if (membership.state === INVITED) {
      requireThat(
        isOwnAdmin(account, membership.organizationId),
        "Only the invited organization's ORG_ADMIN accepts.",
      );
    } else if (membership.state === REQUESTED) {
      requireForOther(ctx, membership);
      requireReadmission(account, membership);
    } else throw conflict(`A membership that is ${membership.state} cannot be accepted.`);
  });
}

/** By a coordinator or the operator's admin. */
export function suspendMembership(ctx: Context, id: string, reason: string): Promise<Membership> {
  return step(ctx, id, SUSPENDED, reason, (account, membership) => {
    requireThat(
      coordinates(account, membership.groupId, ctx.directory),
      "Only a coordinator of the group suspends.",
    );
    if (membership.state !== ACTIVE)
      throw conflict(`A membership that is ${membership.state} cannot be suspended.`);
  });
}

/** By a coordinator of another organization; what the operator suspended only the operator resumes. */
export function resumeMembership(ctx: Context, id: string): Promise<Membership> {
  return step(ctx, id, ACTIVE, null, (account, membership) => {
    requireForOther(ctx, membership);
    if (membership.state !== SUSPENDED)
      throw conflict(`A membership that is ${membership.state} cannot be resumed.`);
    requireThat(
      !membership.current.byOperator || isOperatorAdmin(account),
      "The operator suspended this membership; only the operator resumes it.",
    );
  });
}

/** By a coordinator, the operator's admin, or the organization's own ORG_ADMIN. */
export function endMembership(ctx: Context, id: string, reason: string): Promise<Membership> {
  return step(ctx, id, ENDED, reason, (account, membership) => {
    const own = isOwnAdmin(account, membership.organizationId);
    requireThat(
      own || coordinates(account, membership.groupId, ctx.directory),
      "Only a coordinator or the organization itself ends it.",
    );
    if (membership.state === ENDED) throw conflict("The membership has ended already.");
  });
}

/** Leaving does not undo the operator's suspension: who left suspended by it comes back by the operator alone. */
function requireReadmission(by: Account, { changes }: Membership): void {
  const last = changes.findLast((c) => c.state === ACTIVE || c.state === SUSPENDED);
  requireThat(
    !(last?.state === SUSPENDED && last.byOperator) || isOperatorAdmin(by),
    "The operator suspended this organization; only the operator admits it again.",
  );
}

const groupOf = (ctx: Context, id: string): string => {
  ctx.account();
  return found(ctx.directory.groups.get(uuidOf(id, "group") ?? ""), "sector group").uuid;
};

function requireForOther(ctx: Context, membership: Membership): void {
  const account = ctx.account();
  requireThat(
    coordinates(account, membership.groupId, ctx.directory),
    "Only a coordinator of the group does this.",
  );
  requireThat(
    isOperatorAdmin(account) || account.organizationId !== membership.organizationId,
    "A coordinator neither admits nor resumes its own organization.",
  );
}

async function begin(
  ctx: Context,
  organizationId: string,
  groupId: string,
  state: MembershipState.INVITED | MembershipState.REQUESTED,
): Promise<Membership> {
  const uuid = await ctx.change("policy", async (change) => {
    const known = ctx.directory.membership(organizationId, groupId);
    if (known && known.state !== ENDED) {
      throw conflict(`The organization's membership of this group is ${known.state} already.`);
    }
    if (state === INVITED && known) requireReadmission(change.by, known);
    const membershipId =
      known?.uuid ?? (await change.insert(Membership, { organizationId, groupId }));
    await record(change, { uuid: membershipId, organizationId, groupId }, state, null);
    return membershipId;
  });
  return ctx.directory.memberships.get(uuid) as Membership;
}

async function step(
  ctx: Context,
  id: string,
  state: MembershipState,
  reason: string | null,
  check: (account: ReturnType<Context["account"]>, membership: Membership) => void,
): Promise<Membership> {
  ctx.account();
  const problems = new Problems();
  if (state === SUSPENDED || state === ENDED)
    checkText(problems, "reason", reason, MAX_TITLE, true);
  problems.throwIfAny();
  const uuid = uuidOf(id, "membership") ?? "";
  await ctx.change("policy", async (change) => {
    const membership = ctx.directory.memberships.get(uuid);
    if (!membership || !readsMembership(change.by, membership, ctx.directory))
      throw notFound("membership");
    check(change.by, membership);
    await record(change, membership, state, reason);
  });
  return ctx.directory.memberships.get(uuid) as Membership;
}

async function record(
  change: Change,
  membership: { uuid: string; organizationId: string; groupId: string },
  state: MembershipState,
  reason: string | null,
): Promise<void> {
  const step = {
    membershipId: membership.uuid,
    state,
    at: change.now,
    byAccount: change.by.uuid,
    byOperator: isOperatorAdmin(change.by),
    reason,
  };
  await change.insert(MembershipChange, step, membership.organizationId);
  change.raise({
    type: "MEMBERSHIP_CHANGED",
    organizationId: membership.organizationId,
    groupIds: [membership.groupId],
    subject: globalId("membership", membership.uuid),
  });
  if (state === SUSPENDED || state === ENDED)
    change.raise({ type: "ACCESS_ENDED", groupIds: [membership.groupId] });
}
