import type { Client } from "../support/client";
import { eventually } from "../support/eventually";
import { DAY, HOUR, MINUTE, startTestHub, type TestHub } from "../support/hub";
import { buildWorld, makeIncident, release } from "../support/world";
import { Receiver, type Reply, signatureOf } from "./receiver";

/** What an endpoint that is down, gone, or served twice gets. */
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

const pair = async () => {
  const w = await buildWorld(hub, {
    organizations: ["acme", "beta"],
    groups: { power: { members: ["acme", "beta"] } },
    agreements: [{ from: "power", to: "power" }],
  });
  const input = { name: "SIEM", url: receiver.url };
  const made = await w.as.beta.do<{ webhook: { id: string }; secret: string }>(
    "createWebhook",
    { input },
    "webhook { id } secret",
  );
  const releaseOne = async (): Promise<string> => {
    const id = await makeIncident(w.as.acme);
    await release(w.as.acme, id, { groupIds: [w.group.power] });
    return id;
  };
  return { beta: w.as.beta, id: made.webhook.id, secret: made.secret, releaseOne };
};

interface Shown {
  state: string;
  reason: string | null;
  failures: number;
  nextAttemptAt: string | null;
}
const shown = async (client: Client): Promise<Shown> => {
  const [hook] = await client.ask<Shown[]>("webhooks", {}, "state reason failures nextAttemptAt");
  return hook as Shown;
};
const failed = (client: Client, times: number): Promise<Shown> =>
  eventually(
    () => shown(client),
    (w) => w.failures === times,
  );
const down = (times: number): Reply[] => Array.from({ length: times }, () => ({ status: 502 }));

test("after eight failures in a row the circuit is open; a probe that succeeds closes it, and nothing is lost", async () => {
  const { beta, releaseOne } = await pair();
  receiver.replies = down(9);
  const items = [await releaseOne(), await releaseOne()];
  for (let times = 1; times <= 7; times++) {
    expect(await failed(beta, times)).toMatchObject({ state: "ACTIVE" });
    hub.pass(HOUR);
  }
  const open = await failed(beta, 8);
  expect(open.state).toBe("OPEN");
  expect(Date.parse(open.nextAttemptAt ?? "") - hub.clock.now()).toBeGreaterThanOrEqual(
    15 * MINUTE,
  );
  hub.pass(HOUR + MINUTE);
  expect(await failed(beta, 9)).toMatchObject({ state: "OPEN" });
  hub.pass(HOUR + MINUTE);
  const told = await receiver.rest(await hub.beacon());
  expect(told.map((a) => a.itemId)).toEqual([...Array<string>(10).fill(items[0] ?? ""), items[1]]);
  expect(await shown(beta)).toMatchObject({ state: "ACTIVE", failures: 0, nextAttemptAt: null });
});

test("an endpoint that says that it is gone is asked no more, until an administrator resumes it", async () => {
  const { beta, id, releaseOne } = await pair();
  receiver.replies = [{ status: 410 }];
  const item = await releaseOne();
  const gone = await eventually(
    () => shown(beta),
    (w) => w.state === "DISABLED",
  );
  expect(gone).toMatchObject({ reason: "The endpoint answered 410 Gone.", nextAttemptAt: null });
  hub.pass(DAY);
  await hub.beacon();
  expect(receiver.count).toBe(1);
  await receiver.take();
  await beta.do("resumeWebhook", { id });
  const told = await receiver.rest(await hub.beacon());
  expect(told.map((a) => a.itemId)).toEqual([item]);
});

test("from a cursor on everything is delivered again, under the same ids", async () => {
  const { beta, id, releaseOne } = await pair();
  const items = [await releaseOne(), await releaseOne(), await releaseOne()];
  const first = await receiver.take();
  const rest = [await receiver.take(), await receiver.take()];
  await beta.do("replayWebhook", { id, after: first.data.cursor });
  const again = [await receiver.take(), await receiver.take()];
  expect(again.map((r) => r.data.itemId)).toEqual(items.slice(1));
  const ids = (all: typeof rest) => all.map((r) => r.headers["webhook-id"]);
  expect(ids(again)).toEqual(ids(rest));
  expect(await beta.code("replayWebhook", { id, after: "none" })).toBe("BAD_USER_INPUT");
});

