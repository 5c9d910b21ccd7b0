import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";
import {
  createSourceEventStream,
  execute,
  type ExecutionResult,
  type FormattedExecutionResult,
  type GraphQLError,
} from "graphql";
import { CloseCode, handleProtocols, makeServer, type ServerOptions } from "graphql-ws";
import { type WebSocket, WebSocketServer } from "ws";
import type { Subscriber } from "./alert/audience-class";
import type { Followers } from "./alert/follow";
import { Following } from "./alert/following";
import { accountOf, authenticate, type Session } from "./auth/viewer";
import { close, CLOSE_MS, CLOSED } from "./close-codes";
import type { Connections } from "./connections";
import { HubError } from "./errors";
import { Held } from "./held";
import type { Hub } from "./hub";
import type { Operation, Operations } from "./operations";
import { SocketSink } from "./socket-sink";

export interface Sockets {
  /** Closes those whose credential is no longer good. */
  wake(): void;
  /** Ends every subscription with a code that says: come back with your cursor. */
  close(): Promise<void>;
}

const MAX_MESSAGE = 1024 * 1024;
const CHECK_MS = 1_000;
const MOST_SUBSCRIPTIONS = 50;

export interface SocketTimings {
  /** How often a socket is asked whether it is still there. */
  pingMs: number;
  /** So long it may be open without a subscription. */
  idleMs: number;
}
const TIMINGS: SocketTimings = { pingMs: 12_000, idleMs: 60_000 };

/** One socket. */
interface Client {
  readonly socket: WebSocket;
  readonly connection: Socket;
  readonly address: string | null;
  session: Session | null;
  subscriptions: number;
  /** Since when it has had none; milliseconds of the process. */
  idleSince: number;
}

/** graphql-ws at /graphql. A socket whose credential is no longer good is closed before its next alert. */
export function acceptSockets(
  server: Server,
  hub: Hub,
  operations: Operations,
  followers: Followers,
  connections: Connections,
  { pingMs, idleMs }: SocketTimings = TIMINGS,
): Sockets {
  const sockets = new WebSocketServer({
    server,
    path: "/graphql",
    maxPayload: MAX_MESSAGE,
    handleProtocols,
    perMessageDeflate: false,
  });
  const clients = new Map<WebSocket, Client>();
  const protocol = makeServer<Record<string, unknown>, Client>({
    onConnect: ({ connectionParams, extra: client }) => {
      const { socket, address } = client;
      try {
        client.session = authenticate(
          hub,
          connectionParams?.authorization ?? connectionParams?.Authorization,
        );
      } catch {
        close(socket, CLOSED.unauthenticated);
        return false;
      }
      if (connections.take(client.session, address)) return true;
      client.session = null;
      clients.delete(socket);
      close(socket, CLOSED.limited);
      return false;
    },
    onDisconnect: ({ extra: { session, address } }) => connections.leave(session, address),
    onSubscribe: ({ extra: client, subscriptions }, id, payload) => {
      if (Object.keys(subscriptions).length > MOST_SUBSCRIPTIONS) {
        const most = `A socket carries at most ${MOST_SUBSCRIPTIONS} subscriptions.`;
        return [operations.told(new HubError("RATE_LIMITED", most))];
      }
      const operation = operations.prepare(payload, client.session, client.address);
      return isErrors(operation) ? operation : { ...operation, client, id };
    },
    execute,
    subscribe: (args) => subscribe(args as SocketOperation, operations, followers),
    onNext: (_ctx, _id, _payload, _args, result) => masked(operations, result),
  });
  sockets.on("connection", (socket, request) => {
    const client = clientOf(socket, request);
    clients.set(socket, client);
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        send: (data) => sent(socket, data),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (take) => {
          socket.on("message", (data: Buffer) => {
            take(data.toString("utf8")).catch((err: unknown) => {
              hub.logger.error({ err }, "a message of a socket could not be taken");
              socket.close(CloseCode.InternalServerError, "Internal error");
            });
          });
        },
      },
      client,
    );
    socket.on("pong", () => unanswered.delete(socket));
    socket.on("error", () => socket.terminate());
    socket.once("close", (code, reason) => {
      clients.delete(socket);
      unanswered.delete(socket);
      void closed(code, String(reason));
    });
  });

  const unanswered = new Set<WebSocket>();
  /** Whoever did not answer the last ping is gone. */
  const ping = (): void => {
    for (const socket of unanswered) socket.terminate();
    const idle = performance.now() - idleMs;
    for (const { socket, subscriptions, idleSince } of clients.values()) {
      if (socket.readyState !== socket.OPEN) continue;
      if (!subscriptions && idleSince < idle) close(socket, CLOSED.idle);
      unanswered.add(socket);
      socket.ping();
    }
  };
  let edition: object | null = null;
  const check = (): void => {
    edition = hub.directory.edition;
    for (const { socket, session } of clients.values()) {
      if (session && !isGood(hub, session)) close(socket, CLOSED.unauthenticated);
    }
  };
  const timers = [setInterval(ping, pingMs), setInterval(check, CHECK_MS)];
  return {
    wake: () => {
      if (edition !== hub.directory.edition) check();
    },
    close: async () => {
      timers.forEach(clearInterval);
      for (const socket of sockets.clients) close(socket, CLOSED.resume);
      // Whoever does not answer is not waited for.
      const late = setTimeout(() => {
        for (const socket of sockets.clients) socket.terminate();
      }, CLOSE_MS);
      await new Promise<void>((resolve) => sockets.close(() => resolve()));
      clearTimeout(late);
    },
  };
}

const clientOf = (socket: WebSocket, request: IncomingMessage): Client => ({
  socket,
  connection: request.socket,
  address: request.socket.remoteAddress ?? null,
  session: null,
  subscriptions: 0,
  idleSince: performance.now(),
});

/** A subscription or other operation, and where its answers go. */
interface SocketOperation extends Operation {
  client: Client;
  id: string;
}

/** Follows the log for a subscription; its alerts go straight to the socket. */
async function subscribe(
  operation: SocketOperation,
  operations: Operations,
  followers: Followers,
): Promise<AsyncGenerator<ExecutionResult> | ExecutionResult> {
  const stream = await createSourceEventStream(operation);
  if (!(stream instanceof Following)) return stream as ExecutionResult;
  const { client, id } = operation;
  let subscriber: Subscriber | null = null;
  const held = new Held(() => {
    if (--client.subscriptions === 0) client.idleSince = performance.now();
    if (subscriber) followers.end(subscriber);
  });
  client.subscriptions++;
  const sink = new SocketSink(client.socket, client.connection, id, (error) =>
    held.end({ errors: [operations.told(error)] }),
  );
  subscriber = followers.begin(operation, stream, sink);
  if (held.over) followers.end(subscriber);
  return held;
}

function sent(socket: WebSocket, data: string): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.readyState !== socket.OPEN) resolve();
    else socket.send(data, (error) => (error ? reject(error) : resolve()));
  });
}

function isGood(hub: Hub, session: Session): boolean {
  try {
    accountOf(hub, session);
    return true;
  } catch {
    return false;
  }
}

const isErrors = (
  operation: Operation | readonly GraphQLError[],
): operation is readonly GraphQLError[] => Array.isArray(operation);

/** What of a result the client gets where it has errors: their codes, and nothing internal. */
function masked(
  operations: Operations,
  { data, errors }: Result,
): FormattedExecutionResult | undefined {
  if (!errors) return undefined;
  return { data: data ?? null, errors: errors.map((error) => operations.told(error).toJSON()) };
}

type Result = Parameters<NonNullable<ServerOptions["onNext"]>>[4];
