import { randomUUID } from "node:crypto";
import { found, mayManage, mayManageWebhooks, requireThat } from "../auth/rights";
import type { Account } from "../auth/account.entity";
import type { Context } from "../context";
import { type LogPosition, WHOLE_ENTRY } from "../cursors";
import { badInput, conflict, notFound, Problems } from "../errors";
import { globalId, uuidOf } from "../ids";
import { checkText, MAX_NAME } from "../inputs";
import { wakeWorkers } from "../workers";
import { addressIn, isPublicAddress } from "./public-address";
import { newSecret } from "./sign";
import { loadWebhook, SecretSafe } from "./webhook-store";
import type {
  CreateWebhookInput,
  UpdateWebhookInput,
  Webhook,
  WebhookSecret,
} from "./webhook.type";

const MAX_URL = 2_000;
const MOST_WEBHOOKS = 20;
/** So long both secrets sign after a rotation. */
const ROTATION_MS = 24 * 3_600_000;

/** The viewer's account, where it may set up the webhooks of its organization. Throws FORBIDDEN. */
export function managing(ctx: Context): Account {
  const account = ctx.account();
  requireThat(mayManageWebhooks(account), "Only an ORG_ADMIN manages its organization's webhooks.");
  return account;
}

/** By an ORG_ADMIN of the organization. The secret is shown once. */
export async function createWebhook(
  ctx: Context,
  input: CreateWebhookInput,
): Promise<WebhookSecret> {
  const by = managing(ctx);
  const account = input.accountId ? asWhom(ctx, by, input.accountId) : by;
  checkInput(ctx, input);
  const position = input.after == null ? null : placeOf(ctx, "input.after", input.after);
  const uuid = randomUUID();
  const secret = newSecret();
  const sealed = new SecretSafe(ctx.hub).seal(secret);
  await ctx.change("content", async (change) => {
    const { name, url, filter } = input;
    const [made] = await change.query<object[]>(
      `INSERT INTO webhook (id, organization_id, name, url, filter, account_id, key_id, secret, state, seq, sub, created_at, created_by)
       SELECT $1, $2, $3, $4, $5, $6, $7, $8, 'ACTIVE', coalesce($9, (SELECT max(seq) FROM log), 0), $10, $11, $12
       WHERE (SELECT count(*) FROM webhook WHERE organization_id = $2) < $13 RETURNING id`,
      [
        uuid,
        by.organizationId,
        name,
        url,
        filter ? JSON.stringify(filter) : null,
        account.uuid,
        ctx.session?.keyId,
        sealed,
        position?.seq ?? null,
        position?.sub ?? WHOLE_ENTRY,
        change.now,
        by.uuid,
        MOST_WEBHOOKS,
      ],
    );
    if (!made) throw conflict(`An organization has at most ${MOST_WEBHOOKS} webhooks.`);
    await wakeWorkers(change);
    change.record(globalId("webhook", uuid), null, { ...shown(input), account: account.id });
  });
  return { webhook: await reloaded(ctx, uuid), secret };
}

/** Name, URL and filter, all together. What failed at the old URL is tried at the new one at once. */
export async function updateWebhook(
  ctx: Context,
  id: string,
  input: UpdateWebhookInput,
): Promise<Webhook> {
  const hook = await manageable(ctx, id);
  checkInput(ctx, input);
  const filter = input.filter ? JSON.stringify(input.filter) : null;
  await set(
    ctx,
    hook,
    "name = $2, url = $3, filter = $4, failures = 0, next_attempt_at = NULL",
    [input.name, input.url, filter],
    shown(hook),
    shown(input),
  );
  return reloaded(ctx, hook.uuid);
}

/** It stops at once, and what was still to be delivered is forgotten. */
export async function deleteWebhook(ctx: Context, id: string): Promise<boolean> {
  const hook = await manageable(ctx, id);
  await ctx.change("content", async (change) => {
    await change.query("DELETE FROM webhook WHERE id = $1", [hook.uuid]);
    await wakeWorkers(change);
    change.record(hook.id, shown(hook), null);
  });
  return true;
}

/** A new secret; for a day the old one signs as well. Of several rotations in a day the latest two sign. */
export async function rotateSecret(ctx: Context, id: string): Promise<WebhookSecret> {
  const hook = await manageable(ctx, id);
  const secret = newSecret();
  const until = new Date(ctx.hub.now() + ROTATION_MS);
  await set(
    ctx,
    hook,
    "former_secret = secret, former_until = $3, secret = $2",
    [new SecretSafe(ctx.hub).seal(secret), until],
    {},
    { formerUntil: until },
  );
  return { webhook: await reloaded(ctx, hook.uuid), secret };
}