test("for a day after a rotation both secrets sign, and then the new one alone", async () => {
  const { beta, id, secret, releaseOne } = await pair();
  const { secret: fresh } = await beta.do<{ secret: string }>(
    "rotateWebhookSecret",
    { id },
    "secret",
  );
  expect(fresh).toMatch(/^whsec_[\w+/]{43}=$/);
  await releaseOne();
  const both = await receiver.take();
  expect(both.headers["webhook-signature"]).toBe(
    `${signatureOf(both, fresh)} ${signatureOf(both, secret)}`,
  );
  hub.pass(DAY + MINUTE);
  await releaseOne();
  const one = await receiver.take();
  expect(one.headers["webhook-signature"]).toBe(signatureOf(one, fresh));
});

test("neither secrets nor what was delivered stand in the database or the audit log as they are", async () => {
  const { beta, secret, releaseOne } = await pair();
  await releaseOne();
  await receiver.take();
  const { pool } = hub.running.hub;
  const held: string[] = [];
  for (const table of ["webhook", "webhook_delivery", "audit"])
    held.push(JSON.stringify((await pool.query(`SELECT * FROM ${table}`)).rows));
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  for (const text of held)
    for (const form of [secret, secret.replace("whsec_", ""), key.toString("hex"), "Ransomware"])
      expect(text).not.toContain(form);
  const { nodes } = await beta.ask<{ nodes: { act: string; after: object | null }[] }>(
    "auditLog",
    { first: 100 },
    "nodes { act after }",
  );
  const made = nodes.find((n) => n.act === "createWebhook");
  expect(made?.after).toMatchObject({ name: "SIEM", origin: new URL(receiver.url).origin });
});

test("the attempts are read in pages, newest first", async () => {
  const { beta, releaseOne } = await pair();
  for (let i = 0; i < 3; i++) await releaseOne();
  const told = [await receiver.next(), await receiver.next(), await receiver.next()];
  interface Page {
    nodes: { cursor: string }[];
    pageInfo: { hasNextPage: boolean; endCursor: string };
  }
  const page = (first: number, after: string | null): Promise<Page> =>
    beta
      .query<{ webhooks: { deliveries: Page }[] }>(
        `query ($first: Int, $after: String) { webhooks { deliveries(first: $first, after: $after) {
          nodes { cursor } pageInfo { hasNextPage endCursor } } } }`,
        { first, after },
      )
      .then(({ data }) => data?.webhooks[0]?.deliveries as Page);
  const one = await eventually(
    () => page(2, null),
    (p) => p.pageInfo.hasNextPage,
  );
  const two = await page(2, one.pageInfo.endCursor);
  expect([...one.nodes, ...two.nodes].map((n) => n.cursor)).toEqual(
    told.map((a) => a.cursor).toReversed(),
  );
  expect(two.pageInfo.hasNextPage).toBe(false);
});

test("what stood still for longer than the log is kept is disabled, and says how to go on", async () => {
  const { beta, id, releaseOne } = await pair();
  await beta.do("pauseWebhook", { id });
  await releaseOne();
  hub.clock.advance(91 * DAY);
  const kept = await releaseOne();
  await hub.running.hub.logTrim.run();
  // As a hub that was started since: of the log it knows what is kept.
  Reflect.set(hub.running.hub.log, "tail", []);
  await beta.do("resumeWebhook", { id });
  const { reason } = await eventually(
    () => shown(beta),
    (w) => w.state === "DISABLED",
  );
  const after = /no longer kept.* replay the webhook after (\S+), then resume it/.exec(
    reason ?? "",
  );
  await beta.do("replayWebhook", { id, after: after?.[1] });
  await beta.do("resumeWebhook", { id });
  expect(await receiver.next()).toMatchObject({ itemId: kept });
});
