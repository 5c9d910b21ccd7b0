import { randomUUID } from "node:crypto";
import type { Hub } from "../hub";
import { Organization } from "../organization/organization.entity";
import { Affiliation, OrganizationKind, Role } from "../sharing/vocabulary";
import { change, type Origin } from "../transaction";
import { Account, ApiKey } from "./account.entity";

export const isEmpty = (hub: Hub): boolean => hub.directory.organizations.size === 0;

/**
 * On an empty hub: the operator, and a machine account of it that may do everything an operator may.
 * @returns the account
 */
export async function createOperator(
  hub: Hub,
  operator: { name: string; nameJa: string | null; sectors: string[]; country: string | null },
): Promise<Account> {
  const account = Object.assign(new Account(), {
    uuid: randomUUID(),
    organizationId: randomUUID(),
    email: "bootstrap@operator.invalid",
    displayName: "Bootstrap",
    roles: [Role.OPERATOR_ADMIN, Role.ANALYST],
    affiliation: Affiliation.EMPLOYEE,
    createdBy: null,
    disabledAt: null,
  });
  await change(hub, by(account, "issue own key"), "policy", async (made) => {
    await made.insert(Organization, {
      ...operator,
      uuid: account.organizationId,
      kind: OrganizationKind.OPERATOR,
      createdAt: made.now,
    });
    const { uuid, organizationId, email, displayName, roles, affiliation } = account;
    await made.insert(Account, {
      uuid,
      organizationId,
      email,
      displayName,
      roles,
      affiliation,
      createdAt: made.now,
    });
  });
  return hub.directory.accounts.get(account.uuid) as Account;
}

/** Gives an account a key as of its own making. Only the process itself does this: at bootstrap, and for the demo. */
export async function issueOwnKey(
  hub: Hub,
  account: Account,
  name: string,
  secret: string,
): Promise<string> {
  return change(hub, by(account, "issue own key"), "policy", (made) =>
    made.insert(ApiKey, {
      accountId: account.uuid,
      name,
      prefix: secret.slice(0, 15),
      hash: hub.credentialHash(secret),
      createdBy: account.uuid,
      createdAt: made.now,
    }),
  );
}

/** The process itself, in an account's name. */
const by = (account: Account, act: string): Origin => ({
  by: () => account,
  act,
  keyId: null,
  address: null,
});
