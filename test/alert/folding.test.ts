import { Client as Database } from "pg";
import { replay, type TestAlert } from "../support/alerts";
import { Client } from "../support/client";
import { SECOND, startSecondHub, startTestHub, type TestHub } from "../support/hub";
import { buildWorld, makeIncident, makeIndicator, release } from "../support/world";

let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta"],
    groups: { power: { members: ["acme", "beta"] } },
    agreements: [{ from: "power", to: "power", terms: { withheldFields: ["victim"] } }],
  });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
});
afterAll(() => hub.stop());

const group = () => ({ groupIds: [w.group.power], withheldFields: [] });
const base = { title: "Ransomware", category: "malicious-code", tlp: "AMBER" };
const edit = (id: string, more: object) =>
  w.as.acme.do("updateIncident", { id, input: { ...base, ...more } });
/** An incident that beta sees, and where the log then ends. */
async function shared(): Promise<{ id: string; start: string | null }> {
  const id = await makeIncident(w.as.acme);
  await release(w.as.acme, id, group());
  return { id, start: (await replay(w.as.beta)).at(-1)?.cursor ?? null };
}
const told = async (start: string | null): Promise<TestAlert[]> => replay(w.as.beta, start);
const types = async (start: string | null) => (await told(start)).map((a) => a.type);

test("the first edit is told at once; those that follow within the window are told as one when it ends", async () => {
  const { id, start } = await shared();
  const live = await hub.subscribe(w.as.beta);
  const first = hub.clock.now();
  await edit(id, { category: "phishing" });
  expect(await live.next()).toMatchObject({ type: "ITEM_UPDATED", itemId: id });
  hub.clock.advance(5 * SECOND);
  await edit(id, { category: "fraud" });
  hub.clock.advance(5 * SECOND);
  await edit(id, { category: "intrusions" });
  expect(await live.rest()).toEqual([]);
  hub.clock.moveTo(first + 31 * SECOND);
  expect(await live.next()).toMatchObject({ type: "ITEM_UPDATED", itemId: id, count: 1 });
  expect(await types(start)).toEqual(["ITEM_UPDATED", "ITEM_UPDATED"]);
});

test("an edit of something else is told at once, after what waits", async () => {
  const { id, start } = await shared();
  await edit(id, { category: "phishing" });
  await edit(id, { category: "fraud" });
  await edit(id, { category: "fraud", severity: "high" });
  await edit(id, { category: "phishing", severity: "low" });
  expect(await types(start)).toEqual(["ITEM_UPDATED", "ITEM_UPDATED", "ITEM_UPDATED"]);
  hub.clock.advance(31 * SECOND);
  expect(await types(start)).toHaveLength(4);
});

test("edits of what a reader is not shown stay untold, folded or not", async () => {
  const { id, start } = await shared();
  await edit(id, { victim: "One" });
  await edit(id, { victim: "Two" });
  await edit(id, { victim: "Three" });
  hub.clock.advance(31 * SECOND);
  expect(await types(start)).toEqual([]);
});

test("an edit after the window is told at once again", async () => {
  const { id, start } = await shared();
  await edit(id, { category: "phishing" });
  hub.clock.advance(31 * SECOND);
  await edit(id, { category: "fraud" });
  expect(await types(start)).toEqual(["ITEM_UPDATED", "ITEM_UPDATED"]);
});

test("a change of marking is never put off, nor what ends a right; edits that wait are told before", async () => {
  const { id, start } = await shared();
  await edit(id, { category: "phishing" });
  await edit(id, { category: "fraud" });
  await edit(id, { category: "fraud", tlp: "AMBER_STRICT" });
  expect(await types(start)).toEqual(["ITEM_UPDATED", "ITEM_UPDATED", "ITEM_UPDATED"]);
  hub.clock.advance(61 * SECOND);
  expect(await types(start)).toHaveLength(3);
});

test("a new release follows what waits to be told, and is told at once", async () => {
  const { id, start } = await shared();
  await edit(id, { category: "phishing" });
  await edit(id, { category: "fraud" });
  await release(w.as.acme, id, { ...group(), title: "Again" });
  const alerts = await told(start);
  expect(alerts.map((a) => a.type)).toEqual(["ITEM_UPDATED", "ITEM_UPDATED", "ITEM_UPDATED"]);
  expect(alerts.map((a) => a.at)).toEqual(alerts.map((a) => a.at).toSorted());
});

