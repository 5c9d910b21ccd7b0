import "reflect-metadata";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ApolloServer, type ApolloServerPlugin, HeaderMap } from "@apollo/server";
import { ApolloServerPluginCacheControlDisabled } from "@apollo/server/plugin/disabled";
import { type GraphQLSchema, OperationTypeNode } from "graphql";
import { authenticate, type Session } from "./auth/viewer";
import { type Config, ConfigError } from "./config";
import { Context } from "./context";
import { migrate, openDatabase } from "./database";
import { badInput, HubError, STATUS } from "./errors";
import { formatError } from "./format-error";
import { Followers } from "./alert/follow";
import { CompiledQueries, type GraphqlRequest } from "./compiled-queries";
import { Connections } from "./connections";
import { EventStreams } from "./event-stream";
import { type Clock, Hub } from "./hub";
import { introspects, limitComplexity, MAX_TOKENS } from "./limits";
import { makeSchema } from "./schema";
import { type Deliveries, startDeliveries } from "./deliveries";
import { warningsFor } from "./indicator/warninglist";
import { type OperationRequest, Operations } from "./operations";
import { acceptSockets, type Sockets, type SocketTimings } from "./sockets";
import { answerStop } from "./mail/stop-page";
import { homePage } from "./home-page";
import type { Logger } from "pino";

const MAX_BODY = 8 * 1024 * 1024;
/** The rest of the ten seconds is for the ledger and the database. */
const DRAIN_MS = 6_000;
const API_HEADERS = { "x-content-type-options": "nosniff", "cache-control": "no-store" };

export interface RunningHub {
  hub: Hub;
  deliveries: Deliveries;
  /** `http://127.0.0.1:4000` */
  url: string;
  port: number;
  /** Stops accepting, ends subscriptions, lets requests finish for at most 10 s. */
  stop(): Promise<void>;
}

export interface HubDeps {
  config: Config;
  databaseUrl: string;
  logger: Logger;
  clock?: Clock;
  sockets?: SocketTimings;
  /** What must be done before anybody is served. */
  prepare?: (hub: Hub) => Promise<void>;
}

/** Connects, migrates, and serves. Throws when the database or the port cannot be had. */
export async function startHub({
  config,
  databaseUrl,
  logger,
  clock = Date,
  sockets: timings,
  prepare,
}: HubDeps): Promise<RunningHub> {
  const dataSource = await openDatabase(databaseUrl).catch((error: unknown) => {
    throw new ConfigError(`DATABASE_URL: the database cannot be reached (${reasonOf(error)})`);
  });
  await migrate(dataSource);
  const hub = new Hub(config, dataSource, databaseUrl, logger, clock);
  hub.pool.on("error", (err) => {
    if (!hub.stopping) logger.warn({ reason: err.message }, "a database connection was lost");
  });
  await hub.open();
  await prepare?.(hub);
  void hub.sweep.run(); // what ended while no hub ran
  warningsFor({ type: "ipv4-addr", value: "192.0.2.1" }); // loads the lists now, not during the first request
  const schema = await makeSchema();
  const compiled = new CompiledQueries(schema, logger);
  const apollo = await startApollo(schema, hub, compiled);
  const operations = new Operations(hub, schema);
  const followers = new Followers(hub, schema);
  const connections = new Connections();
  const streams = new EventStreams(hub, operations, followers, connections);
  const graphql = { apollo, compiled, streams };
  const server = createServer((request, response) => {
    answer(graphql, hub, request, response).catch((err: unknown) => {
      logger.error({ err }, "answering failed");
      response.destroy();
    });
  });
  server.requestTimeout = 60_000;
  await listen(server, config).catch((error: unknown) => {
    throw new ConfigError(
      `PORT and HOST: cannot listen on ${config.host}:${config.port} (${reasonOf(error)})`,
    );
  });
  const sockets = acceptSockets(server, hub, operations, followers, connections, timings);
  hub.log.onWake = () => {
    sockets.wake();
    streams.wake();
  };
  const { port } = server.address() as AddressInfo;
  const deliveries = startDeliveries(hub, schema);
  return {
    hub,
    deliveries,
    port,
    url: `http://${config.host}:${port}`,
    stop: () => stop(hub, graphql, server, sockets, deliveries),
  };
}