export async function pauseWebhook(ctx: Context, id: string): Promise<Webhook> {
  const hook = await manageable(ctx, id);
  await set(
    ctx,
    hook,
    "state = 'PAUSED', reason = NULL",
    [],
    { state: hook.state },
    { state: "PAUSED" },
  );
  return reloaded(ctx, hook.uuid);
}

/** Goes on where it stopped, from now on for as long as the key holds with which this is asked. */
export async function resumeWebhook(ctx: Context, id: string): Promise<Webhook> {
  const hook = await manageable(ctx, id);
  const account = ctx.directory.accounts.get(hook.accountId);
  if (!account || account.disabledAt)
    throw conflict("The account as which the webhook sees is disabled.");
  await set(
    ctx,
    hook,
    "state = 'ACTIVE', reason = NULL, failures = 0, next_attempt_at = NULL, key_id = $2",
    [ctx.session?.keyId],
    { state: hook.state },
    { state: "ACTIVE" },
  );
  return reloaded(ctx, hook.uuid);
}

/** Delivers again whatever came after a cursor, as far as the account may have it today. */
export async function replayWebhook(ctx: Context, id: string, after: string): Promise<Webhook> {
  const hook = await manageable(ctx, id);
  const { seq, sub } = placeOf(ctx, "after", after);
  await set(
    ctx,
    hook,
    "seq = $2, sub = $3, failures = 0, next_attempt_at = NULL",
    [seq, sub],
    {},
    { replayAfter: after },
  );
  return reloaded(ctx, hook.uuid);
}

async function set(
  ctx: Context,
  hook: Webhook,
  assignments: string,
  values: unknown[],
  before: object,
  after: object,
): Promise<void> {
  await ctx.change("content", async (change) => {
    const rows = await change.query<object[]>(
      `WITH changed AS (UPDATE webhook SET ${assignments}, revision = revision + 1 WHERE id = $1 RETURNING id) SELECT id FROM changed`,
      [hook.uuid, ...values],
    );
    if (!rows.length) throw notFound("webhook");
    await wakeWorkers(change);
    change.record(hook.id, before, after);
  });
}

/** A webhook of the viewer's organization. */
async function manageable(ctx: Context, id: string): Promise<Webhook> {
  const by = managing(ctx);
  const uuid = uuidOf(id, "webhook");
  const hook = uuid && (await loadWebhook(ctx.hub, uuid));
  return found(hook && hook.organizationId === by.organizationId ? hook : null, "webhook");
}

const reloaded = async (ctx: Context, uuid: string): Promise<Webhook> =>
  found(await loadWebhook(ctx.hub, uuid), "webhook");

/** Another account of the organization, for which the viewer could make a key. */
function asWhom(ctx: Context, by: Account, id: string): Account {
  const account = ctx.directory.accounts.get(uuidOf(id, "account") ?? "");
  const own = found(account?.organizationId === by.organizationId ? account : null, "account");
  requireThat(mayManage(by, own, ctx.directory), "This account may not be managed by the viewer.");
  if (own.disabledAt) throw conflict("The account is disabled.");
  return own;
}

function placeOf(ctx: Context, path: string, cursor: string): LogPosition {
  const position = ctx.hub.logCursor.open(cursor);
  if (!position) throw badInput(path, "is not a cursor of this hub");
  return position;
}

function checkInput(ctx: Context, { name, url }: UpdateWebhookInput): void {
  const problems = new Problems();
  checkText(problems, "input.name", name, MAX_NAME, true);
  const wrong = wrongWith(url, ctx.hub.config.webhookPrivate);
  if (wrong) problems.add("input.url", wrong);
  problems.throwIfAny();
}

/** What is wrong with a URL, as far as it can be known before the name is looked up. */
function wrongWith(text: string, privateAllowed: boolean): string | null {
  if (text.length > MAX_URL) return `must be at most ${MAX_URL} characters`;
  if (!URL.canParse(text)) return "is not a URL";
  const url = new URL(text);
  if (url.protocol !== "https:" && !(privateAllowed && url.protocol === "http:"))
    return "must begin with https://";
  if (url.username || url.password) return "must not contain a user name or a password";
  if (url.hash) return "must not have a fragment";
  const address = addressIn(url);
  if (!privateAllowed && address !== null && !isPublicAddress(address))
    return "leads to an address that this hub does not connect to";
  return null;
}

/** What the audit log tells of a webhook. A URL's path may be a credential. */
const shown = ({ name, url }: { name: string; url: string }): object => ({
  name,
  origin: new URL(url).origin,
});
