import type { LogPosition } from "../cursors";
import type { Hub } from "../hub";
import { MailKind, type MailSettings, MailState } from "./mail.type";
import type { Sent } from "./smtp";

const FIRST_WAIT_MS = 60_000;
const LONGEST_WAIT_MS = 3_600_000;
const KEEP_DAYS = 30;
const PRUNE_EVERY = 100;
/** Reading on without finding anything is written down once in a while: after a crash it is only read again. */
const SAVE_MS = 10_000;
const TOO_OLD =
  "Some alerts were not sent: the hub no longer keeps them. Read the items anew, as far as they concern you.";

/** Where an account's mail stands once something was sent. */
export interface Ended {
  position?: LogPosition;
  digestPosition?: LogPosition;
  digestDueAt?: number;
}

/**
 * Writes down what came of mails, and where that leaves the account.
 * INVARIANT: places move only from where they were, and nothing moves where the account has changed its settings meanwhile.
 */
export class MailLog {
  private readonly reading = new Map<
    string,
    { revision: number; from: number; upTo: LogPosition }
  >();
  private savedAt = performance.now();
  private settled = 0;

  constructor(private readonly hub: Hub) {}

  /** Where to read on: where it stands in the database, or beyond that if nothing was found there. */
  placeOf({ accountId, revision, position }: MailSettings): LogPosition {
    const on = this.reading.get(accountId);
    return on?.revision === revision && on.from === position.seq ? on.upTo : position;
  }

  /** @returns whether that was written down */
  async readOn(mail: MailSettings, upTo: LogPosition): Promise<boolean> {
    const { accountId, revision, position } = mail;
    if (upTo.seq === position.seq) return false;
    if (performance.now() - this.savedAt > SAVE_MS) {
      this.savedAt = performance.now();
      await this.moveOn(mail, { position: upTo });
      return true;
    }
    this.reading.set(accountId, { revision, from: position.seq, upTo });
    return false;
  }

  async moveOn(
    { accountId, revision, position, digestPosition, digestDueAt }: MailSettings,
    to: Ended,
  ): Promise<void> {
    const [at, digestAt] = [to.position ?? position, to.digestPosition ?? digestPosition];
    await this.hub.pool.query(
      `UPDATE mail SET seq = $3, sub = $4, digest_seq = $5, digest_sub = $6, digest_due_at = $7
       WHERE account_id = $1 AND revision = $2 AND (seq, sub, digest_seq, digest_sub) = ($8, $9, $10, $11)`,
      [
        accountId,
        revision,
        at.seq,
        at.sub,
        digestAt.seq,
        digestAt.sub,
        to.digestDueAt === undefined ? digestDueAt : new Date(to.digestDueAt),
        position.seq,
        position.sub,
        digestPosition.seq,
        digestPosition.sub,
      ],
    );
  }

  /** What comes next is no longer kept: goes on with what is, and says so to the account. */
  async passOver(mail: MailSettings, to: LogPosition): Promise<void> {
    const { accountId, revision, position, digestPosition } = mail;
    const later = (at: LogPosition): LogPosition => (at.seq < to.seq ? to : at);
    await this.moveOn(mail, { position: later(position), digestPosition: later(digestPosition) });
    await this.hub.pool.query(
      `UPDATE mail SET problem = $3, problem_at = $4 WHERE account_id = $1 AND revision = $2`,
      [accountId, revision, TOO_OLD, new Date(this.hub.now())],
    );
  }

  async settle(
    mail: MailSettings,
    kind: MailKind,
    messageId: string,
    { accepted, refused, code, problem }: Sent,
    ended: Ended,
  ): Promise<void> {
    const { hub } = this;
    const { accountId, revision } = mail;
    const now = hub.now();
    // What the server will never take is passed over: the rest of the mail must not wait for it.
    const over = accepted || refused === "message";
    const failures = accepted || refused ? 0 : mail.failures + 1;
    await hub.pool.query(
      `INSERT INTO mail_delivery (account_id, at, kind, message_id, accepted, code) VALUES ($1, $2, $3, $4, $5, $6)`,
      [accountId, new Date(now), kind, messageId, accepted, code],
    );
    if (over) await this.moveOn(mail, ended);
    await hub.pool.query(
      `UPDATE mail SET failures = $3, next_attempt_at = $4, problem = $5, problem_at = $6, pending = $7, state = $8
       WHERE account_id = $1 AND revision = $2`,
      [
        accountId,
        revision,
        failures,
        failures ? new Date(now + waitMs(failures)) : null,
        problem,
        problem === null ? null : new Date(now),
        over || refused ? null : mail.pending,
        refused === "address" ? MailState.REFUSED : mail.state,
      ],
    );
    if (++this.settled % PRUNE_EVERY === 0)
      await hub.pool.query("DELETE FROM mail_delivery WHERE account_id = $1 AND at < $2", [
        accountId,
        new Date(now - KEEP_DAYS * 86_400_000),
      ]);
  }

  /** @param tells whether the account is told by a last mail */
  async keyEnded({ accountId, revision }: MailSettings, tells: boolean): Promise<void> {
    await this.hub.pool.query(
      `UPDATE mail SET state = 'KEY_ENDED', pending = $3 WHERE account_id = $1 AND revision = $2`,
      [accountId, revision, tells ? MailKind.NOTICE : null],
    );
  }
}

/** Doubles from failure to failure, less up to a half at random. */
const waitMs = (failures: number): number =>
  Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1)) * (1 - Math.random() / 2);
