import type { Client } from "../support/client";
import { eventually } from "../support/eventually";
import { HOUR, MINUTE, SECOND, startTestHub, type TestHub } from "../support/hub";
import { buildWorld, makeIncident, makeIndicator, release } from "../support/world";
import { Receiver, signatureOf } from "./receiver";

/** Alerts by webhook: what arrives, in which order, and what becomes of it when it does not. */
let hub: TestHub;
let receiver: Receiver;
beforeAll(async () => {
  hub = await startTestHub({ HUB_WEBHOOK_PRIVATE: "1" });
});
afterAll(() => hub.stop());
beforeEach(async () => {
  receiver = await Receiver.start();
});
afterEach(() => receiver.stop());

const pair = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta"],
    groups: { power: { members: ["acme", "beta"] } },
    agreements: [{ from: "power", to: "power" }],
  });

interface Made {
  id: string;
  secret: string;
}
const hook = async (client: Client, more: object = {}): Promise<Made> => {
  const input = { name: "SIEM", url: receiver.url, ...more };
  const made = await client.do<{ webhook: { id: string }; secret: string }>(
    "createWebhook",
    { input },
    "webhook { id } secret",
  );
  return { id: made.webhook.id, secret: made.secret };
};

interface Shown {
  id: string;
  state: string;
  failures: number;
  nextAttemptAt: string | null;
  deliveries: {
    nodes: { attempt: number; status: number | null; error: string | null; alertType: string }[];
  };
}
const shown = async (client: Client, id: string): Promise<Shown> => {
  const all = await client.ask<Shown[]>(
    "webhooks",
    {},
    "id state failures nextAttemptAt deliveries { nodes { attempt status error alertType } }",
  );
  return all.find((w) => w.id === id) as Shown;
};
const failed = (client: Client, id: string, times: number): Promise<Shown> =>
  eventually(
    () => shown(client, id),
    (w) => w.failures >= times,
  );

test("a released item arrives as the subscription tells it, signed by the secret that was shown", async () => {
  const w = await pair();
  const live = await hub.subscribe(w.as.beta);
  const { secret } = await hook(w.as.beta);
  const id = await makeIncident(w.as.acme, { title: "Ransomware", summary: "Of acme" });
  await release(w.as.acme, id, { groupIds: [w.group.power] });
  const received = await receiver.take();
  const told = await live.next();
  expect(received.data).toMatchObject({
    cursor: told.cursor,
    type: "ITEM_RELEASED",
    count: 1,
    group: { id: w.group.power },
    itemId: id,
    item: {
      id,
      kind: "INCIDENT",
      tlp: "AMBER",
      title: "Ransomware",
      summary: "Of acme",
      victim: null,
    },
    subject: null,
  });
  expect(received.data.item?.redactions).toContainEqual(
    expect.objectContaining({ field: "victim" }),
  );
  expect(JSON.parse(received.body)).toMatchObject({
    type: "ITEM_RELEASED",
    timestamp: received.data.at,
  });
  expect(received.headers).toMatchObject({
    "content-type": "application/json; charset=utf-8",
    "webhook-id": expect.stringMatching(/^msg_[\w-]{32}$/),
    "webhook-timestamp": String(Math.floor(hub.clock.now() / 1000)),
    "webhook-signature": signatureOf(received, secret),
  });
});

test("alerts arrive in order, one at a time, and what failed is tried again under the same id before the next", async () => {
  const w = await pair();
  const { id } = await hook(w.as.beta);
  receiver.replies = [{ status: 500 }, { status: 500 }];
  const items: string[] = [];
  for (const value of ["198.51.100.1", "198.51.100.2", "198.51.100.3"]) {
    const item = await makeIndicator(w.as.acme, value);
    await release(w.as.acme, item, { groupIds: [w.group.power] });
    items.push(item);
  }
  const first = await receiver.take();
  await failed(w.as.beta, id, 1);
  hub.pass(5 * SECOND);
  const second = await receiver.take();
  await failed(w.as.beta, id, 2);
  hub.pass(10 * SECOND);
  const rest = [await receiver.take(), await receiver.take(), await receiver.take()];
  const all = [first, second, ...rest];
  expect(all.map((r) => r.data.itemId)).toEqual([items[0], items[0], ...items]);
  expect(new Set(all.slice(0, 3).map((r) => r.headers["webhook-id"])).size).toBe(1);
  expect(new Set(all.map((r) => r.headers["webhook-id"])).size).toBe(3);
  expect(receiver.mostOpen).toBe(1);
  const { deliveries } = await eventually(
    () => shown(w.as.beta, id),
    ({ deliveries: { nodes } }) => nodes.length === 5,
  );
  expect(deliveries.nodes.toReversed().map((d) => [d.attempt, d.status, d.error])).toEqual([
    [1, 500, "STATUS"],
    [2, 500, "STATUS"],
    [3, 204, null],
    [1, 204, null],
    [1, 204, null],
  ]);
  expect(await shown(w.as.beta, id)).toMatchObject({ failures: 0, nextAttemptAt: null });
});

