import { HubError } from "../errors";
import type { Hub } from "../hub";
import type { Viewer } from "../sharing/parties";
import { OrganizationKind } from "../sharing/vocabulary";
import type { Account } from "./account.entity";

/** What a request or a socket came with: a key, by its id. Whether it still opens anything is asked anew each time. */
export interface Session {
  readonly keyId: string;
  /**
   * What the hub does for this account, for as long as the key holds by which that was set up; the key may be another
   * account's of the same organization. It opens what a key opens that somebody else made.
   */
  readonly accountId?: string;
}

/** The account behind a session, as things are now. Throws UNAUTHENTICATED once the key or the account is no good. */
export function accountOf(hub: Hub, session: Session): Account {
  const key = hub.directory.keys.get(session.keyId);
  const holder = key && hub.directory.accounts.get(key.accountId);
  const account = holder && hub.directory.accounts.get(session.accountId ?? holder.uuid);
  const now = hub.now();
  const good =
    key &&
    account &&
    !key.revokedAt &&
    !holder.disabledAt &&
    !account.disabledAt &&
    holder.organizationId === account.organizationId &&
    (key.expiresAt?.getTime() ?? Infinity) > now;
  if (!good) throw unauthenticated("This API key is not, or no longer, valid.");
  return account;
}

/** As the policy sees them. */
export function viewerOf(hub: Hub, session: Session | null): Viewer | null {
  if (!session) return null;
  const account = accountOf(hub, session);
  const key = hub.directory.keys.get(session.keyId);
  const ownCredential = session.accountId === undefined && key?.createdBy === account.uuid;
  return { ...asViewer(hub, account), ownCredential };
}

/** An account as a viewer with a credential of its own: for explanations and previews. */
export function asViewer(hub: Hub, account: Account): Viewer {
  const organization = hub.directory.organizations.get(account.organizationId);
  return {
    organizationId: account.organizationId,
    organizationKind: organization?.kind ?? OrganizationKind.MEMBER,
    accountId: account.uuid,
    roles: account.roles,
    affiliation: account.affiliation,
    ownCredential: true,
  };
}

const BEARER = /^Bearer +([\x21-\x7e]{1,512})$/i;

/** null: no credential, the anonymous viewer. Throws UNAUTHENTICATED where one was given that is no good. */
export function authenticate(hub: Hub, authorization: unknown): Session | null {
  if (authorization === undefined || authorization === null || authorization === "") return null;
  const credential =
    typeof authorization === "string" ? BEARER.exec(authorization)?.[1] : undefined;
  if (!credential)
    throw unauthenticated("The authorization must be of the form: Bearer <API key>.");
  const key = hub.directory.keysByHash.get(hub.credentialHash(credential).toString("hex"));
  if (!key) throw unauthenticated("This API key is not, or no longer, valid.");
  const session = { keyId: key.uuid };
  accountOf(hub, session);
  return session;
}

function unauthenticated(message: string): HubError {
  return new HubError("UNAUTHENTICATED", message);
}