/** The short name of a system or database error. */
const reasonOf = (error: unknown): string =>
  error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : "unknown";

/** What answers GraphQL over HTTP. */
interface Graphql {
  apollo: ApolloServer<Context>;
  compiled: CompiledQueries;
  streams: EventStreams;
}

async function startApollo(
  schema: GraphQLSchema,
  hub: Hub,
  compiled: CompiledQueries,
): Promise<ApolloServer<Context>> {
  const apollo = new ApolloServer<Context>({
    schema,
    introspection: true,
    persistedQueries: false,
    csrfPrevention: false,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens: MAX_TOKENS },
    validationRules: [limitComplexity],
    formatError: (formatted, error) => formatError(hub.logger, formatted, error),
    plugins: [ApolloServerPluginCacheControlDisabled(), refusals, compiled.plugin],
  });
  await apollo.start();
  return apollo;
}

/** Refuses a whole request, with the status that goes with it. */
function refusal(error: HubError): HubError {
  error.extensions.http = { status: STATUS[error.code] ?? 400 };
  return error;
}

/** Introspection is for signed-in accounts, subscriptions for sockets. */
const refusals: ApolloServerPlugin<Context> = {
  requestDidStart: async () => ({
    didResolveOperation: async ({ contextValue, document, operation }) => {
      if (operation?.operation === OperationTypeNode.SUBSCRIPTION) {
        throw refusal(
          badInput(
            "query",
            "subscriptions go over WebSocket (graphql-ws) at the same path, or as server-sent events at /graphql/stream",
          ),
        );
      }
      if (contextValue.session || !document || !introspects(document)) return;
      throw refusal(new HubError("UNAUTHENTICATED", "Introspection needs an API key."));
    },
  }),
};

async function answer(
  graphql: Graphql,
  hub: Hub,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? "/").split("?")[0];
  if (path === "/graphql" || path === "/graphql/stream")
    return answerGraphql(graphql, hub, request, response, path === "/graphql/stream");
  if (path === "/health/live") return plain(response, 200, "live");
  if (path === "/health/ready")
    return (await isReady(hub)) ? plain(response, 200, "ready") : plain(response, 503, "not ready");
  if (path === "/" && (request.method === "GET" || request.method === "HEAD")) {
    response
      .writeHead(200, { ...API_HEADERS, "content-type": "text/html; charset=utf-8" })
      .end(homePage);
    return undefined;
  }
  if (path?.startsWith("/mail/stop/")) {
    const address = request.socket.remoteAddress ?? null;
    const { status, page } = await answerStop(hub, request.method, path, address);
    response
      .writeHead(status, { ...API_HEADERS, "content-type": "text/html; charset=utf-8" })
      .end(page);
    return undefined;
  }
  return plain(response, 404, "not found");
}

