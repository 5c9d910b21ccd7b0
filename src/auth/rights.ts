import { forbidden, notFound } from "../errors";
import type { Directory } from "../sharing/directory";
import { OrganizationKind, Role } from "../sharing/vocabulary";
import type { Account } from "./account.entity";

/**
 * Who may do what to parties and items: the one place. Everything that is not said here is refused.
 * Each function answers for one account as it is now.
 */

const has = (account: Account, ...roles: Role[]): boolean =>
  roles.some((role) => account.roles.includes(role));

export const isOperatorAdmin = (account: Account): boolean => has(account, Role.OPERATOR_ADMIN);
export const isOperatorAnalyst = (account: Account): boolean => has(account, Role.ANALYST);
const isOperator = (account: Account): boolean => has(account, Role.OPERATOR_ADMIN, Role.ANALYST);

/** Administers an organization: its own ORG_ADMIN, or the operator's. */
export const administers = (account: Account, organizationId: string): boolean =>
  isOperatorAdmin(account) || isOwnAdmin(account, organizationId);

export const isOwnAdmin = (account: Account, organizationId: string): boolean =>
  account.organizationId === organizationId && has(account, Role.ORG_ADMIN);

/** Does what a coordinator of the group does: one of its coordinators, or the operator's admin. */
export const coordinates = (account: Account, groupId: string, directory: Directory): boolean =>
  isOperatorAdmin(account) || directory.coordinates(account.uuid, groupId);

/** Writes items and hands them in. */
export const mayAuthor = (account: Account): boolean =>
  has(account, Role.MEMBER, Role.PUBLISHER, Role.ORG_ADMIN, Role.ANALYST);
export const mayRecordSightings = (account: Account): boolean => has(account, Role.MEMBER);
/** Approves and makes releases of its own organization's items. */
export const mayPublish = (account: Account): boolean =>
  has(account, Role.PUBLISHER, Role.ORG_ADMIN);

/** The roles that an account may give in an organization. */
export function grantableRoles(
  by: Account,
  organization: { uuid: string; kind: OrganizationKind },
): Role[] {
  if (!administers(by, organization.uuid)) return [];
  const roles = [Role.ORG_ADMIN, Role.PUBLISHER, Role.MEMBER, Role.READER];
  if (!isOperatorAdmin(by)) return roles;
  if (organization.kind === OrganizationKind.OPERATOR)
    return [...roles, Role.OPERATOR_ADMIN, Role.ANALYST];
  if (organization.kind === OrganizationKind.AUTHORITY) return [...roles, Role.OFFICER];
  return roles;
}

/** Whether an account may make or revoke keys of another, or disable it: itself, or who could give it all its roles. */
export function mayManage(by: Account, account: Account, directory: Directory): boolean {
  if (by.uuid === account.uuid) return true;
  const organization = directory.organizations.get(account.organizationId);
  if (!organization) return false;
  const grantable = grantableRoles(by, organization);
  return account.roles.every((role) => grantable.includes(role));
}

/** Sets up and reads the webhooks of its own organization. */
export const mayManageWebhooks = (account: Account): boolean =>
  administers(account, account.organizationId);

// ── Who reads what of the directory (sharing model, section 1) ──

/** An account's e-mail, roles and state. */
export const readsAccount = (by: Account | null, account: Account): boolean =>
  by !== null && (by.organizationId === account.organizationId || isOperator(by));

/** Whether one organization's membership of a group is known to an account. */
export function readsMembership(
  by: Account | null,
  membership: { organizationId: string; groupId: string },
  directory: Directory,
): boolean {
  if (!by) return false;
  if (by.organizationId === membership.organizationId || isOperator(by)) return true;
  if (directory.coordinates(by.uuid, membership.groupId)) return true;
  const group = directory.groups.get(membership.groupId);
  return (
    group?.roster === "OPEN" && directory.isActiveMember(by.organizationId, membership.groupId)
  );
}

/** Whoever was invited reads what it would be bound by; whoever only asked to join does not. */
const KNOWS_AGREEMENTS = new Set<string>(["ACTIVE", "SUSPENDED", "INVITED"]);

/** Whether an account knows the agreements from and to a group: its members, its coordinators and the operator. */
export function readsAgreements(
  by: Account | null,
  groupId: string,
  directory: Directory,
): boolean {
  if (!by) return false;
  if (isOperator(by) || directory.coordinates(by.uuid, groupId)) return true;
  const membership = directory.membership(by.organizationId, groupId);
  return membership !== undefined && KNOWS_AGREEMENTS.has(membership.state);
}

/** Whether an account may know of an agreement: the members of its groups, their coordinators and the operator. */
export function readsAgreement(
  by: Account | null,
  agreement: { uuid: string; fromGroupId: string; toGroupId: string },
  directory: Directory,
): boolean {
  if (!by) return false;
  const groups = [agreement.fromGroupId, agreement.toGroupId];
  if (groups.some((g) => coordinates(by, g, directory))) return true;
  const proposed = directory.agreement(agreement.uuid)?.versions.some((v) => v.proposedAt !== null);
  return proposed === true && groups.some((g) => readsAgreements(by, g, directory));
}

/** Whether an account may know of a version at all: drafts are the coordinators' own. */
export function readsVersion(
  by: Account | null,
  version: { agreementId: string; proposedAt: Date | null },
  directory: Directory,
): boolean {
  const agreement = directory.agreements.get(version.agreementId);
  if (!by || !agreement) return false;
  if (version.proposedAt) return readsAgreement(by, agreement, directory);
  return [agreement.fromGroupId, agreement.toGroupId].some((g) => coordinates(by, g, directory));
}

// ── Guards ──

export function requireThat(allowed: boolean, message: string): void {
  if (!allowed) throw forbidden(message);
}

/** The thing, or NOT_FOUND where it is missing or the viewer may not know of it. */
export function found<T>(thing: T | null | undefined, what: string): T {
  if (thing === null || thing === undefined) throw notFound(what);
  return thing;
}
