import { resolve } from "node:path";
import { type MailConfig, readMailConfig } from "./mail-config";

/** What the environment says, checked once; nothing else reads `process.env`. */
export interface Config {
  readonly port: number;
  readonly host: string;
  /** null: the embedded database in `dataDir`. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  readonly demo: boolean;
  readonly bootstrapKey: string | null;
  readonly logLevel: string;
  /** So long further edits of an item wait for each other, to be told of as one; 0: each is told of by itself. */
  readonly foldSeconds: number;
  /** So long the log of alerts is kept for those who come back. */
  readonly logDays: number;
  /** Whether webhooks may lead to plain HTTP and into private networks. */
  readonly webhookPrivate: boolean;
  /** null: the hub sends no mail. */
  readonly mail: MailConfig | null;
}

/** A setting that cannot be used: one line that names the variable. */
export class ConfigError extends Error {}

const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"];
const BOOTSTRAP_KEY = /^[\x21-\x7e]{32,512}$/;

/** Throws ConfigError on the first unusable variable. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const databaseUrl = env.DATABASE_URL || null;
  if (databaseUrl && !/^postgres(ql)?:\/\//.test(databaseUrl)) {
    throw new ConfigError("DATABASE_URL must be a postgres:// or postgresql:// URL");
  }
  const port = Number(env.PORT || "4000");
  if (!/^\d*$/.test(env.PORT ?? "") || port > 65_535) {
    throw new ConfigError("PORT must be a whole number from 0 to 65535");
  }
  const logLevel = env.LOG_LEVEL || "info";
  if (!LOG_LEVELS.includes(logLevel))
    throw new ConfigError(`LOG_LEVEL must be one of ${LOG_LEVELS.join(", ")}`);
  const bootstrapKey = env.HUB_BOOTSTRAP_KEY || null;
  if (bootstrapKey && !BOOTSTRAP_KEY.test(bootstrapKey)) {
    throw new ConfigError(
      "HUB_BOOTSTRAP_KEY must be 32 to 512 printable characters without spaces",
    );
  }
  const demo = env.HUB_DEMO || (databaseUrl ? "0" : "1");
  if (demo !== "0" && demo !== "1") throw new ConfigError("HUB_DEMO must be 0 or 1");
  const foldSeconds = wholeNumber(env, "HUB_FOLD_SECONDS", 30, 0, 3_600);
  const logDays = wholeNumber(env, "HUB_LOG_DAYS", 90, 1, 36_500);
  const webhookPrivate = env.HUB_WEBHOOK_PRIVATE || "0";
  if (webhookPrivate !== "0" && webhookPrivate !== "1")
    throw new ConfigError("HUB_WEBHOOK_PRIVATE must be 0 or 1");
  return Object.freeze({
    port,
    host: env.HOST || "127.0.0.1",
    databaseUrl,
    dataDir: resolve(env.HUB_DATA_DIR || "./var"),
    demo: demo === "1",
    bootstrapKey,
    logLevel,
    foldSeconds,
    logDays,
    webhookPrivate: webhookPrivate === "1",
    mail: readMailConfig(env, (line) => {
      throw new ConfigError(line);
    }),
  });
}

function wholeNumber(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
  otherwise: number,
  least: number,
  most: number,
): number {
  const text = env[name] || String(otherwise);
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most)
    throw new ConfigError(`${name} must be a whole number from ${least} to ${most}`);
  return value;
}
