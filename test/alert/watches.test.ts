import "reflect-metadata";
import { type AlertSubscription, replay } from "../support/alerts";
import { startSecondHub, startTestHub, type TestHub } from "../support/hub";
import { Client } from "../support/client";
import { buildWorld, makeIncident, makeIndicator, release } from "../support/world";

let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
let tail: AlertSubscription;
const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta", "outside"],
    accounts: { colleague: { of: "beta", roles: ["READER"] } },
    groups: { power: { members: ["acme", "beta"], sector: "electricity" } },
    agreements: [{ from: "power", to: "power", terms: { attribution: "SECTOR_ONLY" } }],
  });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
  tail = await hub.subscribe(w.as.beta);
});
afterAll(() => hub.stop());

const to = () => ({ groupIds: [w.group.power] });
const watch = async (input: object) =>
  (await w.as.beta.do("createWatch", { input: { name: "Ours", ...input } })).id;
const now = async (): Promise<string | null> => {
  await tail.rest();
  return tail.cursor;
};
/** Which watches match, in the order of the alerts, after an act. */
async function matched(watchIds: string[], act: () => Promise<unknown>): Promise<unknown[]> {
  const filter = { types: ["WATCH_MATCHED", "ITEM_RELEASED"], watchIds };
  const start = await now();
  await act();
  const alerts = await replay(w.as.beta, start, filter);
  return alerts.flatMap((a) => (a.type === "WATCH_MATCHED" ? [[a.subject?.id, a.itemId]] : []));
}
async function indicator(pattern: string, more: object = {}): Promise<string> {
  const { id } = await w.as.acme.do("createIndicator", {
    input: { pattern, tlp: "AMBER", ...more },
  });
  return id;
}

describe("a watch", () => {
  test("is its organization's: seen by all its accounts and by nobody else", async () => {
    const id = await watch({ values: ["hxxp://evil[.]example/a"], text: "x", minScore: 10 });
    const node = (client: typeof w.as.beta) =>
      client.ask("node", { id }, "... on Watch { name values sectors text minScore createdAt }");
    const whole = {
      name: "Ours",
      values: ["http://evil.example/a"],
      sectors: [],
      text: "x",
      minScore: 10,
      createdAt: expect.any(String),
    };
    expect(await node(w.as.beta)).toEqual(whole);
    expect(await node(w.as.colleague)).toEqual(whole);
    expect(await node(w.as.acme)).toBeNull();
    expect(await node(hub.operator)).toBeNull();
    expect(await w.as.acme.ask("watches")).toEqual([]);
    expect(await w.as.acme.code("deleteWatch", { id }, "")).toBe("NOT_FOUND");
    expect(await w.as.beta.do("deleteWatch", { id }, "")).toBe(true);
    expect(await w.as.beta.code("deleteWatch", { id }, "")).toBe("NOT_FOUND");
    expect(await node(w.as.beta)).toBeNull();
  });

  test("takes nulls for its defaults", async () => {
    const made = await w.as.beta.do(
      "createWatch",
      { input: { name: "Nulls", values: null, sectors: null, text: "x", minScore: null } },
      "values sectors text minScore",
    );
    expect(made).toEqual({ values: [], sectors: [], text: "x", minScore: null });
  });

  test.each([
    ["input", {}],
    ["input", { values: [], sectors: [], text: "" }],
    ["input.name", { name: " ", text: "x" }],
    ["input.values.1", { values: ["198.51.100.1", "no observable at all"] }],
    ["input.minScore", { minScore: 101 }],
    ["input.minScore", { minScore: -1 }],
    ["input.text", { text: "x".repeat(201) }],
    ["input.sectors.0", { sectors: [" "] }],
  ])("with a wrong %s is refused", async (path, input) => {
    const refusal = await w.as.beta.refused("createWatch", { input: { name: "W", ...input } });
    expect(refusal.code).toBe("BAD_USER_INPUT");
    expect(Object.keys(refusal.issues)).toEqual([path]);
  });
});

