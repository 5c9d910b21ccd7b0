import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

export interface Mail {
  from: string;
  to: string[];
  secure: boolean;
  headers: Record<string, string>;
  text: string;
}

export const CA_FILE = join(__dirname, "../fixtures/tls/ca.pem");
const tls = (file: string): string =>
  readFileSync(join(__dirname, "../fixtures/tls", file), "utf8");

const PATIENCE_MS = 10_000;

/** What the server answers to a step of the next mails: a code that refuses it. */
interface Refusal {
  at: "rcpt" | "data";
  code: number;
}

/** A mail server of its own, with TLS, that keeps what it gets. */
export class Mailbox {
  private readonly queue: Mail[] = [];
  private readonly waiting = new Set<() => void>();
  /** Of the next attempts, one each; after them everything is taken. */
  refusals: Refusal[] = [];
  /** Answers that are held up; null: none is. */
  private held: (() => void)[] | null = null;
  /** How many mails were taken, and how many attempts refused. */
  taken = 0;
  refused = 0;

  private constructor(
    private readonly server: SMTPServer,
    readonly port: number,
  ) {}

  /** Takes mail at smtps, unless said otherwise; with a user name and a password if it has any. */
  static async start(options: SMTPServerOptions = {}): Promise<Mailbox> {
    let mailbox: Mailbox | undefined;
    const refusing = (at: Refusal["at"]): Error | null => {
      const [next] = mailbox?.refusals ?? [];
      if (!mailbox || next?.at !== at) return null;
      mailbox.refusals.shift();
      mailbox.refused++;
      return Object.assign(new Error("Not here: internal-host.example"), {
        responseCode: next.code,
      });
    };
    const server = new SMTPServer({
      secure: true,
      key: tls("key.pem"),
      cert: tls("cert.pem"),
      authOptional: true,
      disableReverseLookup: true,
      logger: false,
      onRcptTo: (_address, _session, callback) => {
        const answer = (): void => callback(refusing("rcpt"));
        if (mailbox?.held) mailbox.held.push(answer);
        else answer();
      },
      onData: (stream, session, callback) => {
        const chunks: Buffer[] = [];
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        stream.on("end", () => {
          const error = refusing("data");
          if (!error) mailbox?.arrived(Buffer.concat(chunks).toString(), session);
          callback(error);
        });
      },
      ...options,
    });
    server.on("error", () => undefined);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.server.address() as AddressInfo;
    return (mailbox = new Mailbox(server, port));
  }

  /** The variables by which a hub sends its mail here. */
  settings(url = `smtps://localhost:${this.port}`): Record<string, string> {
    return {
      HUB_SMTP_URL: url,
      HUB_SMTP_FROM: "Musubi <hub@musubi.example>",
      HUB_SMTP_CA: CA_FILE,
      HUB_PUBLIC_URL: "https://hub.example/musubi/",
    };
  }

  /** The next mail. Throws where none comes. */
  async next(): Promise<Mail> {
    const late = performance.now() + PATIENCE_MS;
    for (;;) {
      const mail = this.queue.shift();
      if (mail) return mail;
      const left = late - performance.now();
      if (left <= 0) throw new Error(`no mail came for ${PATIENCE_MS} ms`);
      await new Promise<void>((resolve) => {
        const { waiting } = this;
        const timer = setTimeout(done, left);
        function done(): void {
          clearTimeout(timer);
          waiting.delete(done);
          resolve();
        }
        waiting.add(done);
      });
    }
  }

  /** Answers nobody until what is returned is called. */
  holdUp(): () => void {
    const held: (() => void)[] = [];
    this.held = held;
    return () => {
      this.held = null;
      for (const answer of held) answer();
    };
  }

  /** How many mails wait for an answer that is held up. */
  get atTheDoor(): number {
    return this.held?.length ?? 0;
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private arrived(
    raw: string,
    session: Parameters<NonNullable<SMTPServerOptions["onData"]>>[1],
  ): void {
    const { mailFrom, rcptTo } = session.envelope;
    this.taken++;
    this.queue.push({
      from: mailFrom ? mailFrom.address : "",
      to: rcptTo.map((r) => r.address),
      secure: session.secure,
      ...parsed(raw),
    });
    for (const resolve of this.waiting) resolve();
  }
}

/** A plain-text mail: headers by lower-case name, unfolded and decoded, and its text. */
function parsed(raw: string): Pick<Mail, "headers" | "text"> {
  const [head = "", ...rest] = raw.split("\r\n\r\n");
  const headers: Record<string, string> = {};
  for (const line of head.replaceAll(/\r\n[ \t]+/g, " ").split("\r\n")) {
    const at = line.indexOf(":");
    headers[line.slice(0, at).toLowerCase()] = decodedWords(line.slice(at + 1).trim());
  }
  const body = rest.join("\r\n\r\n");
  const encoding = headers["content-transfer-encoding"] ?? "7bit";
  const bytes =
    encoding === "base64"
      ? Buffer.from(body, "base64")
      : encoding === "quoted-printable"
        ? unquoted(body.replaceAll("=\r\n", ""))
        : Buffer.from(body);
  return { headers, text: bytes.toString().replaceAll("\r\n", "\n") };
}

const unquoted = (text: string): Buffer =>
  Buffer.from(
    text.replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    "latin1",
  );

/** RFC 2047. */
const decodedWords = (text: string): string =>
  text
    .replaceAll(/\?=\s+=\?/g, "?==?")
    .replaceAll(/=\?utf-8\?([BQ])\?([^?]*)\?=/gi, (_, kind: string, word: string) =>
      kind.toUpperCase() === "B"
        ? Buffer.from(word, "base64").toString()
        : unquoted(word.replaceAll("_", " ")).toString(),
    );
