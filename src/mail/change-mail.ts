import { randomBytes, timingSafeEqual } from "node:crypto";
import type { Account } from "../auth/account.entity";
import type { Context } from "../context";
import { WHOLE_ENTRY } from "../cursors";
import { badInput, conflict, HubError, Problems } from "../errors";
import type { Hub } from "../hub";
import { globalId } from "../ids";
import { isEmail } from "../inputs";
import { change, type Change } from "../transaction";
import { wakeWorkers } from "../workers";
import { isTimeZone, nextAt } from "./daily";
import { loadMail } from "./mail-store";
import { type MailInput, MailLanguage, type MailSettings, MailState } from "./mail.type";

/** So long a code confirms an address. */
const CODE_MS = 24 * 3_600_000;
/** Between two codes to one account: they go to addresses of which nobody knows yet whose they are. */
const BETWEEN_CODES_MS = 60_000;

/**
 * By the account itself, for itself; as a whole. What had stopped goes on where it stopped, unless the account itself had
 * stopped it.
 */
export async function setMail(ctx: Context, input: MailInput): Promise<MailSettings> {
  const account = ctx.account();
  if (!ctx.hub.config.mail) throw conflict("This hub sends no mail.");
  const settings = checked(account, input);
  const before = await loadMail(ctx.hub, account.uuid);
  // An administrator has written down the account's own address; of any other nobody has said whose it is.
  // INVARIANT: there is a code for as long as the address is not confirmed, however the mail stopped meanwhile.
  const known =
    settings.address === account.email ||
    (before?.address === settings.address && before.code === null);
  const now = ctx.hub.now();
  const code = known ? null : randomBytes(15).toString("base64url");
  if (code && before?.codeAt && now - before.codeAt.getTime() < BETWEEN_CODES_MS)
    throw new HubError("RATE_LIMITED", "A code was sent less than a minute ago.");
  // What was not wanted until now begins now.
  const stopped = before?.state === MailState.STOPPED;
  const anew = !before || stopped || !before.immediate.length;
  const digestAnew = !before || stopped || before.digestHour === null;
  const { digestHour, timeZone } = settings;
  await ctx.change("content", async (made) => {
    await made.query(
      `INSERT INTO mail AS m (account_id, key_id, address, language, time_zone, state, code, code_at, pending, immediate, digest,
         digest_hour, digest_due_at, seq, sub, digest_seq, digest_sub)
       SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, l.seq, $14, l.seq, $14
       FROM (SELECT coalesce(max(seq), 0) AS seq FROM log) l
       ON CONFLICT (account_id) DO UPDATE SET key_id = $2, address = $3, language = $4, time_zone = $5, state = $6, code = $7,
         code_at = coalesce($8, m.code_at), pending = $9, immediate = $10, digest = $11, digest_hour = $12, digest_due_at = $13,
         seq = CASE WHEN $15 THEN excluded.seq ELSE m.seq END, sub = CASE WHEN $15 THEN excluded.sub ELSE m.sub END,
         digest_seq = CASE WHEN $16 THEN excluded.digest_seq ELSE m.digest_seq END,
         digest_sub = CASE WHEN $16 THEN excluded.digest_sub ELSE m.digest_sub END,
         failures = 0, next_attempt_at = NULL, problem = NULL, problem_at = NULL, revision = m.revision + 1`,
      [
        account.uuid,
        ctx.session?.keyId,
        settings.address,
        settings.language,
        timeZone,
        code ? MailState.UNCONFIRMED : MailState.ACTIVE,
        code,
        code ? made.now : null,
        code ? "CONFIRMATION" : null,
        settings.immediate,
        settings.digest,
        digestHour,
        digestHour === null ? null : new Date(nextAt(digestHour, timeZone, now)),
        WHOLE_ENTRY,
        anew,
        digestAnew,
      ],
    );
    await noted(made, account, before, settings);
  });
  return reloaded(ctx);
}

/** With the code that was sent to the address. */
export async function confirmMail(ctx: Context, code: string): Promise<MailSettings> {
  const account = ctx.account();
  const mail = await loadMail(ctx.hub, account.uuid);
  const good =
    mail?.state === MailState.UNCONFIRMED &&
    mail.code !== null &&
    same(mail.code, code.trim()) &&
    ctx.hub.now() < (mail.codeAt?.getTime() ?? 0) + CODE_MS;
  if (!good) throw badInput("code", "is not, or no longer, the code that was sent");
  await ctx.change("content", async (made) => {
    await made.query(
      `UPDATE mail SET state = 'ACTIVE', code = NULL, pending = NULL, key_id = $2, revision = revision + 1
       WHERE account_id = $1 AND state = 'UNCONFIRMED' AND code = $3`,
      [account.uuid, ctx.session?.keyId, mail.code],
    );
    await noted(made, account, { state: mail.state }, { state: MailState.ACTIVE });
  });
  return reloaded(ctx);
}

/** Stops every mail to the account at once. */
export async function stopMail(ctx: Context): Promise<MailSettings> {
  const account = ctx.account();
  if (!(await loadMail(ctx.hub, account.uuid))) throw conflict("Nothing is sent by e-mail.");
  await ctx.change("content", (made) => stopped(made, account));
  return reloaded(ctx);
}

/** By a link in a mail, without a key. Whoever has the mail may stop the mails. */
export async function stopMailOf(
  hub: Hub,
  account: Account,
  address: string | null,
): Promise<void> {
  const origin = { by: () => account, act: "stopMail", keyId: null, address };
  await change(hub, origin, "content", (made) => stopped(made, account));
}

async function stopped(made: Change, account: Account): Promise<void> {
  await made.query(
    `UPDATE mail SET state = 'STOPPED', pending = NULL, revision = revision + 1 WHERE account_id = $1`,
    [account.uuid],
  );
  await noted(made, account, null, { state: MailState.STOPPED });
}

/** WHY not the address: colleagues who read the audit log have no business with it. */
async function noted(
  made: Change,
  account: Account,
  before: Partial<MailSettings> | null,
  after: Partial<MailSettings>,
): Promise<void> {
  await wakeWorkers(made);
  const told = ({ state, immediate, digestHour }: Partial<MailSettings>): object => ({
    state,
    immediate,
    digestHour,
  });
  made.record(globalId("mail", account.uuid), before && told(before), told(after));
}

type Checked = Pick<
  MailSettings,
  "address" | "language" | "timeZone" | "immediate" | "digest" | "digestHour"
>;

function checked(account: Account, input: MailInput): Checked {
  const problems = new Problems();
  const address = input.address ?? account.email;
  const timeZone = input.timeZone ?? "Asia/Tokyo";
  const digestHour = input.digestHour ?? null;
  if (!isEmail(address))
    problems.add("input.address", "is not an e-mail address of at most 255 characters");
  if (!isTimeZone(timeZone)) problems.add("input.timeZone", "is not an IANA time zone");
  if (digestHour !== null && (digestHour < 0 || digestHour > 23))
    problems.add("input.digestHour", "must be from 0 to 23");
  const immediate = [...new Set(input.immediate ?? [])];
  if (!immediate.length && digestHour === null)
    problems.add("input", "must ask for something: immediate or digestHour");
  problems.throwIfAny();
  return {
    address,
    timeZone,
    digestHour,
    immediate,
    digest: input.digest ? [...new Set(input.digest)] : null,
    language: input.language ?? MailLanguage.JA,
  };
}

function same(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}

async function reloaded(ctx: Context): Promise<MailSettings> {
  const mail = await loadMail(ctx.hub, ctx.account().uuid);
  if (!mail) throw new Error("what was written is not there");
  return mail;
}
