import { Client as Database } from "pg";
import { type AlertSubscription, replay, subscribe } from "../support/alerts";
import { Client, documentOf } from "../support/client";
import { DAY, startSecondHub, startTestHub, type TestHub } from "../support/hub";
import { buildWorld, makeIncident, release } from "../support/world";
import type { RunningHub } from "../../src/server";

let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
/** A process without the newest rows in memory: what it knows of the log is what is kept. */
let fresh: RunningHub;
let later: Client;
let cursors: (string | null)[];
let young: string;
const database = (): Database => new Database(hub.databaseUrl);
const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta"],
    groups: { power: { members: ["acme", "beta"] } },
    agreements: [{ from: "power", to: "power" }],
  });
const released = async (): Promise<string> => {
  const id = await makeIncident(w.as.acme);
  await release(w.as.acme, id, { groupIds: [w.group.power] });
  return id;
};

beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
  const start = (await replay(w.as.beta)).at(-1)?.cursor ?? null;
  await released();
  await released();
  cursors = [start, ...(await replay(w.as.beta, start)).map((a) => a.cursor)];
  hub.clock.advance(60 * DAY);
  young = await released();
  hub.clock.advance(31 * DAY);
  await hub.running.hub.logTrim.run();
  fresh = await startSecondHub(hub);
  later = new Client(fresh.url, w.as.beta.key);
});
afterAll(async () => {
  await fresh.stop();
  await hub.stop();
});

interface Expired {
  code: string;
  reason: string;
  keptSince: string;
  resumeAfter: string;
}
async function refusal(after: string | null): Promise<Expired> {
  const args = { after };
  const { errors } = await later.query(
    documentOf("query", "alerts", args, "nodes { cursor }"),
    args,
  );
  return errors?.[0]?.extensions as unknown as Expired;
}

test("what is older than the setting says is gone, and nothing younger", async () => {
  const kept = await replay(later);
  expect(kept.map((a) => a.itemId)).toEqual([young]);
  const db = database();
  await db.connect();
  const { rows } = await db.query("SELECT min(at) AS oldest FROM log");
  await db.end();
  const since = hub.clock.now() - 90 * DAY;
  expect((rows[0] as { oldest: Date }).oldest.getTime()).toBeGreaterThanOrEqual(since);
});

test("a cursor behind which something is gone is refused in words that a program understands", async () => {
  expect(await refusal(cursors[0] ?? null)).toEqual({
    code: "BAD_USER_INPUT",
    issues: [{ path: "after", message: expect.stringMatching(/too old.*resumeAfter/) }],
    reason: "CURSOR_EXPIRED",
    keptSince: new Date(hub.clock.now() - 90 * DAY).toISOString(),
    resumeAfter: expect.any(String),
  });
  expect(await refusal(cursors[1] ?? null)).toMatchObject({ reason: "CURSOR_EXPIRED" });
});

test("a subscription with such a cursor ends with the same refusal, before any alert", async () => {
  const live: AlertSubscription = subscribe(fresh.url, w.as.beta.key, async () => "", {
    after: cursors[1] ?? null,
  });
  expect(await live.end()).toMatchObject({ code: "BAD_USER_INPUT" });
  await live.close();
});

test("the refusal's cursor goes on with the oldest that is kept", async () => {
  const { resumeAfter } = await refusal(cursors[0] ?? null);
  expect((await replay(later, resumeAfter)).map((a) => a.itemId)).toEqual([young]);
});

test("a cursor within what is kept, and one of its very end, go on as ever", async () => {
  const last = (await replay(later)).at(-1)?.cursor ?? null;
  expect(await replay(later, last)).toEqual([]);
  const { alertCursor } = await later.ask<{ alertCursor: string }>("viewer", {}, "alertCursor");
  expect(await replay(later, alertCursor)).toEqual([]);
});

test("a log that is trimmed to nothing keeps its numbers", async () => {
  const { alertCursor } = await later.ask<{ alertCursor: string }>("viewer", {}, "alertCursor");
  hub.clock.advance(91 * DAY);
  await hub.running.hub.logTrim.run();
  const third = await startSecondHub(hub);
  const client = new Client(third.url, w.as.beta.key);
  expect(await replay(client)).toEqual([]);
  expect(await replay(client, alertCursor)).toEqual([]);
  const next = await released();
  expect((await replay(client, alertCursor)).map((a) => a.itemId)).toEqual([next]);
  await third.stop();
});

test("of two processes one trims at a time", async () => {
  const db = database();
  await db.connect();
  await db.query("BEGIN");
  await db.query("SELECT pg_advisory_xact_lock(7264004)");
  hub.clock.advance(91 * DAY);
  await hub.running.hub.logTrim.run();
  const count = async () => Number((await db.query("SELECT count(*) AS n FROM log")).rows[0].n);
  expect(await count()).toBeGreaterThan(0);
  await db.query("COMMIT");
  await hub.running.hub.logTrim.run();
  expect(await count()).toBe(0);
  await db.end();
});

test("more than goes at once goes all the same, in several transactions", async () => {
  const db = database();
  await db.connect();
  await db.query(
    `INSERT INTO log (at, type, actor_organization_id, actor_account_id)
     SELECT to_timestamp(0), 'ACCOUNT_CHANGED', gen_random_uuid(), gen_random_uuid() FROM generate_series(1, 2500)`,
  );
  await hub.running.hub.logTrim.run();
  expect((await db.query("SELECT FROM log")).rowCount).toBe(0);
  await db.end();
});
