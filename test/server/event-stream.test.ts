import { createClient } from "graphql-sse";
import { connect, type Socket } from "node:net";
import { type AlertSubscription, subscribe } from "../support/alerts";
import { startTestHub, type TestHub } from "../support/hub";
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

async function released(n: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < n; i++) {
    const id = await makeIncident(w.as.acme, { title: `No. ${i}` });
    await release(w.as.acme, id, { groupIds: [w.group.power] });
    ids.push(id);
  }
  return ids;
}
const stream = (options: object = {}): Promise<AlertSubscription> =>
  hub.subscribe(w.as.beta, { ...options, over: "stream" });
const endOfLog = async (): Promise<string> =>
  (await w.as.beta.ask<{ alertCursor: string }>("viewer", {}, "alertCursor")).alertCursor;
const itemIds = (alerts: { itemId: string | null }[]) => alerts.map((a) => a.itemId);

/** A second key of beta's account. */
const anotherKey = (): Promise<{ id: string; secret: string }> =>
  w.as.beta.do(
    "createApiKey",
    { input: { accountId: w.account.beta, name: "Another" } },
    "id secret",
  );

describe("alerts as server-sent events", () => {
  test("come live, as they come over a socket", async () => {
    const [live, socket] = await Promise.all([stream(), hub.subscribe(w.as.beta)]);
    const ids = await released(3);
    const heard = await live.rest();
    expect(itemIds(heard)).toEqual(ids);
    expect(await socket.rest()).toEqual(heard);
  });

  test("are replayed after a cursor and go on live, without gap or repetition", async () => {
    const after = await endOfLog();
    const missed = await released(3);
    const live = await stream({ after });
    const [further] = await Promise.all([released(3), live.next()]);
    expect(itemIds(await live.rest())).toEqual([...missed.slice(1), ...further]);
    await live.close();
    const later = await released(1);
    const again = await stream({ after: live.cursor });
    expect(itemIds(await again.rest())).toEqual(later);
  });

  test("follow the filter that was asked for", async () => {
    const live = await stream({ after: await endOfLog(), filter: { types: ["ITEM_WITHDRAWN"] } });
    const id = await makeIncident(w.as.acme);
    const made = await release(w.as.acme, id, { groupIds: [w.group.power] });
    await w.as.acme.do("withdrawRelease", { id: made, reason: "x" });
    expect(await live.next()).toMatchObject({ type: "ITEM_WITHDRAWN", itemId: id, item: null });
  });

  test("end with BAD_USER_INPUT for a cursor that the hub did not make", async () => {
    const live = await stream({ after: "nonsense" });
    expect(await live.end()).toEqual({ closed: null, code: "BAD_USER_INPUT" });
  });

  test("are refused to a key that is not good: 401", async () => {
    const live = await hub.subscribe(hub.as("no-such-key-0123456789012345678901"), {
      over: "stream",
      after: await endOfLog(),
    });
    expect(await live.end()).toEqual({ closed: 401, code: null });
  });

  test("end with UNAUTHENTICATED when the key is revoked", async () => {
    const { id, secret } = await anotherKey();
    const live = await hub.subscribe(hub.as(secret), { over: "stream" });
    await w.as.beta.do("revokeApiKey", { id });
    expect(await live.end()).toEqual({ closed: null, code: "UNAUTHENTICATED" });
  });

  test("of a client that does not read neither delay others nor outlive their key", async () => {
    const { id, secret } = await anotherKey();
    const deaf = await deafStream(secret);
    const live = await stream();
    // More than the system's buffers take: the stream cannot end before its client reads.
    const long = await makeIncident(w.as.acme, { description: "長".repeat(100_000) });
    await release(w.as.acme, long, { groupIds: [w.group.power] });
    await w.as.beta.do("revokeApiKey", { id });
    const ids = [long, ...(await released(1))];
    // A change of parties has every credential looked at again.
    const input = { name: "Another", kind: "MEMBER", sectors: [] };
    await hub.operator.do("createOrganization", { input });
    ids.push(...(await released(1)));
    expect(itemIds(await live.rest())).toEqual(ids);
    let text = "";
    deaf.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    const closed = new Promise((resolve) => deaf.once("end", resolve));
    deaf.resume();
    await closed;
    expect(text).toContain("長長");
    expect(text.match(/event: complete/g)).toHaveLength(1);
    expect(text.match(/UNAUTHENTICATED/g)).toHaveLength(1);
  });

  test("of one key are limited in number: 429", async () => {
    const { secret } = await anotherKey();
    const most = await Promise.all(Array.from({ length: 200 }, () => deafStream(secret)));
    const after = await endOfLog();
    const refused = await hub.subscribe(hub.as(secret), { over: "stream", after });
    expect(await refused.end()).toEqual({ closed: 429, code: null });
    const other = await stream({ after });
    const ids = await released(1);
    expect(itemIds([await other.next()])).toEqual(ids);
    // A socket counts as well; one that is given back is free again.
    const socket = await hub.subscribe(hub.as(secret), { after });
    expect(await socket.end()).toMatchObject({ closed: 4429 });
    most.pop()?.destroy();
    const free = hub.as(secret);
    let last = await hub.subscribe(free, { over: "stream", after });
    for (let ended = true; ended;) {
      ended = await Promise.race([last.end().then(() => true), last.next().then(() => false)]);
      if (ended) last = await hub.subscribe(free, { over: "stream", after });
    }
    for (const one of most) one.destroy();
  });

  test("break off when the hub stops, so that the client comes back", async () => {
    const own = await startTestHub();
    const live = subscribe(own.url, own.operator.key, () => own.beacon(), { over: "stream" });
    await live.opened;
    await own.stop();
    expect(await live.end()).toEqual({ closed: 0, code: null });
  });
});

