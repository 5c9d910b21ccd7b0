import type { AlertJson, AlertPrinter } from "../alert-json";
import { accountOf } from "../auth/viewer";
import { HubError } from "../errors";
import type { Hub } from "../hub";
import { KeptRows } from "../kept-rows";
import type { MailConfig } from "../mail-config";
import { type NextAlert, nextAlerts } from "../next-alert";
import type { Turns } from "../turns";
import type { Pause, Work } from "../workers";
import { composeAlert, type Draft, isContent } from "./compose";
import { nextAt } from "./daily";
import { readDigest } from "./digest";
import { type Ended, MailLog } from "./mail-log";
import { loadMail, StopLinks, workingMail } from "./mail-store";
import { MailKind, type MailSettings, MailState } from "./mail.type";
import { messageId, type Sent, Smtp } from "./smtp";
import { wordsIn } from "./words";

/** Sends mail: for each account one after another, its digest when it is due, and alerts as they come. */
export class MailWork implements Work {
  private readonly rows: KeptRows<MailSettings>;
  private readonly smtp: Smtp;
  private readonly links: StopLinks;
  private readonly log: MailLog;

  constructor(
    private readonly hub: Hub,
    private readonly printer: AlertPrinter,
    private readonly reading: Turns,
    private readonly config: MailConfig,
  ) {
    this.rows = new KeptRows((accountId) => loadMail(hub, accountId));
    this.smtp = new Smtp(config);
    this.links = new StopLinks(hub);
    this.log = new MailLog(hub);
  }

  ids(): Promise<string[]> {
    return workingMail(this.hub);
  }

  forget(): void {
    this.rows.forget();
  }

  async step(accountId: string, signal: AbortSignal): Promise<Pause | "done"> {
    const mail = await this.rows.get(accountId);
    if (!mail || (mail.state !== MailState.ACTIVE && mail.pending === null)) return "done";
    const due = mail.nextAttemptAt?.getTime() ?? 0;
    if (due > this.hub.now()) return { until: due };
    const { pending } = mail;
    if (pending) return this.smtp.turn(() => this.sendPending(mail, pending, signal));
    try {
      accountOf(this.hub, { keyId: mail.keyId });
      if (mail.digestDueAt && mail.digestDueAt.getTime() <= this.hub.now())
        return await this.inTurn(mail, signal, () => this.sendDigest(mail, signal));
      return await this.sendNext(mail, signal);
    } catch (error) {
      if (!(error instanceof HubError)) throw error;
      const { reason, resumeAfter = "" } = error.details ?? {};
      const kept = reason === "CURSOR_EXPIRED" ? this.hub.logCursor.open(resumeAfter) : null;
      if (kept) {
        await this.log.passOver(mail, kept);
        this.rows.forget(accountId);
        return { until: 0 };
      }
      if (error.code !== "UNAUTHENTICATED") throw error;
      const disabled = this.hub.directory.accounts.get(accountId)?.disabledAt ?? null;
      await this.log.keyEnded(mail, disabled === null);
      this.rows.forget(accountId);
      return { until: 0 };
    }
  }

  /**
   * Does what sends a mail when the mail server is free for it.
   * INVARIANT: what a mail says is read after the waiting: meanwhile rights and items may change.
   */
  private inTurn(
    mail: MailSettings,
    signal: AbortSignal,
    work: () => Promise<Pause>,
  ): Promise<Pause> {
    return this.smtp.turn(async () =>
      !signal.aborted && (await this.unchanged(mail)) ? work() : { until: 0 },
    );
  }

