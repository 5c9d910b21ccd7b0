import type { Arguments, Client } from "../support/client";
import { startTestHub, type TestHub } from "../support/hub";
import { buildWorld, makeIncident, makeIndicator, release } from "../support/world";

let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta", "gamma", "delta", "epsilon"],
    accounts: { colleague: { of: "acme", roles: ["READER"] } },
    groups: {
      open: { members: ["acme", "beta"] },
      hidden: { members: ["acme", "beta", "gamma"], roster: "HIDDEN", sector: "finance" },
      tiny: { members: ["acme", "delta"], roster: "HIDDEN", sector: "space" },
    },
    agreements: [
      { from: "open", to: "open" },
      { from: "hidden", to: "hidden" },
      { from: "tiny", to: "tiny" },
    ],
  });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
});
afterAll(() => hub.stop());

interface Disclosure {
  organization: { id: string } | null;
  sector: string | null;
  path: string;
  channel: string;
  firstAt: string;
  lastAt: string;
  count: number;
}
const of = async (itemId: string, client: Client = w.as.acme): Promise<Disclosure[]> =>
  (
    await client.ask<{ nodes: Disclosure[] }>(
      "disclosures",
      { itemId },
      "nodes { organization { id } sector path channel firstAt lastAt count item { id } }",
    )
  ).nodes;
const to = (group: keyof typeof w.group): Arguments => ({
  fromGroupId: w.group[group],
  groupIds: [w.group[group]],
});
async function shared(input: Arguments, item: Arguments = {}): Promise<string> {
  const id = await makeIncident(w.as.acme, item);
  await release(w.as.acme, id, input);
  return id;
}

test("a reading by another organization of what is above TLP:GREEN is told to the owner, with the path and the channel", async () => {
  const id = await shared(to("open"));
  expect(await of(id)).toEqual([]);
  await w.as.beta.ask("incident", { id }, "title");
  expect(await of(id)).toEqual([
    {
      organization: { id: w.org.beta },
      sector: null,
      path: "AGREEMENT",
      channel: "query",
      firstAt: expect.any(String),
      lastAt: expect.any(String),
      count: 1,
      item: { id },
    },
  ]);
  await w.as.beta.ask("node", { id });
  await w.as.beta.ask("incidents", { filter: { text: "Ransomware" } }, "nodes { id }");
  const [again] = await of(id);
  expect(again?.count).toBe(3);
});

test("a reading by lookup, below an incident and by subscription is told too", async () => {
  const value = "198.51.100.71";
  const id = await makeIndicator(w.as.acme, value);
  const live = await hub.subscribe(w.as.beta);
  await release(w.as.acme, id, to("open"));
  await live.next();
  await w.as.beta.ask("lookup", { values: [value] }, "indicators { id }");
  await live.close();
  const seen = await of(id);
  expect(seen.map((d) => d.channel).toSorted()).toEqual(["query", "subscription"]);
});

test("a reading of what is at most TLP:GREEN is not, unless the item itself is above", async () => {
  const green = await shared({ ...to("open"), tlp: "GREEN" }, { tlp: "GREEN" });
  const amber = await shared({ ...to("open"), tlp: "GREEN" }, { tlp: "AMBER" });
  await w.as.beta.ask("incident", { id: green });
  await w.as.beta.ask("incident", { id: amber });
  expect(await of(green)).toEqual([]);
  expect(await of(amber)).toHaveLength(1);
});

test("readings by the owner's own accounts are not told", async () => {
  const id = await shared(to("open"));
  await w.as.colleague.ask("incident", { id });
  await w.as.acme.ask("incident", { id });
  expect(await of(id)).toEqual([]);
});

test("each reading by the operator is told, whatever the TLP", async () => {
  const id = await makeIncident(w.as.acme, { tlp: "CLEAR" });
  await w.as.acme.do("submitIncident", { id });
  await hub.operator.ask("incident", { id });
  expect(await of(id)).toMatchObject([
    { organization: { id: hub.operatorId }, path: "OPERATOR", channel: "query" },
  ]);
});

test("readers by a bilateral or a named release are named", async () => {
  const bilateral = await shared({ organizationIds: [w.org.epsilon] });
  const named = await shared({ accountIds: [w.account.epsilon] });
  await w.as.epsilon.ask("incident", { id: bilateral });
  await w.as.epsilon.ask("incident", { id: named });
  const organization = { id: w.org.epsilon };
  expect(await of(bilateral)).toMatchObject([{ organization, path: "BILATERAL" }]);
  expect(await of(named)).toMatchObject([{ organization, path: "NAMED" }]);
});

test("a reader in a HIDDEN group is told by its sector where that has three organizations, else by the day alone", async () => {
  const id = await shared(to("hidden"));
  await w.as.beta.ask("incident", { id });
  expect(await of(id)).toMatchObject([{ organization: null, sector: "finance" }]);
  const tiny = await shared(to("tiny"));
  await w.as.delta.ask("incident", { id: tiny });
  expect(await of(tiny)).toMatchObject([
    {
      organization: null,
      sector: null,
      firstAt: expect.stringContaining("T00:00:00.000Z"),
      lastAt: expect.stringContaining("T00:00:00.000Z"),
    },
  ]);
});

test("others see no disclosures of it, whether they read it or not", async () => {
  const id = await shared(to("open"));
  await w.as.beta.ask("incident", { id });
  expect(await of(id, w.as.beta)).toEqual([]);
  expect(await of(id, w.as.gamma)).toEqual([]);
  expect(await w.as.beta.ask("disclosures", {}, "totalCount")).toEqual({ totalCount: 0 });
});

test("they are paged without loss or repetition", async () => {
  const own = await build();
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) {
    const id = await makeIncident(own.as.acme, { title: `Paged ${i}` });
    await release(own.as.acme, id, { organizationIds: [own.org.beta] });
    await own.as.beta.ask("incident", { id });
    ids.push(id);
    hub.clock.advance(1_000);
  }
  interface Page {
    nodes: { item: { id: string } }[];
    pageInfo: { hasNextPage: boolean; endCursor: string | null };
    totalCount: number;
  }
  const seen: string[] = [];
  for (let after: string | null = null; ;) {
    const page: Page = await own.as.acme.ask<Page>(
      "disclosures",
      { first: 2, after },
      "nodes { item { id } } pageInfo { hasNextPage endCursor } totalCount",
    );
    expect(page.totalCount).toBe(5);
    seen.push(...page.nodes.map((n) => n.item.id));
    after = page.pageInfo.endCursor;
    if (!page.pageInfo.hasNextPage) break;
  }
  expect(seen.toSorted()).toEqual(ids.toSorted());
  expect(await own.as.acme.code("disclosures", { first: 0 })).toBe("BAD_USER_INPUT");
  expect(await own.as.acme.code("disclosures", { first: 101 })).toBe("BAD_USER_INPUT");
  expect(await own.as.acme.code("disclosures", { after: "forged" })).toBe("BAD_USER_INPUT");
  expect(
    await own.as.acme.ask("disclosures", { first: null, after: null, itemId: null }, "totalCount"),
  ).toEqual({ totalCount: 5 });
});
