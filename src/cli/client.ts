import http from "node:http";
import https from "node:https";
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
  extensions?: { code?: string; resumeAfter?: string };
}

interface Answer<T> {
  data?: T | null;
  errors?: readonly GraphqlError[];
}

const REQUEST_MS = 60_000;
const PONG_MS = 5_000;
const PAUSES_MS = [250, 1_000, 2_000, 5_000];
/** A connection that lasted so long was none that fails again and again. */
const STEADY_MS = 10_000;
/** Of graphql-ws: hub and client do not understand each other. With any other code the hub may be come back to. */
const MISUNDERSTOOD = new Set([4400, 4401, 4406, 4409, 4429]);
/** What may be otherwise in a moment. */
const PASSING = new Set(["INTERNAL", "RATE_LIMITED"]);
/** The hub closes a socket with it when it refuses the credential, at once or later. */
const FORBIDDEN = 4403;

/** Asks once. Throws CliError where no hub answers, or where it refuses the key. */
export async function post<T>(hub: HubAddress, query: string, variables: object) {
  const { status, text } = await send(hub, JSON.stringify({ query, variables })).catch(
    (error: NodeJS.ErrnoException) => {
      throw unreachable(hub, error.code ?? error.name);
    },
  );
  const answer = parsed(text) as Answer<T> | null;
  if (!answer?.data && !answer?.errors?.length) {
    throw new CliError(4, `${hub.url} does not answer as a hub does (HTTP ${status}).`);
  }
  if (status === 401) throw failed(answer.errors ?? []);
  return answer;
}

/** WHY not fetch: on Node 20 it never settles where a connection is taken and closed again, as proxies do. */
function send({ url, key }: HubAddress, body: string): Promise<{ status: number; text: string }> {
  const headers = {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    ...(key && { authorization: `Bearer ${key}` }),
  };
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(REQUEST_MS);
    const sent = (url.startsWith("https:") ? https : http).request(
      `${url}/graphql`,
      { method: "POST", headers, signal },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (text += chunk));
        response.on("error", reject);
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
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
  const lines = errors.flatMap(({ message, extensions }) => [
    `${extensions?.code ?? "?"}: ${message}`,
    ...(extensions?.resumeAfter ? [`resumeAfter: ${extensions.resumeAfter}`] : []),
  ]);
  const refused = errors.some((e) => e.extensions?.code === "UNAUTHENTICATED");
  return new CliError(refused ? 3 : 1, lines.join("\n") || "The hub answered nothing.");
}

/** How long to be patient, and whom to tell. */
export interface Waiting {
  /** Whether to wait for a hub that cannot be reached to begin with. */
  patient: boolean;
  /** Ends the waiting. */
  signal: AbortSignal;
  say: (line: string) => void;
}

/** What was asked, once the hub can be reached; null where the waiting was ended. */
export async function untilReached<T>(
  waiting: Waiting,
  asked: () => Promise<T>,
): Promise<T | null> {
  for (let failures = 0; !waiting.signal.aborted; failures++) {
    try {
      return await asked();
    } catch (error) {
      if (!waiting.patient || !(error instanceof CliError) || error.exitCode !== 4) throw error;
      if (!failures) waiting.say(`${error.message} Trying again.`);
      await pause(failures, waiting.signal);
    }
  }
  return null;
}

/**
 * Alerts as they come, until the waiting is ended. When the connection is lost, or the hub fails, it comes back with the
 * last cursor. Throws CliError when the hub refuses the key or the request, or, unless it is to be patient, cannot be
 * reached to begin with.
 */
export async function* followAlerts(
  hub: HubAddress,
  { after, filter }: { after: string; filter: AlertFilter | null },
  { patient, signal, say }: Waiting,
): AsyncGenerator<AlertLineFragment> {
  const variables = { after, filter };
  let met = patient;
  let failures = 0;
  while (!signal.aborted) {
    let connectedAt = Infinity;
    const client = connect(hub, () => {
      met = true;
      connectedAt = Date.now();
    });
    const end = (): void => void client.dispose();
    signal.addEventListener("abort", end);
    try {
      const query = FollowAlertsDocument.toString();
      const results = client.iterate<{ alerts: AlertLineFragment }>({ query, variables });
      for await (const { data, errors } of results) {
        if (!data?.alerts) throw errors ?? failed([]);
        failures = 0;
        yield data.alerts;
        variables.after = data.alerts.cursor;
      }
    } catch (error) {
      const final = whyFinal(error);
      if (final && !signal.aborted) throw final;
      if (!met) throw unreachable(hub, "WebSocket");
    } finally {
      signal.removeEventListener("abort", end);
      await client.dispose();
    }
    if (signal.aborted) return;
    if (Date.now() - connectedAt > STEADY_MS) failures = 0;
    if (!failures)
      say(
        Number.isFinite(connectedAt)
          ? "The connection was lost; coming back."
          : `${unreachable(hub, "WebSocket").message} Trying again.`,
      );
    await pause(failures++, signal);
  }
}

/** Longer after each failure; of many clients that were lost at once each comes back at another moment. */
const pause = (failures: number, signal: AbortSignal): Promise<unknown> =>
  delay((PAUSES_MS[failures] ?? 10_000) * (0.5 + Math.random()), null, { signal }).catch(
    () => undefined,
  );

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
  if (Array.isArray(error)) {
    const errors = error as GraphqlError[];
    const passing = errors.every((e) => PASSING.has(e.extensions?.code ?? ""));
    return passing && errors.length ? null : failed(errors);
  }
  const { code = 0, reason } = error as { code?: number; reason?: string };
  if (code === FORBIDDEN)
    return failed([
      { message: "The hub refused the key.", extensions: { code: "UNAUTHENTICATED" } },
    ]);
  const wrong = MISUNDERSTOOD.has(code);
  return wrong ? new CliError(1, `The hub closed the connection: ${code} ${reason}`) : null;
}

const unreachable = (hub: HubAddress, why: string): CliError =>
  new CliError(4, `The hub at ${hub.url} cannot be reached (${why}).`);
