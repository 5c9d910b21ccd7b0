import { randomBytes } from "node:crypto";
import type { Context } from "../context";
import { badInput, conflict, notFound, Problems } from "../errors";
import { globalId, uuidOf } from "../ids";
import { checkText, MAX_NAME } from "../inputs";
import { ApiKey } from "./account.entity";
import type { CreateApiKeyInput, CreatedApiKey } from "./auth.type";
import { manageable, raiseIfForeign } from "./create-account";
import { administers, mayManage, requireThat } from "./rights";

/** `musubi_<8 public characters>_<43 secret ones>`: 256 random bits. */
function newSecret(): { secret: string; prefix: string } {
  const prefix = `musubi_${randomBytes(6).toString("base64url").replaceAll(/[-_]/g, "x")}`;
  return { prefix, secret: `${prefix}_${randomBytes(32).toString("base64url")}` };
}

/** By the account itself, an ORG_ADMIN of its organization, or the operator's admin. The secret is shown once. */
export async function createApiKey(ctx: Context, input: CreateApiKeyInput): Promise<CreatedApiKey> {
  const account = manageable(ctx, input.accountId);
  const problems = new Problems();
  checkText(problems, "input.name", input.name, MAX_NAME, true);
  problems.throwIfAny();
  if (input.expiresAt && input.expiresAt <= ctx.now())
    throw badInput("input.expiresAt", "must be in the future");
  if (account.disabledAt) throw conflict("The account is disabled.");
  const { secret, prefix } = newSecret();
  const uuid = await ctx.change("policy", async (change) => {
    raiseIfForeign(change, account);
    const key = {
      accountId: account.uuid,
      name: input.name,
      prefix,
      hash: ctx.hub.credentialHash(secret),
      createdBy: change.by.uuid,
      createdAt: change.now,
      expiresAt: input.expiresAt ?? null,
    };
    return change.insert(ApiKey, key, account.organizationId);
  });
  return { id: globalId("key", uuid), secret };
}

/** By whoever could have made it. It stops working at once; revoking it again changes nothing. */
export async function revokeApiKey(ctx: Context, id: string): Promise<boolean> {
  const by = ctx.account();
  const key = ctx.directory.keys.get(uuidOf(id, "key") ?? "");
  const account = key && ctx.directory.accounts.get(key.accountId);
  if (!account || (account.uuid !== by.uuid && !administers(by, account.organizationId)))
    throw notFound("API key");
  requireThat(mayManage(by, account, ctx.directory), "This key may not be revoked by the viewer.");
  await ctx.change("policy", async (change) => {
    if (key.revokedAt) return;
    await change.update(ApiKey, key, { revokedAt: change.now }, account.organizationId);
    raiseIfForeign(change, account);
  });
  return true;
}
