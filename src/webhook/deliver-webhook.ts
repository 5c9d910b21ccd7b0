import type { AlertPrinter } from "../alert-json";
import type { LogPosition } from "../cursors";
import { HubError } from "../errors";
import type { Hub } from "../hub";
import { KeptRows } from "../kept-rows";
import { type NextAlert, nextAlerts } from "../next-alert";
import type { Turns } from "../turns";
import type { Pause, Work } from "../workers";
import { type Outcome, post } from "./post";
import { messageId, signedHeaders } from "./sign";
import { loadWebhook, SecretSafe, workingWebhooks } from "./webhook-store";
import { type Webhook, WebhookState } from "./webhook.type";

const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 3_600_000;
const LONGEST_ASKED_MS = 24 * 3_600_000;
/** After so many failures in a row the circuit is open. */
const FAILURES_TO_OPEN = 8;
const PROBE_MS = 15 * 60_000;
/** Reading on without finding anything is written down once in a while: after a crash it is only read again. */
const SAVE_MS = 10_000;
const KEEP_DAYS = 30;
const PRUNE_EVERY = 100;

/** Where reading has come to without finding anything, from where it began. */
interface ReadOn {
  revision: number;
  from: LogPosition;
  upTo: LogPosition;
  savedAt: number;
}

/** Delivers to webhooks: for each its alerts in order, one at a time, until it has taken it. */
export class WebhookWork implements Work {
  private readonly readOn = new Map<string, ReadOn>();
  private readonly rows: KeptRows<Webhook>;
  private readonly safe: SecretSafe;
  private settled = 0;

  constructor(
    private readonly hub: Hub,
    private readonly printer: AlertPrinter,
    private readonly reading: Turns,
  ) {
    this.rows = new KeptRows((uuid) => loadWebhook(hub, uuid));
    this.safe = new SecretSafe(hub);
  }

  ids(): Promise<string[]> {
    return workingWebhooks(this.hub);
  }

  async step(uuid: string, signal: AbortSignal): Promise<Pause | "done"> {
    const { hub } = this;
    const hook = await this.rows.get(uuid);
    if (!hook || !WORKING.has(hook.state)) {
      this.readOn.delete(uuid);
      return "done";
    }
    const due = hook.nextAttemptAt?.getTime() ?? 0;
    if (due > hub.now()) return { until: due };
    const from = this.placeOf(hook);
    const session = { keyId: hook.keyId, accountId: hook.accountId };
    try {
      const { alerts, upTo, end } = await this.reading.run(() =>
        nextAlerts(hub, session, "webhook", from, hook.filter),
      );
      const [next] = alerts;
      if (!next) {
        await this.note(hook, upTo);
        return end ? { after: upTo.seq } : { until: 0 };
      }
      const still = await this.rows.renew(uuid);
      if (still?.revision !== hook.revision || !samePlace(still.position, hook.position))
        return { until: 0 };
      await this.deliver(hook, next, signal);
      return { until: 0 };
    } catch (error) {
      const reason = whyOver(error);
      if (reason === null) throw error;
      await this.disable(hook, reason);
      return "done";
    }
  }

  forget(): void {
    this.rows.forget();
  }

  async end(): Promise<void> {
    for (const uuid of this.readOn.keys()) await this.save(uuid);
  }

  private async deliver(
    hook: Webhook,
    { ctx, alert, position, disclosed }: NextAlert,
    signal: AbortSignal,
  ): Promise<void> {
    const { hub } = this;
    const at = hub.now();
    const data = await this.printer.print(ctx, alert);
    const body = JSON.stringify({ type: data.type, timestamp: data.at, data });
    const secrets = [this.safe.open(hook.secret)];
    if (hook.formerSecret && (hook.formerUntil?.getTime() ?? 0) > at)
      secrets.push(this.safe.open(hook.formerSecret));
    const headers = {
      "content-type": "application/json; charset=utf-8",
      "user-agent": "Musubi-Webhook/1",
      ...signedHeaders(secrets, messageId(hook.uuid, data.cursor), at, body),
    };
    const privateAllowed = hub.config.webhookPrivate;
    const outcome = await post(new URL(hook.url), headers, body, { privateAllowed, signal });
    if (outcome.sent) disclosed();
    // Broken off because the hub stops: it is made up for at the next start.
    if (outcome.error && signal.aborted) return;
    await this.settle(hook, position, data.type, at, outcome);
  }

