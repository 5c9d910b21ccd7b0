import type { Context } from "../context";
import { conflict, Problems } from "../errors";
import { globalId, uuidOf } from "../ids";
import { checkText, isEmail, MAX_NAME } from "../inputs";
import { Affiliation } from "../sharing/vocabulary";
import type { Change } from "../transaction";
import { Account } from "./account.entity";
import type { CreateAccountInput } from "./auth.type";
import { administers, found, grantableRoles, mayManage, requireThat } from "./rights";

/** By an ORG_ADMIN in its own organization, or the operator's admin in any. */
export async function createAccount(ctx: Context, input: CreateAccountInput): Promise<Account> {
  const account = ctx.account();
  const organization = found(
    ctx.directory.organizations.get(uuidOf(input.organizationId, "organization") ?? ""),
    "organization",
  );
  requireThat(
    administers(account, organization.uuid),
    "Only an ORG_ADMIN of the organization makes its accounts.",
  );
  const problems = new Problems();
  if (!isEmail(input.email))
    problems.add("input.email", "is not an e-mail address of at most 255 characters");
  else checkText(problems, "input.email", input.email, 255);
  checkText(problems, "input.displayName", input.displayName, MAX_NAME, true);
  if (!input.roles.length) problems.add("input.roles", "must name at least one role");
  problems.throwIfAny();
  const grantable = grantableRoles(account, organization);
  for (const role of input.roles) {
    requireThat(
      grantable.includes(role),
      `This account may not grant ${role} in this organization.`,
    );
  }
  const uuid = await ctx.change("policy", async (change) => {
    requireNotMerged(ctx, organization.uuid);
    // Another organization may have an account of the same address: whether it has is not told.
    const taken = ctx.directory
      .accountsOf(organization.uuid)
      .some((a) => !a.disabledAt && a.email.toLowerCase() === input.email.toLowerCase());
    if (taken) throw conflict("An account with this e-mail address is in use.");
    const id = await change.insert(Account, {
      organizationId: organization.uuid,
      email: input.email,
      displayName: input.displayName,
      roles: [...new Set(input.roles)],
      affiliation: input.affiliation ?? Affiliation.EMPLOYEE,
      createdAt: change.now,
      createdBy: change.by.uuid,
    });
    raiseIfForeign(change, { uuid: id, organizationId: organization.uuid });
    return id;
  });
  return ctx.directory.accounts.get(uuid) as Account;
}

/** Stops an account and all its keys at once, or lets it back in. By whoever could have made it; never by itself. */
export async function setAccountDisabled(
  ctx: Context,
  id: string,
  disabled: boolean,
): Promise<Account> {
  const by = ctx.account();
  const account = manageable(ctx, id);
  requireThat(by.uuid !== account.uuid, "An account does not disable itself.");
  await ctx.change("policy", async (change) => {
    if ((account.disabledAt !== null) === disabled) return;
    if (disabled) requireNotLastCoordinator(ctx, account);
    else requireNotMerged(ctx, account.organizationId);
    await change.update(Account, account, { disabledAt: disabled ? change.now : null });
    raiseIfForeign(change, account);
  });
  return ctx.directory.accounts.get(account.uuid) as Account;
}

/** The people of an organization that merged get accounts in its successor. */
function requireNotMerged({ directory }: Context, organizationId: string): void {
  if (directory.organizations.get(organizationId)?.mergedAt)
    throw conflict("The organization has merged into another; its people get accounts there.");
}

/** Nobody locks a group out of its last coordinator by accident. */
function requireNotLastCoordinator({ directory }: Context, account: Account): void {
  for (const { groupId, accountId, endedAt } of directory.coordinators.values()) {
    if (accountId !== account.uuid || endedAt) continue;
    const others = directory
      .coordinatorsOf(groupId)
      .filter((a) => a.uuid !== account.uuid && !a.disabledAt);
    if (!others.length) {
      throw conflict(
        "The account is the last coordinator of a group; the operator dismisses it there first.",
      );
    }
  }
}

/** The account, where the viewer may manage it; NOT_FOUND where it may not even know of it. */
export function manageable(ctx: Context, id: string): Account {
  const by = ctx.account();
  const account = found(ctx.directory.accounts.get(uuidOf(id, "account") ?? ""), "account");
  found(
    administers(by, account.organizationId) || by.organizationId === account.organizationId
      ? account
      : null,
    "account",
  );
  requireThat(
    mayManage(by, account, ctx.directory),
    "This account may not be managed by the viewer.",
  );
  return account;
}

/** An act on another organization's account is told to its ORG_ADMINs. */
export function raiseIfForeign(
  change: Change,
  account: { uuid: string; organizationId: string },
): void {
  if (account.organizationId === change.by.organizationId) return;
  change.raise({
    type: "ACCOUNT_CHANGED",
    organizationId: account.organizationId,
    subject: globalId("account", account.uuid),
  });
}
