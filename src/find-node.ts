import { readsAccount, readsAgreement, readsMembership, readsVersion } from "./auth/rights";
import type { Context } from "./context";
import { parseGlobalId } from "./ids";
import { visibleRelease } from "./release/release-verbs";
import { ItemKind } from "./sharing/vocabulary";
import { findWatch } from "./alert/watch-store";

/** Anything that has a global id, as the viewer may know it; null for everything else. */
export async function findNode(ctx: Context, id: string): Promise<object | null> {
  const parsed = parseGlobalId(id);
  if (!parsed) return null;
  const { type, uuid } = parsed;
  const { directory } = ctx;
  const account = ctx.maybeAccount();
  switch (type) {
    case "incident":
      return ctx.read(ItemKind.INCIDENT).byId(uuid);
    case "indicator":
      return ctx.read(ItemKind.INDICATOR).byId(uuid);
    case "advisory":
      return ctx.read(ItemKind.ADVISORY).byId(uuid);
    case "release":
      return account && visibleRelease(ctx, uuid);
    case "watch":
      return account && findWatch(ctx, uuid);
    case "organization": {
      const organization = directory.organizations.get(uuid) ?? null;
      return account || organization?.uuid === directory.operatorId ? organization : null;
    }
    case "group":
      return account && (directory.groups.get(uuid) ?? null);
    case "account": {
      const wanted = directory.accounts.get(uuid);
      return wanted && readsAccount(account, wanted) ? wanted : null;
    }
    case "membership": {
      const membership = directory.memberships.get(uuid);
      return membership && readsMembership(account, membership, directory) ? membership : null;
    }
    case "agreement": {
      const agreement = directory.agreements.get(uuid);
      return agreement && readsAgreement(account, agreement, directory) ? agreement : null;
    }
    case "version": {
      const version = directory.versions.get(uuid);
      return version && readsVersion(account, version, directory) ? version : null;
    }
    default:
      return null;
  }
}