describe("WATCH_MATCHED", () => {
  test("comes on top of the alert itself, for an item that reaches the organization", async () => {
    const id = await watch({ values: ["198.51.100.0/24"] });
    const live = await hub.subscribe(w.as.beta, {
      after: await now(),
      filter: { watchIds: [id] },
    });
    const inside = await indicator("[ipv4-addr:value = '198.51.100.7']");
    await release(w.as.acme, inside, to());
    expect(await live.next()).toMatchObject({ type: "ITEM_RELEASED", itemId: inside });
    expect(await live.next()).toMatchObject({
      type: "WATCH_MATCHED",
      itemId: inside,
      item: { id: inside },
      subject: { __typename: "Watch", id },
    });
  });

  test("does not come unasked", async () => {
    await watch({ values: ["203.0.113.9"] });
    const live = await hub.subscribe(w.as.beta);
    await release(w.as.acme, await indicator("[ipv4-addr:value = '203.0.113.9']"), to());
    expect((await live.rest()).map((a) => a.type)).toEqual(["ITEM_RELEASED"]);
  });

  test.each([
    ["the value itself", ["192.0.2.1"], "[ipv4-addr:value = '192.0.2.1']", true],
    ["an address of a network", ["192.0.2.0/28"], "[ipv4-addr:value = '192.0.2.15']", true],
    ["no address beyond it", ["192.0.2.0/28"], "[ipv4-addr:value = '192.0.2.16']", false],
    [
      "an IPv6 address of a network",
      ["2001:db8:1::/48"],
      "[ipv6-addr:value = '2001:db8:1:ffff::1']",
      true,
    ],
    [
      "no IPv6 address beyond it",
      ["2001:db8:1::/48"],
      "[ipv6-addr:value = '2001:db8:2::1']",
      false,
    ],
    ["a subdomain", ["acme.example"], "[domain-name:value = 'mail.acme.example']", true],
    [
      "no name that merely ends alike",
      ["acme.example"],
      "[domain-name:value = 'notacme.example']",
      false,
    ],
    ["a URL in a domain", ["acme.example"], "[url:value = 'https://www.acme.example/login']", true],
    [
      "an address of mail in a domain",
      ["acme.example"],
      "[email-addr:value = 'taro@acme.example']",
      true,
    ],
  ])("by values: %s", async (_, values, pattern, matches) => {
    const id = await watch({ values });
    const item = await indicator(pattern);
    expect(await matched([id], () => release(w.as.acme, item, to()))).toEqual(
      matches ? [[id, item]] : [],
    );
  });

  test("by text, sector and score", async () => {
    const text = await watch({ text: "EMOTET" });
    const incident = await makeIncident(w.as.acme, { title: "An Emotet wave" });
    expect(await matched([text], () => release(w.as.acme, incident, to()))).toEqual([
      [text, incident],
    ]);
    const sector = await watch({ sectors: ["electricity"] });
    const named = await makeIncident(w.as.acme, { attribution: "SECTOR_ONLY" });
    expect(await matched([sector], () => release(w.as.acme, named, to()))).toEqual([
      [sector, named],
    ]);
    const score = await watch({ minScore: 80 });
    const high = await indicator("[domain-name:value = 'high.score.test']", { confidence: 95 });
    const low = await indicator("[domain-name:value = 'low.score.test']", { confidence: 5 });
    expect(await matched([score], () => release(w.as.acme, high, to()))).toEqual([[score, high]]);
    expect(await matched([score], () => release(w.as.acme, low, to()))).toEqual([]);
  });

  test("matches on what is shown alone: neither withheld values nor withheld words", async () => {
    const value = await watch({ values: ["192.0.2.77"] });
    const item = await indicator("[ipv4-addr:value = '192.0.2.77']");
    const withheld = { ...to(), withheldFields: ["technical"] };
    expect(await matched([value], () => release(w.as.acme, item, withheld))).toEqual([]);
    const text = await watch({ text: "kraken" });
    const incident = await makeIncident(w.as.acme, { title: "Kraken", victim: "Kraken" });
    const reworded = { ...to(), title: "Sanitised" };
    expect(await matched([text], () => release(w.as.acme, incident, reworded))).toEqual([]);
  });

  test("never names an item that does not reach the organization", async () => {
    const { id } = await w.as.outside.do("createWatch", {
      input: { name: "Nosy", values: ["192.0.2.88"] },
    });
    const item = await makeIndicator(w.as.acme, "192.0.2.88");
    await release(w.as.acme, item, to());
    expect(await replay(w.as.outside, null, { types: ["WATCH_MATCHED"], watchIds: [id] })).toEqual(
      [],
    );
  });

  test("comes by every process, whichever the watch was made at, and by none once it is deleted", async () => {
    const second = await startSecondHub(hub);
    const elsewhere = new Client(second.url, w.as.beta.key);
    const id = await watch({ values: ["192.0.2.91"] });
    const filter = { types: ["WATCH_MATCHED"], watchIds: [id] };
    const start = await now();
    const item = await makeIndicator(w.as.acme, "192.0.2.91");
    await release(w.as.acme, item, to());
    expect(await replay(elsewhere, start, filter)).toMatchObject([{ itemId: item }]);
    await elsewhere.do("deleteWatch", { id }, "");
    expect(await replay(w.as.beta, start, filter)).toEqual([]);
    await second.stop();
  });

  test("has a cursor of its own, between which and the alert a client can resume", async () => {
    const one = await watch({ values: ["192.0.2.90"] });
    const two = await watch({ values: ["192.0.2.90"], text: null });
    const start = await now();
    const item = await indicator("[ipv4-addr:value = '192.0.2.90']");
    await release(w.as.acme, item, to());
    const filter = { watchIds: [one, two] };
    const all = await replay(w.as.beta, start, filter);
    expect(all.map((a) => a.type)).toEqual(["ITEM_RELEASED", "WATCH_MATCHED", "WATCH_MATCHED"]);
    expect(await replay(w.as.beta, all[0]?.cursor, filter)).toEqual(all.slice(1));
    expect(await replay(w.as.beta, all[1]?.cursor, filter)).toEqual(all.slice(2));
    expect(await replay(w.as.beta, all[2]?.cursor, filter)).toEqual([]);
  });
});