test("what waits when the item is withdrawn reaches nobody", async () => {
  const id = await makeIncident(w.as.acme);
  const made = await release(w.as.acme, id, group());
  await edit(id, { category: "phishing" });
  await edit(id, { category: "fraud" });
  const live = await hub.subscribe(w.as.beta);
  await w.as.acme.do("withdrawRelease", { id: made, reason: "x" });
  hub.clock.advance(31 * SECOND);
  expect((await live.rest()).map((a) => [a.type, a.itemId])).toEqual([["ITEM_WITHDRAWN", id]]);
});

test("rights are judged where the folded edits stand: who was suspended meanwhile hears nothing", async () => {
  const own = await build();
  const id = await makeIncident(own.as.acme);
  await release(own.as.acme, id, { groupIds: [own.group.power], withheldFields: [] });
  const change = (category: string) =>
    own.as.acme.do("updateIncident", { id, input: { ...base, category } });
  await change("phishing");
  const start = (await replay(own.as.beta)).at(-1)?.cursor ?? null;
  await change("fraud");
  const membership = own.membership["beta power"];
  await hub.operator.do("suspendMembership", { id: membership, reason: "x" });
  hub.clock.advance(31 * SECOND);
  expect((await replay(own.as.acme, null, { types: ["ITEM_UPDATED"] })).length).toBe(0);
  await hub.operator.do("resumeMembership", { id: membership });
  const since = (await replay(own.as.beta, start)).filter((a) => a.itemId === id);
  expect(since.map((a) => a.type)).toEqual(["ACCESS_ENDED"]);
});

test("the owner hears of its own edits only if it asks, folded as well", async () => {
  const { id } = await shared();
  const start = (await replay(w.as.acme, null, { includeOwn: true })).at(-1)?.cursor ?? null;
  await edit(id, { victim: "One" });
  await edit(id, { victim: "Two" });
  await edit(id, { victim: "Three" });
  hub.clock.advance(31 * SECOND);
  expect(await replay(w.as.acme, start)).toEqual([]);
  const own = await replay(w.as.acme, start, { includeOwn: true });
  expect(own.map((a) => a.type)).toEqual(["ITEM_UPDATED", "ITEM_UPDATED"]);
});

test("repeats that a bundle merges into one indicator are told as one", async () => {
  const id = await makeIndicator(w.as.acme, "198.51.100.44");
  await release(w.as.acme, id, group());
  const start = (await replay(w.as.beta)).at(-1)?.cursor ?? null;
  const object = (n: number) => ({
    type: "indicator",
    spec_version: "2.1",
    id: `indicator--00000000-0000-4000-8000-00000000010${n}`,
    pattern: "[ipv4-addr:value = '198.51.100.44']",
    pattern_type: "stix",
    valid_from: "2026-01-01T00:00:00Z",
    labels: [`label-${n}`],
  });
  const submit = (...objects: object[]) =>
    w.as.acme.do(
      "submitBundle",
      {
        bundle: { type: "bundle", id: "bundle--00000000-0000-4000-8000-000000000001", objects },
        tlp: "AMBER",
      },
      "merged",
    );
  expect(await submit(object(1), object(2))).toEqual({ merged: 2 });
  expect(await types(start)).toEqual(["ITEM_UPDATED"]);
  await submit(object(3));
  await submit(object(4), object(5));
  hub.clock.advance(31 * SECOND);
  expect(await types(start)).toEqual(["ITEM_UPDATED", "ITEM_UPDATED"]);
});

test("what waits outlives its process, and of two processes one tells it", async () => {
  const { id, start } = await shared();
  await edit(id, { category: "phishing" });
  await edit(id, { category: "fraud" });
  const database = new Database(hub.databaseUrl);
  await database.connect();
  const waiting = async () =>
    (await database.query("SELECT FROM log_pending WHERE item_id = $1", [id.split("_")[1]]))
      .rowCount;
  expect(await waiting()).toBe(1);
  const second = await startSecondHub(hub);
  hub.clock.advance(31 * SECOND);
  const elsewhere = new Client(second.url, w.as.beta.key);
  const [here, there] = await Promise.all([told(start), replay(elsewhere, start)]);
  expect(here.map((a) => a.type)).toEqual(["ITEM_UPDATED", "ITEM_UPDATED"]);
  expect(there).toEqual(here);
  expect(await waiting()).toBe(0);
  await second.stop();
  await database.end();
});

test("with a window of nothing each edit is told by itself", async () => {
  const { id, start } = await shared();
  const second = await startSecondHub(hub, { HUB_FOLD_SECONDS: "0" });
  const acme = new Client(second.url, w.as.acme.key);
  for (const category of ["phishing", "fraud", "phishing"])
    await acme.do("updateIncident", { id, input: { ...base, category } });
  expect(await types(start)).toEqual(["ITEM_UPDATED", "ITEM_UPDATED", "ITEM_UPDATED"]);
  await second.stop();
});
