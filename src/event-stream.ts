import type { IncomingMessage, ServerResponse } from "node:http";
import {
  createSourceEventStream,
  execute,
  type ExecutionResult,
  getOperationAST,
  OperationTypeNode,
} from "graphql";
import type { Sink, Subscriber } from "./alert/audience-class";
import type { Followers } from "./alert/follow";
import { Following } from "./alert/following";
import { accountOf, type Session } from "./auth/viewer";
import { MOST_WAITING, untilFewWait } from "./back-pressure";
import type { Connections } from "./connections";
import { HubError } from "./errors";
import type { Hub } from "./hub";
import type { Operation, OperationRequest, Operations } from "./operations";

const KEEP_ALIVE_MS = 12_000;
/** So long a client may take to read the end of its stream. */
const CLOSE_MS = 10_000;
const HEADERS = {
  // WHY: a connection kept for further requests would hold up the hub when it stops.
  connection: "close",
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "x-accel-buffering": "no",
};

/**
 * Subscriptions as server-sent events (the graphql-sse protocol, distinct connections) at /graphql/stream. A stream that
 * ends without `complete` is to be resumed with the last cursor.
 */
export class EventStreams {
  private readonly open = new Set<OpenStream>();
  private readonly timer = setInterval(() => this.check(true), KEEP_ALIVE_MS).unref();
  private edition: object | null = null;

  constructor(
    private readonly hub: Hub,
    private readonly operations: Operations,
    private readonly followers: Followers,
    private readonly connections: Connections,
  ) {}

  /** Answers one operation. Throws HubError before anything is written: RATE_LIMITED. */
  async answer(
    request: OperationRequest,
    session: Session | null,
    { socket }: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const address = socket.remoteAddress ?? null;
    if (!this.connections.take(session, address))
      throw new HubError("RATE_LIMITED", "This key holds too many connections; close some.");
    response.once("close", () => this.connections.leave(session, address));
    response.writeHead(200, HEADERS).flushHeaders();
    const operation = this.operations.prepare(request, session, address);
    if (Array.isArray(operation)) return this.finish(response, { errors: operation });
    return this.execute(operation as Operation, response);
  }

  /** Ends those whose credential is no longer good. */
  wake(): void {
    if (this.edition !== this.hub.directory.edition) this.check(false);
  }

  /** Ends all of them, to be resumed. */
  close(): void {
    clearInterval(this.timer);
    for (const stream of this.open) stream.response.end();
  }

  private async execute(operation: Operation, response: ServerResponse): Promise<void> {
    const { document, operationName } = operation;
    const kind = getOperationAST(document, operationName)?.operation;
    if (kind !== OperationTypeNode.SUBSCRIPTION)
      return this.finish(response, await execute(operation));
    const source = await createSourceEventStream(operation);
    if (!(source instanceof Following)) return this.finish(response, source as ExecutionResult);
    const stream = new OpenStream(response, operation.contextValue.session, (error) => {
      this.open.delete(stream);
      this.finish(response, { errors: [error] });
      setTimeout(() => response.destroy(), CLOSE_MS).unref();
    });
    this.open.add(stream);
    let subscriber: Subscriber | null = null;
    const left = (): void => {
      this.open.delete(stream);
      if (subscriber) this.followers.end(subscriber);
    };
    response.once("close", left);
    subscriber = this.followers.begin(operation, source, stream);
    if (response.destroyed) left();
    return undefined;
  }

  private finish(response: ServerResponse, { data, errors }: ExecutionResult): void {
    const result = errors
      ? { data: data ?? null, errors: errors.map((e) => this.operations.told(e).toJSON()) }
      : { data };
    response.write(`event: next\ndata: ${JSON.stringify(result)}\n\n`);
    response.end("event: complete\ndata:\n\n");
  }

  private check(keepAlive: boolean): void {
    this.edition = this.hub.directory.edition;
    for (const stream of this.open) {
      try {
        if (stream.session) accountOf(this.hub, stream.session);
        if (keepAlive) stream.response.write(":\n\n");
      } catch (error) {
        stream.end(error as HubError);
      }
    }
  }
}

/** One subscription; what goes to many is written as it is. */
class OpenStream implements Sink {
  constructor(
    readonly response: ServerResponse,
    readonly session: Session | null,
    private readonly ended: (error: HubError) => void,
  ) {}

  /** WHY once alone: it is told of by whoever notices, and writing after the end would be an error of the process. */
  end(error: HubError): void {
    if (!this.response.writableEnded) this.ended(error);
  }

  send(answer: Buffer): void {
    const { response } = this;
    if (response.writableEnded || response.destroyed) return;
    if (response.writableLength > MOST_WAITING) {
      response.destroy();
      return;
    }
    response.cork();
    response.write(HEAD);
    response.write(answer);
    response.write(TAIL);
    response.uncork();
  }

  ready(): Promise<void> {
    const { response } = this;
    return untilFewWait(() => (response.destroyed ? 0 : response.writableLength));
  }
}
const HEAD = Buffer.from("event: next\ndata: ");
const TAIL = Buffer.from("\n\n");
