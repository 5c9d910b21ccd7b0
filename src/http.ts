import type { IncomingMessage, ServerResponse } from "node:http";
import { ApolloServer, type ApolloServerPlugin, HeaderMap } from "@apollo/server";
import { ApolloServerPluginCacheControlDisabled } from "@apollo/server/plugin/disabled";
import { type GraphQLSchema, OperationTypeNode } from "graphql";
import { authenticate, type Session } from "./auth/viewer";
import { CompiledQueries, type GraphqlRequest } from "./compiled-queries";
import { Context } from "./context";
import { badInput, HubError, STATUS } from "./errors";
import type { EventStreams } from "./event-stream";
import { formatError } from "./format-error";
import { homePage } from "./home-page";
import type { Hub } from "./hub";
import { introspects, limitComplexity, MAX_TOKENS } from "./limits";
import { answerStop } from "./mail/stop-page";
import type { OperationRequest } from "./operations";

const MAX_BODY = 8 * 1024 * 1024;
const API_HEADERS = { "x-content-type-options": "nosniff", "cache-control": "no-store" };

/** What answers GraphQL over HTTP. */
export interface Graphql {
  apollo: ApolloServer<Context>;
  compiled: CompiledQueries;
  streams: EventStreams;
}

export async function startGraphql(
  schema: GraphQLSchema,
  hub: Hub,
  streams: EventStreams,
): Promise<Graphql> {
  const compiled = new CompiledQueries(schema, hub.logger);
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
  return { apollo, compiled, streams };
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

/** Answers one request, whatever it is. */
export async function answer(
  graphql: Graphql,
  hub: Hub,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [path, query = ""] = (request.url ?? "/").split("?");
  if (path === "/graphql" || path === "/graphql/stream")
    return answerGraphql(graphql, hub, request, response, path === "/graphql/stream");
  if (path === "/health/live") return plain(response, 200, "live");
  if (path === "/health/ready")
    return (await isReady(hub)) ? plain(response, 200, "ready") : plain(response, 503, "not ready");
  if (path === "/" && (request.method === "GET" || request.method === "HEAD")) {
    return send(response, 200, HTML_TYPE, homePage(query));
  }
  if (path?.startsWith("/mail/stop/")) {
    const address = request.socket.remoteAddress ?? null;
    const { status, page } = await answerStop(hub, request.method, path, address);
    return send(response, status, HTML_TYPE, page);
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
const HTML_TYPE = "text/html; charset=utf-8";

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
    "content-type": JSON_TYPE,
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