test("nothing is tried before its time, and the time doubles from failure to failure", async () => {
  const w = await pair();
  const { id } = await hook(w.as.beta);
  receiver.replies = [{ status: 500 }, { status: 302, headers: { location: receiver.url } }];
  await release(w.as.acme, await makeIncident(w.as.acme), { groupIds: [w.group.power] });
  const wait = async (times: number): Promise<number> =>
    Date.parse((await failed(w.as.beta, id, times)).nextAttemptAt ?? "") - hub.clock.now();
  const first = await wait(1);
  expect(first).toBeGreaterThanOrEqual(2.5 * SECOND);
  expect(first).toBeLessThanOrEqual(5 * SECOND + 10);
  hub.pass(first - 20);
  await hub.beacon();
  expect(receiver.count).toBe(1);
  hub.pass(40);
  const second = await wait(2);
  expect(second).toBeGreaterThanOrEqual(5 * SECOND - 10);
  const { deliveries } = await shown(w.as.beta, id);
  // A redirect is not followed.
  expect(deliveries.nodes[0]).toMatchObject({ attempt: 2, status: 302, error: "REDIRECT" });
  expect(receiver.count).toBe(2);
});

test("an endpoint that asks for time gets it, in seconds or until a date", async () => {
  const w = await pair();
  const { id } = await hook(w.as.beta);
  const date = new Date(hub.clock.now() + 2 * HOUR).toUTCString();
  receiver.replies = [
    { status: 429, headers: { "retry-after": "600" } },
    { status: 503, headers: { "retry-after": date } },
    { status: 500, headers: { "retry-after": "600" } },
  ];
  await release(w.as.acme, await makeIncident(w.as.acme), { groupIds: [w.group.power] });
  const due = async (times: number): Promise<number> =>
    Date.parse((await failed(w.as.beta, id, times)).nextAttemptAt ?? "");
  expect((await due(1)) - hub.clock.now()).toBeGreaterThanOrEqual(10 * MINUTE);
  hub.pass(10 * MINUTE + SECOND);
  expect(await due(2)).toBe(Date.parse(date));
  hub.pass(2 * HOUR);
  expect((await due(3)) - hub.clock.now()).toBeLessThan(MINUTE);
});

test("a filter leaves what was asked for, and the own acts come only where they were", async () => {
  const w = await pair();
  await hook(w.as.beta, { filter: { types: ["ITEM_RELEASED"], minTlp: "AMBER" } });
  const green = await makeIncident(w.as.acme, { title: "Green", tlp: "GREEN" });
  await release(w.as.acme, green, { groupIds: [w.group.power], tlp: "GREEN" });
  const own = await makeIncident(w.as.beta, { title: "Own" });
  await release(w.as.beta, own, { groupIds: [w.group.power] });
  const amber = await makeIncident(w.as.acme, { title: "Amber" });
  await release(w.as.acme, amber, { groupIds: [w.group.power] });
  expect((await receiver.next()).itemId).toBe(amber);
});

test("what is withdrawn arrives as its bare id", async () => {
  const w = await pair();
  await hook(w.as.beta);
  const id = await makeIncident(w.as.acme, { title: "Withdrawn" });
  const made = await release(w.as.acme, id, { groupIds: [w.group.power] });
  await receiver.next();
  await w.as.acme.do("withdrawRelease", { id: made, reason: "Wrong" });
  const { body, data } = await receiver.take();
  expect(data).toMatchObject({ type: "ITEM_WITHDRAWN", itemId: id, item: null, subject: null });
  expect(body).not.toContain("Withdrawn");
});

test("the owner reads in the ledger what was delivered by webhook, and nothing of what never left", async () => {
  const w = await pair();
  const { id } = await hook(w.as.beta, { url: "http://127.0.0.1:9/" });
  const item = await makeIncident(w.as.acme);
  await release(w.as.acme, item, { groupIds: [w.group.power] });
  await failed(w.as.beta, id, 1);
  const read = () =>
    w.as.acme.ask<{ nodes: { channel: string; count: number }[] }>(
      "disclosures",
      { itemId: item },
      "nodes { channel count organization { id } }",
    );
  expect(await read()).toEqual({ nodes: [] });
  const input = { name: "SIEM", url: receiver.url };
  await w.as.beta.do("updateWebhook", { id, input });
  expect((await receiver.next()).itemId).toBe(item);
  const { nodes } = await eventually(read, (r) => r.nodes.length > 0);
  expect(nodes).toEqual([{ channel: "webhook", count: 1, organization: { id: w.org.beta } }]);
});
