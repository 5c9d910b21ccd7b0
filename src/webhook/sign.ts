import { createHash, createHmac, randomBytes } from "node:crypto";

/** Standard Webhooks: `whsec_` and the key in base64. */
const PREFIX = "whsec_";

/** 256 random bits. */
export const newSecret = (): string => PREFIX + randomBytes(32).toString("base64");

/** Stable for one alert at one endpoint: over attempts, restarts and replays. */
export function messageId(webhookUuid: string, cursor: string): string {
  const hash = createHash("sha256").update(`${webhookUuid} ${cursor}`).digest("base64url");
  return `msg_${hash.slice(0, 32)}`;
}

/** The headers of one attempt. Each secret signs; receivers take a message that any of theirs has signed. */
export function signedHeaders(
  secrets: readonly string[],
  id: string,
  at: number,
  body: string,
): Record<string, string> {
  const timestamp = String(Math.floor(at / 1000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(PREFIX.length), "base64");
    return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
  });
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signatures.join(" "),
  };
}
