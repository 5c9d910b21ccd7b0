import { createClient as createStreamClient, NetworkError } from "graphql-sse";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import type { Arguments, Client } from "./client";
import { documentOf } from "./client";

export interface TestAlert {
  cursor: string;
  type: string;
  at: string;
  count: number;
  itemId: string | null;
  item: ({ id: string; tlp: string } & Record<string, unknown>) | null;
  group: { id: string } | null;
  subject: { __typename: string; id: string } | null;
}

export const ALERT = `cursor type at count itemId group { id } subject { __typename id }
  item { id tlp updatedAt
    ... on Incident { title summary } ... on Indicator { name pattern } ... on Advisory { title summary } }`;

export interface SubscribeOptions {
  after?: string | null;
  filter?: Arguments | null;
  /** Of an alert; absent: `ALERT`. */
  selection?: string;
  /** Absent: a socket, graphql-ws. A stream: server-sent events, graphql-sse. */
  over?: Transport;
}

export type Transport = "socket" | "stream";

/** How a subscription ended: by an error of GraphQL, or with the socket or stream. */
export interface Ending {
  /** The close code of the socket, or the status of the refusal of a stream; 0 where a stream broke off. */
  closed: number | null;
  /** The code of the GraphQL error, where there was one. */
  code: string | null;
}

const PATIENCE = 5_000;
/** The title of what `TestHub.beacon` releases to everyone. */
export const BEACON = "Beacon of the test";
const isBeacon = (alert: TestAlert): boolean => alert.item?.title === BEACON;

/** Alerts as they arrive, in a queue. */
export class AlertSubscription {
  private readonly queue: TestAlert[] = [];
  private waiting: (() => void)[] = [];
  private ending: Ending | null = null;
  /** Of the last alert that was taken, beacons included. */
  cursor: string | null = null;
  private opening!: { resolve: () => void };
  /** Settles when the hub has begun to follow the log for this subscription, or has refused to. */
  readonly opened = new Promise<void>((resolve) => (this.opening = { resolve }));

  constructor(
    private readonly client: { dispose(): void | Promise<void> },
    private readonly beacon: () => Promise<string>,
  ) {}

  /** The next alert, but for beacons. Throws where none comes. */
  async next(timeoutMs = PATIENCE): Promise<TestAlert> {
    for (;;) {
      const alert = await this.take(timeoutMs);
      if (!isBeacon(alert)) return alert;
    }
  }

  /**
   * Everything that has come, proven complete: what arrives before an alert that everybody gets.
   * @param beacon the id of that alert's item; absent: one is made
   */
  async rest(beacon?: string): Promise<TestAlert[]> {
    beacon ??= await this.beacon();
    const alerts: TestAlert[] = [];
    for (;;) {
      const alert = await this.take(PATIENCE);
      if (alert.itemId === beacon) return alerts;
      // The beacon of another subscription of the same test.
      if (!isBeacon(alert)) alerts.push(alert);
    }
  }

  private async take(timeoutMs: number): Promise<TestAlert> {
    await this.until(() => this.queue.length > 0 || this.ending !== null, timeoutMs);
    const alert = this.queue.shift();
    if (!alert) throw new Error(`the subscription ended: ${JSON.stringify(this.ending)}`);
    this.cursor = alert.cursor;
    return alert;
  }

  /** How it ended. Throws where it does not. */
  async end(timeoutMs = PATIENCE): Promise<Ending> {
    await this.until(() => this.ending !== null, timeoutMs);
    return this.ending as Ending;
  }

  async close(): Promise<void> {
    await this.client.dispose();
  }

  /** For the transport alone. */
  arrived(alert: TestAlert): void {
    this.queue.push(alert);
    this.wake();
  }

  /** For the transport alone. */
  ended(ending: Ending): void {
    this.ending ??= ending;
    this.follows();
    this.wake();
  }

