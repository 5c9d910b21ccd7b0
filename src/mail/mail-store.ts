import type { Hub } from "../hub";
import { Sealed } from "../sealed";
import { MailDelivery, type MailKind, MailSettings } from "./mail.type";

interface Row extends Omit<MailSettings, "position" | "digestPosition"> {
  seq: string;
  sub: string;
  digestSeq: string;
  digestSub: string;
}

const COLUMNS = `account_id AS "accountId", key_id AS "keyId", address, language, time_zone AS "timeZone", state, code,
  code_at AS "codeAt", pending, immediate, digest, digest_hour AS "digestHour", digest_due_at AS "digestDueAt", seq, sub,
  digest_seq AS "digestSeq", digest_sub AS "digestSub", failures, next_attempt_at AS "nextAttemptAt", problem,
  problem_at AS "problemAt", revision`;

/** An account's settings; null where it never had any. */
export async function loadMail(hub: Hub, accountId: string): Promise<MailSettings | null> {
  const { rows } = await hub.pool.query<Row>({
    name: "mail",
    text: `SELECT ${COLUMNS} FROM mail WHERE account_id = $1`,
    values: [accountId],
  });
  if (!rows[0]) return null;
  const { seq, sub, digestSeq, digestSub, ...row } = rows[0];
  return Object.assign(new MailSettings(), row, {
    position: { seq: Number(seq), sub: Number(sub) },
    digestPosition: { seq: Number(digestSeq), sub: Number(digestSub) },
  });
}

/** The accounts for which there is something to send, now or later. */
export async function workingMail(hub: Hub): Promise<string[]> {
  const { rows } = await hub.pool.query<{ id: string }>(
    "SELECT account_id AS id FROM mail WHERE state = 'ACTIVE' OR pending IS NOT NULL ORDER BY account_id",
  );
  return rows.map(({ id }) => id);
}

/** The newest attempts to send mail to an account. */
export async function mailDeliveriesOf(
  hub: Hub,
  accountId: string,
  most: number,
): Promise<MailDelivery[]> {
  const { rows } = await hub.pool.query<{
    at: Date;
    kind: MailKind;
    messageId: string;
    accepted: boolean;
    code: number | null;
  }>(
    `SELECT at, kind, message_id AS "messageId", accepted, code FROM mail_delivery
     WHERE account_id = $1 ORDER BY number DESC LIMIT $2`,
    [accountId, most],
  );
  return rows.map((row) => Object.assign(new MailDelivery(), row));
}

const STOP = "/mail/stop/";

/** The links by which a mail is stopped without a key: each holds for one account, and for nothing else. */
export class StopLinks {
  private readonly sealed: Sealed;

  constructor(hub: Hub) {
    this.sealed = new Sealed(hub.keyFor("mail stop"));
  }

  of(publicUrl: string, accountId: string): string {
    const token = this.sealed.seal(Buffer.from(accountId.replaceAll("-", ""), "hex"));
    return `${publicUrl}${STOP}${token}`;
  }

  /** The account of a path; null where this hub did not make it. */
  accountIn(path: string): string | null {
    if (!path.startsWith(STOP)) return null;
    const bytes = this.sealed.open(path.slice(STOP.length));
    if (bytes?.length !== 16) return null;
    const x = bytes.toString("hex");
    return [x.slice(0, 8), x.slice(8, 12), x.slice(12, 16), x.slice(16, 20), x.slice(20)].join("-");
  }
}
