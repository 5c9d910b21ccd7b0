import type { Arguments } from "../support/client";
import { startTestHub, type TestHub } from "../support/hub";
import { buildWorld, makeIndicator, release } from "../support/world";

/** What scores, sightings and lookups could tell of hidden assertions and of withheld numbers. */
let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta", "gamma", "stranger"],
    accounts: { betaReader: { of: "beta", roles: ["MEMBER"] } },
    groups: {
      power: { members: ["acme", "beta", "gamma"] },
      water: { members: ["acme", "stranger"] },
    },
    agreements: [
      { from: "power", to: "power" },
      { from: "power", to: "water" },
    ],
  });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
});
afterAll(() => hub.stop());

const power = () => ({ fromGroupId: w.group.power, groupIds: [w.group.power] });
const SHOWN = `value normalized type score sightingCount warnings { list }
  indicators { id score sightingCount confidence labels }`;
const lookup = (value: string, client = w.as.beta): Promise<unknown[]> =>
  client.ask("lookup", { values: [value] }, SHOWN);
let last = 0;
const address = (): string => `45.83.122.${++last}`;

test("hidden assertions of a value change nothing in its lookup: no score, sighting, warning or label of theirs", async () => {
  const value = address();
  const shown = await makeIndicator(w.as.acme, value, { confidence: 30, labels: ["a"] });
  await release(w.as.acme, shown, power());
  const before = await lookup(value);
  const hidden = await makeIndicator(w.as.gamma, value, { confidence: 99, labels: ["b"] });
  await w.as.gamma.do("recordSighting", { indicatorId: hidden, count: 7 });
  await w.as.gamma.do("recordSighting", { indicatorId: hidden, falsePositive: true });
  await release(w.as.gamma, hidden, { organizationIds: [w.org.stranger] });
  await w.as.stranger.do("recordSighting", { indicatorId: hidden, count: 5 });
  expect(await lookup(value)).toEqual(before);
});

test("sightings along a path that the viewer does not hold are not counted, and score nothing", async () => {
  const value = address();
  const id = await makeIndicator(w.as.acme, value, { confidence: 30 });
  await release(w.as.acme, id, power());
  const before = await lookup(value);
  await release(w.as.acme, id, { organizationIds: [w.org.stranger] });
  await w.as.stranger.do("recordSighting", { indicatorId: id, count: 4 });
  await w.as.stranger.do("recordSighting", { indicatorId: id, falsePositive: true });
  expect(await lookup(value)).toEqual(before);
  const [own] = (await lookup(value, w.as.acme)) as { sightingCount: number }[];
  expect(own?.sightingCount).toBe(4);
});

test("a sighting marked TLP:RED counts for its author and the indicator's owner, not for the author's colleagues", async () => {
  const value = address();
  const id = await makeIndicator(w.as.acme, value, { tlp: "RED", confidence: 30 });
  await release(w.as.acme, id, { accountIds: [w.account.beta], tlp: "RED" });
  await w.as.beta.do("recordSighting", { indicatorId: id, count: 4 });
  await release(w.as.acme, id, { ...power(), tlp: "GREEN" });
  const counts = async (client: typeof w.as.acme): Promise<number | undefined> =>
    ((await lookup(value, client)) as { sightingCount: number }[])[0]?.sightingCount;
  expect(await counts(w.as.acme)).toBe(4);
  expect(await counts(w.as.beta)).toBe(4);
  expect(await counts(w.as.betaReader)).toBe(0);
  expect(await counts(w.as.gamma)).toBe(0);
});

test("one's own sighting of a hidden indicator answers as one of an id that never was", async () => {
  const hidden = await makeIndicator(w.as.acme, address());
  const never = "indicator_00000000-0000-4000-8000-000000000000";
  for (const args of [{}, { count: 0 }, { seenAt: hub.clock.in(60_000) }, { falsePositive: true }])
    expect(await w.as.beta.refused("recordSighting", { indicatorId: hidden, ...args })).toEqual(
      await w.as.beta.refused("recordSighting", { indicatorId: never, ...args }),
    );
});

describe("a number that a release withholds", () => {
  const make = async (
    withheldFields: string[],
    input: Arguments = {},
  ): Promise<[string, string]> => {
    const value = address();
    const id = await makeIndicator(w.as.acme, value, input);
    await release(w.as.acme, id, { ...power(), withheldFields });
    return [id, value];
  };
  const scoreOf = async (id: string): Promise<number> =>
    (await w.as.beta.ask<{ score: number }>("indicator", { id }, "score")).score;
  const found = async (minScore: number, id: string): Promise<boolean> => {
    const args = { first: 100, filter: { minScore } };
    const page = await w.as.beta.ask<{ nodes: { id: string }[] }>(
      "indicators",
      args,
      "nodes { id }",
    );
    return page.nodes.some((n) => n.id === id);
  };

  test("does not show in the score: neither sightings, nor confidence, nor warnings", async () => {
    const [sighted] = await make(["sightingCount"]);
    await w.as.gamma.do("recordSighting", { indicatorId: sighted, count: 3 });
    await w.as.acme.do("recordSighting", { indicatorId: sighted, falsePositive: true });
    expect(await scoreOf(sighted)).toBe(50);
    const [confident] = await make(["confidence"], { confidence: 97 });
    expect(await scoreOf(confident)).toBe(50);
    const warned = await makeIndicator(w.as.acme, "8.8.8.8");
    await release(w.as.acme, warned, { ...power(), withheldFields: ["warnings"] });
    expect(await scoreOf(warned)).toBe(50);
    for (const id of [sighted, confident, warned])
      expect([await found(50, id), await found(51, id)]).toEqual([true, false]);
  });

  test("is told by no alert: whoever is not shown the sightings hears of none", async () => {
    const [counted] = await make([]);
    const [withheld] = await make(["technical"]);
    const live = await hub.subscribe(w.as.beta);
    await w.as.gamma.do("recordSighting", { indicatorId: withheld });
    await w.as.gamma.do("recordSighting", { indicatorId: counted });
    const heard = (await live.rest()).filter((a) => a.type === "SIGHTING_ADDED");
    expect(heard.map((a) => a.itemId)).toEqual([counted]);
    await live.close();
  });

  test("with the score itself withheld no filter on the score finds it, whatever the bound", async () => {
    const [id] = await make(["score"], { confidence: 80 });
    for (const minScore of [-1, 0, 50, 100]) expect(await found(minScore, id)).toBe(false);
  });
});