describe("a stream carries other operations", () => {
  const answers = async (query: string): Promise<unknown[]> => {
    const client = createClient({
      url: `${hub.url}/graphql/stream`,
      retryAttempts: 0,
      headers: { authorization: `Bearer ${w.as.beta.key}` },
    });
    const results: unknown[] = [];
    for await (const result of client.iterate({ query })) results.push(result);
    client.dispose();
    return results;
  };

  test("a query is answered once, and complete", async () => {
    expect(await answers("{ viewer { account { displayName } } }")).toEqual([
      { data: { viewer: { account: { displayName: "beta" } } } },
    ]);
  });

  test.each(["{ noSuchField }", "subscription { alerts { noSuchField } }", "no GraphQL at all"])(
    "an invalid document is told and complete: %s",
    async (query) => {
      expect(await answers(query)).toMatchObject([
        { errors: [{ message: expect.any(String), extensions: { code: expect.any(String) } }] },
      ]);
    },
  );

  test("a body that is no GraphQL over HTTP is refused by its status", async () => {
    const post = async (body: unknown): Promise<unknown> => {
      const response = await fetch(`${hub.url}/graphql/stream`, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "text/event-stream" },
        body: JSON.stringify(body),
      });
      const { errors } = (await response.json()) as {
        errors: { extensions: { code: string } }[];
      };
      return [response.status, errors[0]?.extensions.code];
    };
    for (const body of [null, {}, { query: 1 }, { query: "{ viewer { roles } }", variables: [] }])
      expect(await post(body)).toEqual([400, "BAD_USER_INPUT"]);
  });
});

/** A stream of alerts whose client reads the head of the answer, and then nothing. */
function deafStream(key: string): Promise<Socket> {
  const { hostname, port } = new URL(hub.url);
  const long = Array.from({ length: 30 }, (_, i) => `d${i}: description`).join(" ");
  const query = `subscription { alerts { itemId item { ... on Incident { ${long} } } } }`;
  const body = JSON.stringify({ query });
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined);
  socket.write(
    [
      "POST /graphql/stream HTTP/1.1",
      `Host: ${hostname}:${port}`,
      "Content-Type: application/json",
      "Accept: text/event-stream",
      `Authorization: Bearer ${key}`,
      `Content-Length: ${body.length}`,
      "",
      body,
    ].join("\r\n"),
  );
  return new Promise((resolve, reject) => {
    socket.once("close", () => reject(new Error("the stream was closed")));
    socket.once("data", () => {
      socket.pause();
      resolve(socket);
    });
  });
}