  /** For the transport alone. */
  follows(): void {
    this.opening.resolve();
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  private async until(ready: () => boolean, timeoutMs: number): Promise<void> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.wake();
    }, timeoutMs);
    try {
      while (!ready()) {
        if (late) throw new Error(`nothing came for ${timeoutMs} ms`);
        await new Promise<void>((resolve) => this.waiting.push(resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Subscribes with a key, or with none. */
export function subscribe(
  url: string,
  key: string | null,
  beacon: () => Promise<string>,
  { after, filter, selection = ALERT, over = "socket" }: SubscribeOptions,
): AlertSubscription {
  const args = { ...(after !== undefined && { after }), ...(filter !== undefined && { filter }) };
  const query = documentOf("subscription", "alerts", args, selection);
  const open = over === "socket" ? overSocket : overStream;
  return open(url, key, beacon, { query, variables: args });
}

interface Question {
  query: string;
  variables: Arguments;
}

const authorized = (key: string | null): Record<string, string> =>
  key === null ? {} : { authorization: `Bearer ${key}` };

function overStream(
  url: string,
  key: string | null,
  beacon: () => Promise<string>,
  question: Question,
): AlertSubscription {
  const client = createStreamClient({
    url: `${url}/graphql/stream`,
    retryAttempts: 0,
    headers: authorized(key),
  });
  const subscription = new AlertSubscription(client, beacon);
  client.subscribe<{ alerts: TestAlert }>(
    question,
    {
      next: ({ data, errors }) => {
        if (data?.alerts) subscription.arrived(data.alerts);
        else subscription.ended({ closed: null, code: codeOf(errors) });
      },
      error: (error) =>
        subscription.ended({
          closed: error instanceof NetworkError ? (error.response?.status ?? 0) : null,
          code: null,
        }),
      complete: () => subscription.ended({ closed: null, code: null }),
    },
    { connected: () => subscription.follows() },
  );
  return subscription;
}

function overSocket(
  url: string,
  key: string | null,
  beacon: () => Promise<string>,
  question: Question,
): AlertSubscription {
  const socket = createClient({
    url: `${url.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    connectionParams: authorized(key),
  });
  const subscription = new AlertSubscription(socket, beacon);
  socket.subscribe<{ alerts: TestAlert }>(question, {
    next: ({ data, errors }) => {
      if (data?.alerts) subscription.arrived(data.alerts);
      else subscription.ended({ closed: null, code: codeOf(errors) });
    },
    error: (error) =>
      subscription.ended({
        closed: (error as { code?: number }).code ?? null,
        code: codeOf(error),
      }),
    complete: () => subscription.ended({ closed: null, code: null }),
  });
  // The hub answers a second operation of the same socket only after it took the first.
  socket.subscribe(
    { query: "{ __typename }" },
    {
      next: () => undefined,
      error: () => subscription.follows(),
      complete: () => subscription.follows(),
    },
  );
  return subscription;
}

const codeOf = (errors: unknown): string | null =>
  Array.isArray(errors)
    ? ((errors[0] as { extensions?: { code?: string } }).extensions?.code ?? null)
    : null;

/** All alerts after a cursor, by query, to the end of the log; without the beacons of `rest`. */
export async function replay(
  client: Client,
  after: string | null = null,
  filter: Arguments | null = null,
  first = 100,
  selection = ALERT,
): Promise<TestAlert[]> {
  const alerts: TestAlert[] = [];
  for (let from = after; ;) {
    const page = await client.ask<{
      nodes: TestAlert[];
      pageInfo: { hasNextPage: boolean; endCursor: string | null };
    }>(
      "alerts",
      { first, after: from, filter },
      `nodes { ${selection} } pageInfo { hasNextPage endCursor }`,
    );
    alerts.push(...page.nodes.filter((a) => !isBeacon(a)));
    if (!page.pageInfo.hasNextPage) return alerts;
    from = page.pageInfo.endCursor;
  }
}