  /**
   * Writes down an attempt, and where that leaves the webhook.
   * INVARIANT: the place in the log moves only from where it was, and its state only where no administrator has changed it
   * meanwhile.
   */
  private async settle(
    hook: Webhook,
    position: LogPosition,
    type: string,
    at: number,
    outcome: Outcome,
  ): Promise<void> {
    const { hub } = this;
    const attempt = hook.failures + 1;
    const taken = outcome.error === null;
    const failures = taken ? 0 : attempt;
    const gone = outcome.status === 410;
    const open = failures >= FAILURES_TO_OPEN;
    const failing = open ? WebhookState.OPEN : WebhookState.ACTIVE;
    const place = taken ? position : this.placeOf(hook);
    const wait = taken || gone ? null : new Date(hub.now() + waitMs(failures, outcome, hub.now()));
    await hub.pool.query(
      `WITH moved AS (
         UPDATE webhook SET seq = $3, sub = $4,
           failures = CASE revision WHEN $2 THEN $5 ELSE failures END,
           next_attempt_at = CASE revision WHEN $2 THEN $6 ELSE next_attempt_at END,
           state = CASE revision WHEN $2 THEN $7 ELSE state END, reason = CASE revision WHEN $2 THEN $8 ELSE reason END
         WHERE id = $1 AND seq = $9 AND sub = $10)
       INSERT INTO webhook_delivery (webhook_id, at, attempt, seq, sub, type, status, error, duration_ms)
       SELECT $1, $11, $12, $13, $14, $15, $16, $17, $18 FROM webhook WHERE id = $1`,
      [
        hook.uuid,
        hook.revision,
        place.seq,
        place.sub,
        failures,
        wait,
        gone ? WebhookState.DISABLED : failing,
        gone ? "The endpoint answered 410 Gone." : null,
        hook.position.seq,
        hook.position.sub,
        new Date(at),
        attempt,
        position.seq,
        position.sub,
        type,
        outcome.status,
        outcome.error,
        outcome.durationMs,
      ],
    );
    this.readOn.delete(hook.uuid);
    this.rows.forget(hook.uuid);
    if (++this.settled % PRUNE_EVERY === 0)
      await hub.pool.query("DELETE FROM webhook_delivery WHERE webhook_id = $1 AND at < $2", [
        hook.uuid,
        new Date(at - KEEP_DAYS * 86_400_000),
      ]);
  }

  private async disable(hook: Webhook, reason: string): Promise<void> {
    this.readOn.delete(hook.uuid);
    this.rows.forget(hook.uuid);
    await this.hub.pool.query(
      "UPDATE webhook SET state = 'DISABLED', reason = $3 WHERE id = $1 AND revision = $2",
      [hook.uuid, hook.revision, reason],
    );
  }

  /** Where to read on: where it stands in the database, or beyond that if nothing was found there. */
  private placeOf({ uuid, revision, position }: Webhook): LogPosition {
    const on = this.readOn.get(uuid);
    return on?.revision === revision && samePlace(on.from, position) ? on.upTo : position;
  }

  private async note(hook: Webhook, upTo: LogPosition): Promise<void> {
    const { uuid, revision, position } = hook;
    if (samePlace(this.placeOf(hook), upTo)) return;
    const savedAt = this.readOn.get(uuid)?.savedAt ?? performance.now();
    this.readOn.set(uuid, { revision, from: position, upTo, savedAt });
    if (performance.now() - savedAt > SAVE_MS) await this.save(uuid);
  }

  private async save(uuid: string): Promise<void> {
    const on = this.readOn.get(uuid);
    if (!on) return;
    const { revision, from, upTo } = on;
    await this.hub.pool.query(
      "UPDATE webhook SET seq = $3, sub = $4 WHERE id = $1 AND revision = $2 AND seq = $5 AND sub = $6",
      [uuid, revision, upTo.seq, upTo.sub, from.seq, from.sub],
    );
    this.rows.forget(uuid);
    this.readOn.set(uuid, { revision, from: upTo, upTo, savedAt: performance.now() });
  }
}

/** Why a webhook cannot go on by itself, in words to its administrators; null: it can. */
function whyOver(error: unknown): string | null {
  if (!(error instanceof HubError)) return null;
  if (error.code === "UNAUTHENTICATED")
    return "The key with which it was set up, or its account, is no longer valid.";
  const { reason, keptSince, resumeAfter } = error.details ?? {};
  return reason === "CURSOR_EXPIRED"
    ? `Alerts of before ${keptSince} are no longer kept, and some were not delivered. Read the items anew, replay the webhook after ${resumeAfter}, then resume it.`
    : null;
}

const WORKING = new Set([WebhookState.ACTIVE, WebhookState.OPEN]);

const samePlace = (a: LogPosition, b: LogPosition): boolean => a.seq === b.seq && a.sub === b.sub;

/** Doubles from failure to failure, less up to a half at random; no less than the endpoint asked for. */
function waitMs(failures: number, { retryAfter }: Outcome, now: number): number {
  const full = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1));
  const least = failures >= FAILURES_TO_OPEN ? PROBE_MS : 0;
  const jittered = Math.max(least, full * (1 - Math.random() / 2));
  return Math.max(jittered, askedMs(retryAfter, now));
}

/** RFC 9110, section 10.2.3: seconds, or a date. */
function askedMs(retryAfter: string | null, now: number): number {
  if (retryAfter === null) return 0;
  const ms = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - now;
  return Number.isFinite(ms) ? Math.min(LONGEST_ASKED_MS, Math.max(0, ms)) : 0;
}
