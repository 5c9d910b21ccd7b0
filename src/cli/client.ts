import { setTimeout as delay } from "node:timers/promises";
import { type Client, createClient } from "graphql-ws";
import { WebSocket } from "ws";
import type { AlertFilter, AlertLineFragment, TypedDocumentString } from "./generated";
import { FollowAlertsDocument } from "./generated";

/** An end in one line. 1: the hub said no, 2: wrong usage, 3: the key was refused, 4: no hub answers. */
export class CliError extends Error {
  constructor(
    readonly exitCode: 1 | 2 | 3 | 4,
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

interface Answer<T> {
  data?: T | null;
  errors?: readonly GraphqlError[];
}

const REQUEST_MS = 60_000;
const PONG_MS = 5_000;
const PAUSES_MS = [250, 1_000, 2_000, 5_000];
/** The hub closes a socket with it when it refuses the credential, at once or later. */
const FORBIDDEN = 4403;

/** Asks once. Throws CliError where no hub answers, or where it refuses the key. */
export async function post<T>(hub: HubAddress, query: string, variables: object) {
  const authorization = hub.key ? { authorization: `Bearer ${hub.key}` } : {};
  const response = await fetch(`${hub.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...authorization },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(REQUEST_MS),
  }).catch((error: Error & { cause?: { code?: string } }) => {
    throw unreachable(hub, error.cause?.code ?? error.name);
  });
  const answer = (await response.json().catch(() => null)) as Answer<T> | null;
  if (!answer?.data && !answer?.errors?.length) {
    throw new CliError(4, `${hub.url} does not answer as a hub does (HTTP ${response.status}).`);
  }
  if (response.status === 401) throw failed(answer.errors ?? []);
  return answer;
}

/** As `post`, for the CLI's own operations. Throws CliError on every error. */
export async function ask<R, V extends object>(
  hub: HubAddress,
  operation: TypedDocumentString<R, V>,
  variables: V,
): Promise<R> {
  const { data, errors } = await post<R>(hub, operation.toString(), variables);
  if (errors?.length || !data) throw failed(errors ?? []);
  return data;
}

/** The hub's errors, one line each. */
export function failed(errors: readonly GraphqlError[]): CliError {
  const lines = errors.map(({ message, extensions }) => `${extensions?.code ?? "?"}: ${message}`);
  const refused = errors.some((e) => e.extensions?.code === "UNAUTHENTICATED");
  return new CliError(refused ? 3 : 1, lines.join("\n") || "The hub answered nothing.");
}

/**
 * Alerts as they come, until `signal` fires. When the connection is lost it comes back with the last cursor, and
 * `lost` is told. Throws CliError when the hub refuses the key or the request, or cannot be reached to begin with.
 */
export async function* followAlerts(
  hub: HubAddress,
  { after, filter }: { after: string | null; filter: AlertFilter | null },
  signal: AbortSignal,
  lost: () => void,
): AsyncGenerator<AlertLineFragment> {
  const variables = { after, filter };
  let attempt = -1;
  while (!signal.aborted) {
    const client = connect(hub, () => (attempt = 0));
    const end = (): void => void client.dispose();
    signal.addEventListener("abort", end);
    try {
      const query = FollowAlertsDocument.toString();
      const results = client.iterate<{ alerts: AlertLineFragment }>({ query, variables });
      for await (const { data, errors } of results) {
        if (!data?.alerts) throw failed(errors ?? []);
        variables.after = data.alerts.cursor;
        yield data.alerts;
      }
    } catch (error) {
      const final = whyFinal(error);
      if (final && !signal.aborted) throw final;
      if (attempt < 0) throw unreachable(hub, "WebSocket");
    } finally {
      signal.removeEventListener("abort", end);
      await client.dispose();
    }
    if (attempt === 0 && !signal.aborted) lost();
    await delay(PAUSES_MS[attempt++] ?? 10_000, null, { signal }).catch(() => undefined);
  }
}

function connect({ url, key }: HubAddress, connected: () => void): Client {
  let late: NodeJS.Timeout;
  const client = createClient({
    url: `${url.replace(/^http/, "ws")}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: key ? { authorization: `Bearer ${key}` } : {},
    retryAttempts: 0,
    keepAlive: 10_000,
    on: {
      connected,
      // A connection that died silently does not answer a ping.
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
  const { code = 0, reason } = error as { code?: number; reason?: string };
  if (code === FORBIDDEN)
    return failed([
      { message: "The hub refused the key.", extensions: { code: "UNAUTHENTICATED" } },
    ]);
  // 44xx: hub and client do not understand each other; but 4408 is too late, and 4499 ended here.
  const wrong = code >= 4400 && code < 4499 && code !== 4408;
  return wrong ? new CliError(1, `The hub closed the connection: ${code} ${reason}`) : null;
}

const unreachable = (hub: HubAddress, why: string): CliError =>
  new CliError(4, `The hub at ${hub.url} cannot be reached (${why}).`);
