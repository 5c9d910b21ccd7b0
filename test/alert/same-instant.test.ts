import { MINUTE, startTestHub, type TestHub } from "../support/hub";
import { buildWorld, makeIncident, release } from "../support/world";

/** What an act ends and what the clock ends at one and the same millisecond: each item is told of once. */
let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(() => hub.stop());

const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta"],
    groups: { power: { members: ["acme", "beta"] } },
    agreements: [{ from: "power", to: "power" }],
  });

/** An incident that beta reads until an instant. */
async function expiring(w: Awaited<ReturnType<typeof build>>, expiresAt: string): Promise<string> {
  const id = await makeIncident(w.as.acme);
  await release(w.as.acme, id, { organizationIds: [w.org.beta], expiresAt });
  return id;
}

test("a suspension at the instant of an expiry tells of both items once", async () => {
  const w = await build();
  const shared = await makeIncident(w.as.acme);
  await release(w.as.acme, shared, { fromGroupId: w.group.power, groupIds: [w.group.power] });
  const until = hub.clock.in(MINUTE);
  const expired = await expiring(w, until);
  const live = await hub.subscribe(w.as.beta);
  hub.clock.advance(MINUTE);
  const { id, at } = { id: w.membership["beta power"], at: hub.clock.now() };
  await hub.operator.do("suspendMembership", { id, reason: "It did not answer." });
  // The act fell on the very instant of the expiry.
  expect(hub.running.hub.now()).toBe(at);
  hub.clock.advance(MINUTE);
  await hub.sweep();
  const ended = (await live.rest()).filter((a) => a.type === "ACCESS_ENDED");
  expect(new Set(ended.map((a) => a.itemId))).toEqual(new Set([shared, expired]));
  expect(ended).toHaveLength(2);
});

test("a withdrawal at the instant of an expiry is told of as a withdrawal alone", async () => {
  const w = await build();
  const withdrawn = await makeIncident(w.as.acme);
  const id = await release(w.as.acme, withdrawn, { organizationIds: [w.org.beta] });
  const until = hub.clock.now() + MINUTE;
  const expired = await expiring(w, new Date(until).toISOString());
  const live = await hub.subscribe(w.as.beta);
  // An act on an item comes a millisecond after the instant at which it began to wait for it.
  hub.clock.moveTo(until - 1);
  await w.as.acme.do("withdrawRelease", { id, reason: "It was wrong." });
  expect(hub.running.hub.now()).toBe(until);
  hub.clock.advance(MINUTE);
  await hub.sweep();
  const ended = (await live.rest()).filter((a) => a.item === null && a.itemId !== null);
  expect(ended.map((a) => [a.type, a.itemId])).toEqual([
    ["ITEM_WITHDRAWN", withdrawn],
    ["ACCESS_ENDED", expired],
  ]);
});
