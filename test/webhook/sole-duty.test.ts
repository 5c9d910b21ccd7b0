import { pino } from "pino";
import { readConfig } from "../../src/config";
import { type RunningHub, startHub } from "../../src/server";
import { eventually } from "../support/eventually";
import { startTestHub, type TestHub } from "../support/hub";
import { buildWorld, makeIncident, release, type World } from "../support/world";
import { Receiver } from "./receiver";

/** Of several hubs on one database one delivers; another takes over where it stopped. */
let hub: TestHub;
let receiver: Receiver;
let second: RunningHub | null = null;
const settings = { HUB_WEBHOOK_PRIVATE: "1" };
beforeAll(async () => {
  hub = await startTestHub(settings);
});
afterAll(() => hub.stop());
beforeEach(async () => {
  receiver = await Receiver.start();
});
afterEach(async () => {
  await second?.stop();
  second = null;
  await receiver.stop();
});

const startSecond = async (): Promise<RunningHub> =>
  (second = await startHub({
    config: readConfig({ PORT: "0", HUB_DEMO: "0", ...settings }),
    databaseUrl: hub.databaseUrl,
    logger: pino({ level: process.env.TEST_LOG_LEVEL ?? "silent" }),
    clock: hub.clock,
  }));

const HOLDERS = `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = 7264008 AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
const holders = async (): Promise<number[]> => {
  const { rows } = await hub.running.hub.pool.query<{ pid: number }>(HOLDERS);
  return rows.map((r) => r.pid);
};
/** Breaks off the connection that holds the lock, as when its process dies. */
const killHolder = (): Promise<unknown> =>
  hub.running.hub.pool.query(`SELECT pg_terminate_backend(pid) FROM (${HOLDERS}) h`);

const pair = async () => {
  const w = await buildWorld(hub, {
    organizations: ["acme", "beta"],
    groups: { power: { members: ["acme", "beta"] } },
    agreements: [{ from: "power", to: "power" }],
  });
  const input = { name: "SIEM", url: receiver.url };
  await w.as.beta.do("createWebhook", { input }, "webhook { id }");
  return w;
};
const releaseOne = async (w: World<"acme" | "beta", "power", never>): Promise<string> => {
  const id = await makeIncident(w.as.acme);
  await release(w.as.acme, id, { groupIds: [w.group.power] });
  return id;
};

test("two hubs on one database deliver each alert once", async () => {
  await startSecond();
  const w = await pair();
  const items = [await releaseOne(w), await releaseOne(w), await releaseOne(w)];
  const told = await receiver.rest(await hub.beacon());
  expect(told.map((a) => a.itemId)).toEqual(items);
  expect(await holders()).toHaveLength(1);
});

test("when the connection that holds the lock breaks off, delivery goes on without loss or repetition", async () => {
  const w = await pair();
  const before = await releaseOne(w);
  expect((await receiver.next()).itemId).toBe(before);
  const [holder] = await eventually(holders, (pids) => pids.length === 1);
  // The place in the log is written before the next alert is looked for.
  await eventually(
    () =>
      w.as.beta.ask<{ deliveries: { nodes: object[] } }[]>(
        "webhooks",
        {},
        "deliveries { nodes { at } }",
      ),
    ([hook]) => hook?.deliveries.nodes.length === 1,
  );
  await startSecond();
  await killHolder();
  await eventually(holders, ([pid]) => pid !== undefined && pid !== holder);
  const after = await releaseOne(w);
  const told = await receiver.rest(await hub.beacon());
  expect(told.map((a) => a.itemId)).toEqual([after]);
});

test("what came while no hub ran is delivered at the next start, and nothing twice", async () => {
  const own = await startTestHub(settings);
  const w = await buildWorld(own, {
    organizations: ["acme", "beta"],
    groups: { power: { members: ["acme", "beta"] } },
    agreements: [{ from: "power", to: "power" }],
  });
  const input = { name: "SIEM", url: receiver.url };
  const { webhook } = await w.as.beta.do<{ webhook: { id: string } }>(
    "createWebhook",
    { input },
    "webhook { id }",
  );
  const first = await makeIncident(w.as.acme);
  await release(w.as.acme, first, { groupIds: [w.group.power] });
  expect((await receiver.next()).itemId).toBe(first);
  await own.running.deliveries.close();
  const id = await makeIncident(w.as.acme);
  await release(w.as.acme, id, { groupIds: [w.group.power] });
  const next = await startHub({
    config: readConfig({ PORT: "0", HUB_DEMO: "0", ...settings }),
    databaseUrl: own.databaseUrl,
    logger: pino({ level: process.env.TEST_LOG_LEVEL ?? "silent" }),
    clock: own.clock,
  });
  const told = await receiver.rest(await own.beacon());
  expect(told.map((a) => a.itemId)).toEqual([id]);
  expect(webhook.id).toMatch(/^webhook_/);
  await next.stop();
  await own.stop();
});
