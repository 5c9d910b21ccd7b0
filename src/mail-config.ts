import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { isEmail } from "./inputs";

/** How the hub sends mail. */
export interface MailConfig {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte; else by STARTTLS. */
  readonly secure: boolean;
  /** Whether nothing is sent without TLS: everywhere but on the loopback. */
  readonly requireTls: boolean;
  readonly user: string | null;
  readonly password: string | null;
  readonly from: { name: string; address: string };
  /** PEM; null: the certificate authorities that Node knows. */
  readonly ca: string | null;
  /** Where links lead; without a slash at the end. */
  readonly publicUrl: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const FROM = /^(?:([^<>"\r\n]*?)\s*<([^<>]+)>|([^<>\s]+))$/;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/;

/** null: no mail. Calls `fail` with one line that names the variable, which must throw. */
export function readMailConfig(env: Environment, fail: (line: string) => never): MailConfig | null {
  const publicUrl = publicUrlOf(env, fail);
  if (!env.HUB_SMTP_URL) {
    for (const name of ["HUB_SMTP_FROM", "HUB_SMTP_CA"])
      if (env[name]) fail(`${name} is set, and HUB_SMTP_URL is not`);
    return null;
  }
  if (!/^smtps?:\/\/[^/?#]+\/?$/i.test(env.HUB_SMTP_URL) || !URL.canParse(env.HUB_SMTP_URL))
    fail("HUB_SMTP_URL must be of the form smtps://user:password@host:port or smtp://…");
  const url = new URL(env.HUB_SMTP_URL);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const secure = url.protocol === "smtps:";
  if (!publicUrl) return fail("HUB_PUBLIC_URL must be set where HUB_SMTP_URL is");
  return Object.freeze({
    host,
    port: Number(url.port || (secure ? 465 : 587)),
    secure,
    requireTls: !secure && !isLoopback(host),
    user: url.username ? decoded(url.username, fail) : null,
    password: url.password ? decoded(url.password, fail) : null,
    from: fromOf(env, fail),
    ca: caOf(env, fail),
    publicUrl,
  });
}

function fromOf(
  { HUB_SMTP_FROM: text }: Environment,
  fail: (line: string) => never,
): MailConfig["from"] {
  const [, name = "", named, bare] = FROM.exec(text?.trim() ?? "") ?? [];
  const address = named ?? bare;
  if (!address || !isEmail(address))
    return fail("HUB_SMTP_FROM must be an e-mail address, or of the form: Name <address>");
  return { name, address };
}

function caOf({ HUB_SMTP_CA: file }: Environment, fail: (line: string) => never): string | null {
  if (!file) return null;
  let pem = "";
  try {
    pem = readFileSync(file, "utf8");
  } catch (error) {
    fail(`HUB_SMTP_CA: the file cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  return CERTIFICATE.test(pem) ? pem : fail("HUB_SMTP_CA: the file holds no PEM certificate");
}

function publicUrlOf(
  { HUB_PUBLIC_URL: text }: Environment,
  fail: (line: string) => never,
): string | null {
  if (!text) return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  const plain = url && !url.search && !url.hash && !url.username && !url.password;
  if (!plain || !/^https?:$/.test(url.protocol))
    return fail("HUB_PUBLIC_URL must be an http:// or https:// URL without a query");
  return url.href.replace(/\/+$/, "");
}

function decoded(text: string, fail: (line: string) => never): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return fail("HUB_SMTP_URL: user and password must be percent-encoded");
  }
}

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
