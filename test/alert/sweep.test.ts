import type { AlertSubscription } from "../support/alerts";
import { DAY, HOUR, SECOND, startTestHub, type TestHub } from "../support/hub";
import { agree, buildWorld, makeIncident, release } from "../support/world";

/** What the clock ends is told by the sweep: once, to those whom it concerns, and nothing that did not happen. */
let hub: TestHub;
beforeEach(async () => {
  hub = await startTestHub();
  await hub.sweep();
});
afterEach(() => hub.stop());

const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta", "outside"],
    accounts: { coordinator: { of: "outside", roles: ["READER"] } },
    groups: { power: { members: ["acme", "beta"], coordinators: ["coordinator"] } },
    agreements: [{ from: "power", to: "power" }],
  });
const swept = async (live: AlertSubscription): Promise<[string, string | undefined][]> => {
  await hub.sweep();
  return (await live.rest()).map((a) => [a.type, a.itemId ?? a.subject?.id]);
};

test("the operator, too, is told that a version came into force and ended by the clock", async () => {
  const w = await build();
  const live = await hub.subscribe(hub.operator);
  const versionId = await agree(w, {
    from: "power",
    to: "power",
    effectiveFrom: hub.clock.in(HOUR),
    effectiveUntil: hub.clock.in(2 * HOUR),
  });
  expect(await live.rest()).toEqual([]);
  hub.clock.advance(HOUR);
  expect(await swept(live)).toEqual([["AGREEMENT_CHANGED", versionId]]);
  hub.clock.advance(HOUR);
  expect(await swept(live)).toEqual([["AGREEMENT_CHANGED", versionId]]);
});

test("a release that was withdrawn after its time was up had ended by the clock", async () => {
  const w = await build();
  const id = await makeIncident(w.as.acme);
  const made = await release(w.as.acme, id, {
    groupIds: [w.group.power],
    expiresAt: hub.clock.in(HOUR),
  });
  const live = await hub.subscribe(w.as.beta);
  hub.clock.advance(HOUR + SECOND);
  await w.as.acme.do("withdrawRelease", { id: made, reason: "Late" });
  expect(await swept(live)).toEqual([["ACCESS_ENDED", id]]);
});

test("what an act ended at the very instant of a boundary is told once", async () => {
  const w = await build();
  const expiresAt = hub.clock.in(HOUR);
  const [one, two] = [await makeIncident(w.as.acme), await makeIncident(w.as.acme)];
  await release(w.as.acme, one, { groupIds: [w.group.power], expiresAt });
  await release(w.as.acme, two, { groupIds: [w.group.power] });
  const live = await hub.subscribe(w.as.beta);
  hub.clock.advance(HOUR);
  await hub.operator.do("suspendMembership", { id: w.membership["beta power"], reason: "x" });
  const told = (await live.rest()).filter((a) => a.type === "ACCESS_ENDED").map((a) => a.itemId);
  expect(new Set(told)).toEqual(new Set([one, two]));
  expect(told).toHaveLength(2);
  expect(await swept(live)).toEqual([]);
});

test("what a change of one item ended at the very instant of a boundary is told once", async () => {
  const w = await build();
  const expiresAt = hub.clock.in(HOUR);
  const [one, two] = [await makeIncident(w.as.acme), await makeIncident(w.as.acme)];
  await release(w.as.acme, one, { groupIds: [w.group.power], expiresAt });
  await release(w.as.acme, two, { organizationIds: [w.org.beta], expiresAt });
  await release(w.as.acme, two, { groupIds: [w.group.power] });
  const live = await hub.subscribe(w.as.beta);
  // A change of an item that exists is a millisecond later than its clock.
  hub.clock.advance(HOUR - 1);
  const input = { title: "T", category: "fraud", tlp: "RED" };
  await w.as.acme.do("updateIncident", { id: two, input });
  expect((await live.rest()).map((a) => [a.type, a.itemId, Date.parse(a.at)])).toEqual([
    ["ACCESS_ENDED", two, Date.parse(expiresAt)],
  ]);
  expect(await swept(live)).toEqual([["ACCESS_ENDED", one]]);
});

test("a version that was terminated before its time neither comes into force nor ends", async () => {
  const w = await build();
  const versionId = await agree(w, {
    from: "power",
    to: "power",
    effectiveFrom: hub.clock.in(DAY),
    effectiveUntil: hub.clock.in(2 * DAY),
  });
  await hub.operator.do("terminateAgreement", { versionId, reason: "Never mind" });
  const live = await hub.subscribe(w.as.coordinator);
  hub.clock.advance(DAY);
  expect(await swept(live)).toEqual([]);
  hub.clock.advance(DAY);
  expect(await swept(live)).toEqual([]);
});
