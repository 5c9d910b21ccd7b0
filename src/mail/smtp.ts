import { createHash } from "node:crypto";
import { createTransport, type Transporter } from "nodemailer";
import type { MailConfig } from "../mail-config";
import { Turns } from "../turns";

export interface Message {
  to: string;
  subject: string;
  text: string;
  /** Stable: the same for each attempt to send the same. */
  messageId: string;
  /** Where a POST stops all mail to the account. */
  stopUrl: string;
}

/** What came of an attempt. */
export interface Sent {
  accepted: boolean;
  /** The mail server will never take mail for this address; or never this message. */
  refused: "address" | "message" | null;
  /** The code of the reply, where there was one. */
  code: number | null;
  /** In words, without what the server said: that may name hosts of the operator's network. */
  problem: string | null;
}

/** The same for each attempt to send the same. */
export function messageId(domain: string, accountId: string, what: string): string {
  const hash = createHash("sha256").update(`${accountId} ${what}`).digest("hex");
  return `${hash.slice(0, 32)}@${domain}`;
}

const MOST_AT_ONCE = 3;
const CONNECT_MS = 10_000;
const SILENCE_MS = 30_000;
const GRACE_MS = 2_000;

type SmtpError = Error & { code?: string; responseCode?: number; command?: string };

/** The operator's mail server. */
export class Smtp {
  private readonly transport: Transporter;
  private readonly turns = new Turns(MOST_AT_ONCE);

  constructor(private readonly config: MailConfig) {
    const { host, port, secure, requireTls, user, password, ca } = config;
    this.transport = createTransport({
      host,
      port,
      secure,
      requireTLS: requireTls,
      ...(user !== null && { auth: { user, pass: password ?? "" } }),
      tls: { ...(ca !== null && { ca }), minVersion: "TLSv1.2" },
      connectionTimeout: CONNECT_MS,
      greetingTimeout: CONNECT_MS,
      dnsTimeout: CONNECT_MS,
      socketTimeout: SILENCE_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }

  /** The domain of the sender's address. */
  get domain(): string {
    return this.config.from.address.split("@")[1] ?? "";
  }

  /** Waits until the server has room for one more mail. Whoever sends does so within its turn. */
  turn<T>(work: () => Promise<T>): Promise<T> {
    return this.turns.run(work);
  }

  /** Never throws. `signal`: the hub stops; what is under way has a little time left. */
  async send(message: Message, signal: AbortSignal): Promise<Sent> {
    const ending = new AbortController();
    const stop = (): void => void setTimeout(() => ending.abort(), GRACE_MS).unref();
    if (signal.aborted) ending.abort();
    signal.addEventListener("abort", stop);
    try {
      await this.transport.sendMail({ ...this.composed(message), signal: ending.signal });
      return { accepted: true, refused: null, code: null, problem: null };
    } catch (error) {
      return failed(error as SmtpError);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  private composed({ to, subject, text, messageId, stopUrl }: Message): object {
    return {
      from: this.config.from,
      // WHY an object: a text would be read as a list of addresses.
      to: { name: "", address: to },
      subject,
      text,
      messageId: `<${messageId}>`,
      headers: {
        "Auto-Submitted": "auto-generated",
        "List-Unsubscribe": `<${stopUrl}>`,
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
      },
    };
  }
}

/** RFC 5321: 5yz is for good. Of the address where RCPT is answered so, of the message where the content is. */
function failed({ code, responseCode, command }: SmtpError): Sent {
  const reply = responseCode ?? null;
  const permanent = reply !== null && reply >= 500;
  const atAddress = code === "EENVELOPE" && command === "RCPT TO";
  const atContent = command === "DATA" || code === "EMESSAGE";
  const refused = permanent ? (atAddress ? "address" : atContent ? "message" : null) : null;
  const by = reply === null ? (code ?? "unknown") : String(reply);
  const problem = {
    address: `The mail server does not take mail for this address (SMTP ${by}).`,
    message: `The mail server did not take a mail (SMTP ${by}). The alert itself is in the hub.`,
    later: `A mail could not be sent (${by}) and will be tried again.`,
  }[refused ?? "later"];
  return { accepted: false, refused, code: reply, problem };
}