async function answerGraphql(
  { apollo, compiled, streams }: Graphql,
  hub: Hub,
  request: IncomingMessage,
  response: ServerResponse,
  streamed: boolean,
): Promise<void> {
  if (request.method !== "POST") {
    response.setHeader("allow", "POST");
    return refuse(
      response,
      405,
      new HubError("BAD_USER_INPUT", "Send GraphQL requests with POST."),
    );
  }
  if (!/^application\/(graphql-response\+)?json\b/i.test(request.headers["content-type"] ?? "")) {
    return refuse(
      response,
      415,
      new HubError("BAD_USER_INPUT", "The content type must be application/json."),
    );
  }
  let session: Session | null;
  let body: unknown;
  try {
    session = authenticate(hub, request.headers.authorization);
    body = JSON.parse(await readBody(request));
  } catch (error) {
    if (error instanceof HubError) return refuse(response, STATUS[error.code] ?? 400, error);
    return refuse(
      response,
      400,
      new HubError("BAD_USER_INPUT", "The body is not JSON.", [
        { path: "body", message: "is not JSON" },
      ]),
    );
  }
  if (Array.isArray(body))
    return refuse(response, 400, new HubError("BAD_USER_INPUT", "Batches are not accepted."));
  if (session) hub.used(session);
  if (streamed) return answerStream(streams, session, body, request, response);
  const context = new Context(hub, session, "query", request.socket.remoteAddress ?? null);
  if (body !== null && acceptsJson(request)) {
    const answered = await compiled.answer(body as GraphqlRequest, context);
    if (answered) return send(response, 200, JSON_TYPE, JSON.stringify(answered));
  }
  const headers = new HeaderMap();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  const result = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: { method: "POST", headers, search: "", body },
    context: async () => context,
  });
  if (result.body.kind !== "complete") throw new Error("incremental delivery is not offered");
  const type = result.headers.get("content-type") ?? JSON_TYPE;
  return send(response, result.status ?? 200, type, result.body.string);
}

async function answerStream(
  streams: EventStreams,
  session: Session | null,
  body: unknown,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    await streams.answer(operationIn(body), session, request, response);
  } catch (error) {
    if (!(error instanceof HubError) || response.headersSent) throw error;
    refuse(response, STATUS[error.code] ?? 400, error);
  }
}

/** Throws BAD_USER_INPUT for what is no GraphQL over HTTP. */
function operationIn(body: unknown): OperationRequest {
  const { query, operationName, variables } = (body ?? {}) as GraphqlRequest;
  if (typeof query !== "string") throw badInput("query", "must be a GraphQL document");
  if (operationName != null && typeof operationName !== "string")
    throw badInput("operationName", "must be a string");
  if (variables != null && (typeof variables !== "object" || Array.isArray(variables)))
    throw badInput("variables", "must be an object");
  return { query, operationName, variables: variables as Record<string, unknown> | null };
}

const JSON_TYPE = "application/json; charset=utf-8";

/** Whether plain JSON is what the client wants, without weighing what else it might prefer. */
function acceptsJson({ headers: { accept } }: IncomingMessage): boolean {
  return accept === undefined || accept === "*/*" || accept === "application/json";
}

/** WHY a string and its length: head and body then leave in one write. */
function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(text),
    ...API_HEADERS,
  });
  response.end(text);
}

/** The whole body. Throws QUERY_TOO_COMPLEX past the limit, without reading on. */
async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY)
      throw new HubError("QUERY_TOO_COMPLEX", `The body must be at most ${MAX_BODY} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function refuse(response: ServerResponse, status: number, error: HubError): void {
  const { code, message, issues } = error;
  const body = JSON.stringify({
    errors: [{ message, extensions: { code, ...(issues && { issues }) } }],
  });
  // The rest of a body that is too long is not read; the connection ends with the answer.
  response.writeHead(status, {
    ...API_HEADERS,
    "content-type": "application/json; charset=utf-8",
    connection: "close",
  });
  response.end(body);
}

function plain(response: ServerResponse, status: number, text: string): void {
  response
    .writeHead(status, { ...API_HEADERS, "content-type": "text/plain; charset=utf-8" })
    .end(`${text}\n`);
}

async function isReady(hub: Hub): Promise<boolean> {
  try {
    await hub.pool.query("SELECT 1");
    return !hub.stopping;
  } catch {
    return false;
  }
}

function listen(server: Server, { port, host }: Config): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

async function stop(
  hub: Hub,
  { apollo, streams }: Graphql,
  server: Server,
  sockets: Sockets,
  deliveries: Deliveries,
): Promise<void> {
  hub.stopping = true;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  streams.close();
  const late = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await Promise.all([sockets.close(), closed, deliveries.close()]);
  clearTimeout(late);
  await apollo.stop();
  await hub.close();
  await hub.dataSource.destroy();
}
