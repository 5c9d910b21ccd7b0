import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import {
  type AlertFilter,
  type AlertLineFragment,
  FollowAlertsDocument,
  type TypedDocumentString,
} from "./generated";

/** What the process ends with: 1 the hub said no, 2 wrong usage, 3 the key was refused, 4 no hub there. */
export type ExitCode = 1 | 2 | 3 | 4;

/** An end in one line. */
export class CliError extends Error {
  constructor(
    readonly exitCode: ExitCode,
    message: string,
  ) {
    super(message);
  }
}

export interface HubAddress {
  /** Without a path: `http://127.0.0.1:4000`. */
  url: string;
  /** null: the anonymous viewer. */
  key: string | null;
}

interface GraphqlError {
  message: string;
  extensions?: { code?: string };
}

export interface Answer<T> {
  data?: T | null;
  errors?: readonly GraphqlError[];
}

const REQUEST_MS = 60_000;
const PONG_MS = 5_000;
const PAUSES_MS = [250, 1_000, 2_000, 5_000, 10_000];
/** graphql-ws: the hub closes with it when it refuses a credential, at once or later. */
const FORBIDDEN = 4403;

/** Asks once. Throws CliError where no hub answers, or refuses the key. */
export async function post<T>(
  hub: HubAddress,
  query: string,
  variables: object,
): Promise<Answer<T>> {
  const response = await fetch(`${hub.url}/graphql`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(hub.key && { authorization: `Bearer ${hub.key}` }),
    },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(REQUEST_MS),
  }).catch((error: Error & { cause?: { code?: string } }) => {
    throw unreachable(hub, error.cause?.code ?? error.name);
  });
  const answer = (await response.json().catch(() => null)) as Answer<T> | null;
  if (!answer?.data && !answer?.errors?.length) {
    throw new CliError(4, `${hub.url} does not answer as a hub does (HTTP ${response.status}).`);
  }
  if (response.status === 401) throw refused(answer.errors?.[0]?.message);
  return answer;
}

/** As `post`, for the CLI's own operations. Throws CliError on any error. */
export async function ask<R, V extends object>(
  hub: HubAddress,
  operation: TypedDocumentString<R, V>,
  variables: V,
): Promise<R> {
  const { data, errors } = await post<R>(hub, operation.toString(), variables);
  if (errors?.length || !data) throw failed(errors ?? []);
  return data;
}

/**
 * Alerts as they come, without end. When the connection is lost it comes back with the last cursor; `lost` is told.
 * Throws CliError when the hub refuses the key or the request, or cannot be reached to begin with.
 */
export async function* followAlerts(
  hub: HubAddress,
  from: { after: string | null; filter: AlertFilter | null },
  lost: (cursor: string | null) => void,
): AsyncGenerator<AlertLineFragment> {
  let cursor = from.after;
  let connected = false;
  for (let attempt = 0; ; attempt++) {
    const client = connect(hub, () => {
      connected = true;
      attempt = 0;
    });
    try {
      const operation = {
        query: FollowAlertsDocument.toString(),
        variables: { after: cursor, filter: from.filter },
      };
      for await (const { data, errors } of client.iterate<{ alerts: AlertLineFragment }>(
        operation,
      )) {
        if (errors) throw failed(errors);
        if (data?.alerts) {
          cursor = data.alerts.cursor;
          yield data.alerts;
        }
      }
    } catch (error) {
      const final = whyFinal(error);
      if (final) throw final;
      if (!connected) throw unreachable(hub, "WebSocket");
    } finally {
      await client.dispose();
    }
    if (attempt === 0) lost(cursor);
    await delay(PAUSES_MS[attempt] ?? 10_000);
  }
}

function connect(hub: HubAddress, connected: () => void): ReturnType<typeof createClient> {
  let late: NodeJS.Timeout;
  const client = createClient({
    url: `${hub.url.replace(/^http/, "ws")}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: hub.key ? { authorization: `Bearer ${hub.key}` } : {},
    retryAttempts: 0,
    onNonLazyError: () => undefined,
    keepAlive: 10_000,
    on: {
      connected,
      // A connection that died silently: the ping is not answered.
      ping: (received) => {
        if (!received) late = setTimeout(() => client.terminate(), PONG_MS);
      },
      pong: () => clearTimeout(late),
      closed: () => clearTimeout(late),
    },
  });
  return client;
}

/** Why it makes no sense to come back; null where it does: the connection was lost, or the hub restarts. */
function whyFinal(error: unknown): CliError | null {
  if (error instanceof CliError) return error;
  if (Array.isArray(error)) return failed(error as GraphqlError[]);
  const { code, reason } = (error ?? {}) as { code?: unknown; reason?: string };
  if (code === FORBIDDEN) return refused();
  if (typeof code !== "number") return new CliError(1, String(error));
  // 44xx: the hub did not understand this client, but for 4408 (too late) and 4499 (ended here).
  const wrong = code >= 4400 && code < 4499 && code !== 4408;
  return wrong ? new CliError(1, `The hub closed the connection: ${code} ${reason ?? ""}`) : null;
}

const unreachable = (hub: HubAddress, why: string): CliError =>
  new CliError(4, `The hub at ${hub.url} cannot be reached (${why}).`);

const refused = (why = "This API key is not, or no longer, valid."): CliError =>
  new CliError(3, `The hub refused the key. ${why}`);

/** The hub's errors as one line each. */
export function failed(errors: readonly GraphqlError[]): CliError {
  const lines = errors.map(({ message, extensions }) => `${extensions?.code ?? "?"}: ${message}`);
  const unauthenticated = errors.some((e) => e.extensions?.code === "UNAUTHENTICATED");
  return new CliError(unauthenticated ? 3 : 1, lines.join("\n") || "The hub answered nothing.");
}
