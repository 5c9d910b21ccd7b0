import type { IncomingMessage, Server } from "node:http";
import {
  execute,
  type FormattedExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  parse,
  specifiedRules,
  subscribe,
  validate,
} from "graphql";
import { CloseCode, type ServerOptions } from "graphql-ws";
import { useServer } from "graphql-ws/use/ws";
import { type WebSocket, WebSocketServer } from "ws";
import { accountOf, authenticate, type Session } from "./auth/viewer";
import { Context } from "./context";
import { HubError } from "./errors";
import { formatError } from "./format-error";
import type { Hub } from "./hub";
import { introspects, limitComplexity, MAX_TOKENS } from "./limits";

export interface Sockets {
  /** Ends every subscription with a code that says: come back with your cursor. */
  close(): Promise<void>;
}

const MAX_MESSAGE = 1024 * 1024;
const CHECK_MS = 1_000;
const CLOSE_MS = 2_000;
const MOST_SUBSCRIPTIONS = 50;
/** RFC 6455: the server is going away; the client may come back. */
const GOING_AWAY = 1001;

/** graphql-ws at /graphql. A socket whose credential is no longer good is closed before its next alert. */
export function acceptSockets(server: Server, schema: GraphQLSchema, hub: Hub): Sockets {
  const sockets = new WebSocketServer({ server, path: "/graphql", maxPayload: MAX_MESSAGE });
  const sessions = new Map<WebSocket, Session>();
  const options: ServerOptions<
    Record<string, unknown>,
    { socket: WebSocket; request: IncomingMessage; session?: Session | null }
  > = {
    onConnect: ({ connectionParams, extra }) => {
      try {
        extra.session = authenticate(
          hub,
          connectionParams?.authorization ?? connectionParams?.Authorization,
        );
      } catch {
        extra.socket.close(CloseCode.Forbidden, "UNAUTHENTICATED");
        return false;
      }
      if (extra.session) sessions.set(extra.socket, extra.session);
      return true;
    },
    onDisconnect: ({ extra }) => void sessions.delete(extra.socket),
    onSubscribe: ({ extra, subscriptions }, _id, { query, operationName, variables }) => {
      const context = new Context(
        hub,
        extra.session ?? null,
        "subscription",
        extra.request.socket.remoteAddress ?? null,
      );
      if (Object.keys(subscriptions).length > MOST_SUBSCRIPTIONS) {
        const most = `A socket carries at most ${MOST_SUBSCRIPTIONS} subscriptions.`;
        return [formatted(hub, new HubError("RATE_LIMITED", most))];
      }
      let document;
      try {
        document = parse(query, { maxTokens: MAX_TOKENS });
      } catch (error) {
        return [formatted(hub, error)];
      }
      if (!context.session && introspects(document)) {
        return [formatted(hub, new HubError("UNAUTHENTICATED", "Introspection needs an API key."))];
      }
      const errors = validate(schema, document, [...specifiedRules, limitComplexity]);
      if (errors.length) return errors.map((error) => formatted(hub, error));
      return {
        schema,
        document,
        operationName: operationName ?? null,
        variableValues: variables ?? null,
        contextValue: context,
      };
    },
    execute,
    subscribe,
    onNext: (_ctx, _id, _payload, _args, result) => masked(hub, result),
  };
  const disposable = useServer(options, sockets, 12_000);
  const check = (): void => {
    for (const [socket, session] of sessions) {
      try {
        accountOf(hub, session);
      } catch {
        sessions.delete(socket);
        socket.close(CloseCode.Forbidden, "UNAUTHENTICATED");
      }
    }
  };
  const timer = setInterval(check, CHECK_MS);
  hub.log.onWake = check;
  return {
    close: async () => {
      clearInterval(timer);
      for (const socket of sockets.clients) {
        socket.close(GOING_AWAY, "The hub restarts: come back with your cursor.");
      }
      // Whoever does not answer is not waited for.
      const late = setTimeout(() => {
        for (const socket of sockets.clients) socket.terminate();
      }, CLOSE_MS);
      await disposable.dispose();
      clearTimeout(late);
      for (const socket of sockets.clients) socket.terminate();
      await new Promise<void>((resolve) => sockets.close(() => resolve()));
    },
  };
}

function formatted(hub: Hub, error: unknown): GraphQLError {
  const graphql = error instanceof GraphQLError ? error : new GraphQLError("Internal error.");
  const { message, extensions, ...rest } = formatError(hub.logger, graphql.toJSON(), error);
  void rest;
  return new GraphQLError(message, { extensions: extensions ?? {}, path: graphql.path ?? null });
}

/** What of a result the client gets where it has errors: their codes, and nothing internal. */
function masked(hub: Hub, { data, errors }: Result): FormattedExecutionResult | void {
  if (errors)
    return { data: data ?? null, errors: errors.map((error) => formatted(hub, error).toJSON()) };
}

type Result = Parameters<NonNullable<ServerOptions["onNext"]>>[4];