  /** The next alert of those that are wanted at once. @param now the mail server is free for it */
  private async sendNext(mail: MailSettings, signal: AbortSignal, now = false): Promise<Pause> {
    const until = mail.digestDueAt?.getTime() ?? Infinity;
    const session = { keyId: mail.keyId };
    const from = this.log.placeOf(mail);
    const filter = { types: mail.immediate };
    if (!mail.immediate.length) return { until };
    const { alerts, upTo, end } = await this.reading.run(() =>
      nextAlerts(this.hub, session, "mail", from, filter),
    );
    const [next] = alerts;
    if (!next) {
      if (await this.log.readOn(mail, upTo)) this.rows.forget(mail.accountId);
      return end ? { until, after: upTo.seq } : { until: 0 };
    }
    if (!now) return this.inTurn(mail, signal, () => this.sendNext(mail, signal, true));
    if (!(await this.unchanged(mail))) return { until: 0 };
    const alert = await this.printer.print(next.ctx, next.alert);
    const draft = composeAlert(mail, alert, this.config.publicUrl);
    const id = messageId(this.smtp.domain, mail.accountId, alert.cursor);
    const sent = await this.send(mail, draft, id, signal);
    if (sent.accepted) told([next], [alert]);
    if (sent.accepted || !signal.aborted)
      await this.log.settle(mail, MailKind.ALERT, id, sent, { position: next.position });
    return { until: 0 };
  }

  private async sendDigest(mail: MailSettings, signal: AbortSignal): Promise<Pause> {
    const { hub, printer } = this;
    const due = mail.digestDueAt?.getTime() ?? hub.now();
    const digest = await this.reading.run(() => readDigest(hub, printer, mail));
    const hour = mail.digestHour ?? 0;
    const ended: Ended = {
      digestPosition: digest.upTo,
      digestDueAt: digest.end ? nextAt(hour, mail.timeZone, hub.now()) : due,
    };
    if (!digest.alerts.length) {
      await this.log.moveOn(mail, ended);
      this.rows.forget(mail.accountId);
      return { until: 0 };
    }
    // A long one takes a while to read.
    accountOf(hub, { keyId: mail.keyId });
    if (!(await this.unchanged(mail))) return { until: 0 };
    const draft = digest.compose(due, this.config.publicUrl);
    const { seq, sub } = mail.digestPosition;
    const id = messageId(this.smtp.domain, mail.accountId, `digest ${seq} ${sub} ${due}`);
    const sent = await this.send(mail, draft, id, signal);
    if (sent.accepted) told(digest.alerts, digest.printed);
    if (sent.accepted || !signal.aborted)
      await this.log.settle(mail, MailKind.DIGEST, id, sent, ended);
    return { until: 0 };
  }

  private async sendPending(
    mail: MailSettings,
    kind: MailKind.CONFIRMATION | MailKind.NOTICE,
    signal: AbortSignal,
  ): Promise<Pause> {
    const words = wordsIn(mail.language);
    const confirms = kind === MailKind.CONFIRMATION;
    const draft = {
      subject: `[${words.hub}] ${confirms ? words.confirmSubject : words.noticeSubject}`,
      text: confirms ? words.confirm(mail.code ?? "") : words.notice,
    };
    const id = messageId(this.smtp.domain, mail.accountId, `${kind} ${mail.revision}`);
    const sent = await this.send(mail, draft, id, signal);
    if (sent.accepted || !signal.aborted) await this.log.settle(mail, kind, id, sent, {});
    return { until: 0 };
  }

  /** Whether what was read a moment ago still holds. */
  private async unchanged({ accountId, revision }: MailSettings): Promise<boolean> {
    return (await this.rows.renew(accountId))?.revision === revision;
  }

  private send(
    { accountId, address, language }: MailSettings,
    { subject, text }: Draft,
    id: string,
    signal: AbortSignal,
  ): Promise<Sent> {
    const stopUrl = this.links.of(this.config.publicUrl, accountId);
    const foot = wordsIn(language).stop(stopUrl);
    const message = {
      to: address,
      subject,
      text: `${text}\n\n-- \n${foot}\n`,
      messageId: id,
      stopUrl,
    };
    this.rows.forget(accountId);
    return this.smtp.send(message, signal);
  }
}

/** Only what went out as content was disclosed; a link tells that there is something, and no more. */
function told(alerts: readonly NextAlert[], printed: readonly AlertJson[]): void {
  for (const [i, alert] of alerts.entries()) {
    const item = printed[i]?.item;
    if (item && isContent(item)) alert.disclosed();
  }
}
