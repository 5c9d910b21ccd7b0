import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import type { AlertSubscription } from "../support/alerts";
import type { Arguments } from "../support/client";
import { HOUR, startTestHub, type TestHub } from "../support/hub";
import { buildWorld, makeIncident, release } from "../support/world";

let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta"],
    groups: { power: { members: ["acme", "beta"] } },
    agreements: [{ from: "power", to: "power" }],
  });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
});
afterAll(() => hub.stop());

async function released(input: Arguments = {}): Promise<string> {
  const id = await makeIncident(w.as.acme, input);
  await release(w.as.acme, id, { groupIds: [w.group.power] });
  return id;
}

/** A further key of beta's account. */
const anotherKey = (input: Arguments = {}): Promise<{ id: string; secret: string }> =>
  w.as.beta.do(
    "createApiKey",
    { input: { accountId: w.account.beta, name: "Another", ...input } },
    "id secret",
  );

interface Message {
  type: string;
  payload?: { data?: { alerts?: { itemId: string } } };
}

/** A socket by hand: the protocol's messages, and how it was closed. */
class Raw {
  readonly messages: Message[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  private ended = false;
  private readonly heard = new Set<() => void>();

  constructor(
    readonly socket: WebSocket,
    key: string | null,
  ) {
    const payload = key === null ? {} : { authorization: `Bearer ${key}` };
    socket.on("open", () => this.send({ type: "connection_init", payload }));
    socket.on("error", () => undefined);
    socket.on("message", (data: Buffer) => {
      this.messages.push(JSON.parse(data.toString()) as Message);
      for (const wake of this.heard) wake();
    });
    this.closed = new Promise((resolve) =>
      socket.once("close", (code, reason) => {
        this.ended = true;
        for (const wake of this.heard) wake();
        resolve({ code, reason: reason.toString() });
      }),
    );
  }

  send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  /** The first message of its kind. Throws where the socket is closed instead. */
  async first(type: string): Promise<Message> {
    for (;;) {
      const found = this.messages.find((m) => m.type === type);
      if (found) return found;
      if (this.ended) throw new Error("the socket was closed");
      await new Promise<void>((resolve) => this.heard.add(resolve));
    }
  }

  /** Resolves when so many alerts of an item have come. Throws where the socket is closed instead. */
  async heardOf(itemId: string, times: number): Promise<number> {
    const count = (): number =>
      this.messages.filter((m) => m.payload?.data?.alerts?.itemId === itemId).length;
    while (count() < times) {
      if (this.ended) throw new Error("the socket was closed");
      await new Promise<void>((resolve) => this.heard.add(resolve));
    }
    return count();
  }

  /** Resolves when the hub follows the log for it. */
  async follow(selection = "itemId"): Promise<void> {
    const query = `subscription { alerts { ${selection} } }`;
    this.send({ type: "subscribe", id: "1", payload: { query } });
    this.send({ type: "subscribe", id: "2", payload: { query: "{ __typename }" } });
    await this.first("complete");
  }
}

const raw = (key: string | null, at: TestHub = hub, options: object = {}): Raw =>
  new Raw(
    new WebSocket(`${at.url.replace("http", "ws")}/graphql`, "graphql-transport-ws", options),
    key,
  );

/** One that the hub has welcomed. */
async function welcomed(key: string | null, at?: TestHub, options?: object): Promise<Raw> {
  const one = raw(key, at, options);
  await one.first("connection_ack");
  return one;
}

test("a socket carries 50 subscriptions, and the next one is refused by a code", async () => {
  const client = createClient({
    url: hub.url.replace("http", "ws") + "/graphql",
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${hub.operator.key}` },
    retryAttempts: 0,
  });
  const subscribe = (refused: (error: unknown) => void): void =>
    void client.subscribe(
      { query: "subscription { alerts { cursor } }" },
      { next: () => undefined, error: refused, complete: () => undefined },
    );
  let refusedEarly = 0;
  for (let i = 0; i < 50; i++) subscribe(() => refusedEarly++);
  const refusal = await new Promise(subscribe);
  expect(refusal).toMatchObject([{ extensions: { code: "RATE_LIMITED" } }]);
  expect(refusedEarly).toBe(0);
  await client.dispose();
});

describe("a socket is closed with a code that says what to do", () => {
  test("when the hub stops: 1001, come back with your cursor", async () => {
    const own = await startTestHub();
    const live = await welcomed(own.operator.key, own);
    await live.follow();
    await own.stop();
    const { code, reason } = await live.closed;
    expect([code, reason]).toEqual([1001, expect.stringMatching(/^RESUME/)]);
  });

  test("when its key is revoked: 4403, without an alert in between", async () => {
    const { id, secret } = await anotherKey();
    const [one, other] = await Promise.all([welcomed(secret), welcomed(secret)]);
    await one.follow();
    await w.as.beta.do("revokeApiKey", { id });
    await released();
    for (const live of [one, other])
      expect(await live.closed).toEqual({ code: 4403, reason: "UNAUTHENTICATED" });
    expect(one.messages.filter((m) => m.type === "next" && m.payload?.data?.alerts)).toEqual([]);
  });

  test("when its key expires by the clock: 4403, though nothing happens", async () => {
    const { secret } = await anotherKey({ expiresAt: hub.clock.in(HOUR) });
    const live = await welcomed(secret);
    await live.follow();
    hub.clock.advance(HOUR);
    expect(await live.closed).toEqual({ code: 4403, reason: "UNAUTHENTICATED" });
  });

  test("past the connections of one key: 4429; those of others are not touched", async () => {
    const { secret } = await anotherKey();
    const most = await Promise.all(Array.from({ length: 200 }, () => welcomed(secret)));
    await most[0]?.follow();
    const other = await hub.subscribe(w.as.beta);
    const { code, reason } = await raw(secret).closed;
    expect([code, reason]).toEqual([4429, expect.stringMatching(/^RATE_LIMITED/)]);
    const id = await released();
    expect((await other.next()).itemId).toBe(id);
    expect(await most[0]?.first("next")).toBeDefined();
    // One that leaves makes room for one.
    const left = most.pop();
    left?.socket.close();
    await left?.closed;
    const last = await untilWelcomed(secret);
    expect((await raw(secret).closed).code).toBe(4429);
    for (const one of [...most, last]) one.socket.terminate();
  });

  test("past the anonymous connections of one address: 4429, and keys are still welcome", async () => {
    const most = await Promise.all(Array.from({ length: 50 }, () => welcomed(null)));
    expect((await raw(null).closed).code).toBe(4429);
    const live = await welcomed(w.as.beta.key);
    for (const one of [...most, live]) one.socket.terminate();
  });
});

/** The hub hears of a socket that was closed a moment after its client. */
async function untilWelcomed(key: string): Promise<Raw> {
  for (;;) {
    try {
      return await welcomed(key);
    } catch {
      // Closed with 4429: not heard yet.
    }
  }
}

test("alerts of any length arrive whole: each length has a frame of its own", async () => {
  const description = "é".repeat(3_000);
  const selections = [
    "type",
    "itemId item { ... on Incident { description } }",
    Array.from({ length: 30 }, (_, n) => `i${n}: item { ... on Incident { description } }`).join(
      " ",
    ),
  ];
  const sockets = await Promise.all(selections.map(() => welcomed(w.as.beta.key)));
  await Promise.all(sockets.map((socket, n) => socket.follow(selections[n])));
  for (const { messages } of sockets) messages.length = 0;
  await released({ description });
  const got = await Promise.all(sockets.map((socket) => socket.first("next")));
  const lengths = got.map((message) => Buffer.byteLength(JSON.stringify(message)));
  expect(lengths.map((n) => (n < 126 ? "7 bits" : n < 65_536 ? "16 bits" : "64 bits"))).toEqual([
    "7 bits",
    "16 bits",
    "64 bits",
  ]);
  expect(got[1]?.payload?.data?.alerts).toMatchObject({ item: { description } });
  const many = Object.values(got[2]?.payload?.data?.alerts ?? {});
  expect(many).toEqual(Array.from({ length: 30 }, () => ({ description })));
  for (const { socket } of sockets) socket.close();
});

describe("a client that does not read", () => {
  const LONG = `item { ... on Incident { ${Array.from({ length: 30 }, (_, i) => `d${i}: description`).join(" ")} } }`;

  test("is closed with 1013 when more than a mebibyte waits for it, and nobody else is delayed", async () => {
    const deaf = await welcomed(w.as.beta.key);
    await deaf.follow(`itemId ${LONG}`);
    const good: AlertSubscription = await hub.subscribe(w.as.beta);
    deaf.socket.pause();
    const description = "\u9577".repeat(100_000);
    const ids = [await released({ description }), await released(), await released()];
    expect((await good.rest()).map((a) => a.itemId)).toEqual(ids);
    deaf.socket.resume();
    const { code, reason } = await deaf.closed;
    expect([code, reason]).toEqual([1013, expect.stringMatching(/^TOO_SLOW/)]);
    // Nothing was given to it while more was waiting.
    const heard = deaf.messages.flatMap((m) => m.payload?.data?.alerts?.itemId ?? []);
    expect(heard.filter((id) => ids.includes(id))).toEqual(ids.slice(0, 1));
  });
});

test("a client that reads is not taken for slow, though all its subscriptions are told the same at once", async () => {
  const live = await welcomed(w.as.beta.key);
  const query = `subscription { alerts { itemId item { ... on Incident { description } } } }`;
  for (let i = 0; i < 20; i++) live.send({ type: "subscribe", id: `n${i}`, payload: { query } });
  await live.follow();
  const id = await released({ description: "x".repeat(100_000) });
  expect(await live.heardOf(id, 21)).toBe(21);
  live.socket.terminate();
});

describe("a socket that nobody uses", () => {
  let own: TestHub;
  beforeAll(async () => {
    own = await startTestHub({}, { sockets: { pingMs: 400, idleMs: 800 } });
  });
  afterAll(() => own.stop());

  test("is ended when it answers no ping, and closed with 4408 when it subscribes to nothing", async () => {
    const { key } = own.operator;
    const live = await own.subscribe(own.operator);
    const gone = await welcomed(key, own, { autoPong: false });
    await gone.follow();
    const idle = await welcomed(key, own);
    expect((await gone.closed).code).toBe(1006);
    expect(await idle.closed).toEqual({ code: 4408, reason: "IDLE: no subscription" });
    expect(await live.rest()).toEqual([]);
  });
});
