import type { Client } from "../support/client";
import { allDoors, doors, type Sought } from "../support/doors";
import { startTestHub, type TestHub } from "../support/hub";
import { buildWorld, makeIncident, makeIndicator, release } from "../support/world";

/** Acceptance cases 1 to 6: visibility and markings. */
let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(() => hub.stop());

const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta", "gamma"],
    accounts: {
      mssp: { of: "beta", roles: ["MEMBER"], affiliation: "CONTRACTOR" },
      client: { of: "beta", roles: ["READER"], affiliation: "CLIENT" },
      acmeMssp: { of: "acme", roles: ["MEMBER"], affiliation: "CONTRACTOR" },
      betaAdmin: { of: "beta", roles: ["ORG_ADMIN"] },
    },
    groups: { power: { members: ["acme", "beta"] }, water: { members: ["gamma"] } },
    agreements: [{ from: "power", to: "power" }],
  });
let shared: ReturnType<typeof build> | undefined;
/** One world for the tests that do not change its parties. */
const power = () => (shared ??= build());

/** An incident with a linked indicator, both released alike. */
async function sharedPair(
  w: Awaited<ReturnType<typeof power>>,
  tlp: string,
  value: string,
): Promise<[Sought, Sought]> {
  const indicator = await makeIndicator(w.as.acme, value, { tlp });
  const title = `Intrusion ${value}`;
  const incident = await makeIncident(w.as.acme, { title, tlp, indicatorIds: [indicator] });
  const to = { groupIds: [w.group.power], tlp };
  await release(w.as.acme, incident, to);
  await release(w.as.acme, indicator, to);
  return [
    { kind: "incident", id: incident, text: title },
    { kind: "indicator", id: indicator, value, parent: incident },
  ];
}

/** The audit log as an account reads it, in pages of two. */
async function auditOf(client: Client): Promise<{ act: string; subject: string }[]> {
  const acts: { act: string; subject: string }[] = [];
  for (let after: string | null = null, more = true; more;) {
    const page: { nodes: typeof acts; pageInfo: { endCursor: string; hasNextPage: boolean } } =
      await client.ask(
        "auditLog",
        { first: 2, after },
        "nodes { act subject } pageInfo { endCursor hasNextPage }",
      );
    acts.push(...page.nodes);
    ({ endCursor: after, hasNextPage: more } = page.pageInfo);
  }
  return acts;
}

describe("case 1: TLP:AMBER+STRICT stays with employees", () => {
  test("a contractor and a client of a member see nothing of it at any door, nor an alert", async () => {
    const w = await power();
    const live = await hub.subscribe(w.as.mssp);
    const pair = await sharedPair(w, "AMBER_STRICT", "198.51.100.1");
    for (const item of pair) {
      expect(await doors(w.as.mssp, item)).toEqual([]);
      expect(await doors(w.as.client, item)).toEqual([]);
    }
    expect(await live.rest()).toEqual([]);
  });

  test("an employee of the same member sees it at every door, and is alerted", async () => {
    const w = await power();
    const live = await hub.subscribe(w.as.beta);
    const pair = await sharedPair(w, "AMBER_STRICT", "198.51.100.2");
    for (const item of pair) expect(await doors(w.as.beta, item)).toEqual(allDoors(item));
    expect((await live.rest()).map((a) => [a.type, a.itemId])).toEqual(
      pair.map((item) => ["ITEM_RELEASED", item.id]),
    );
  });

  test("the same at TLP:AMBER is visible to the contractor and to the client, and alerts them", async () => {
    const w = await power();
    const live = await hub.subscribe(w.as.mssp);
    const pair = await sharedPair(w, "AMBER", "198.51.100.3");
    for (const item of pair) {
      expect(await doors(w.as.mssp, item)).toEqual(allDoors(item));
      expect(await doors(w.as.client, item)).toEqual(allDoors(item));
    }
    expect((await live.rest()).map((a) => a.itemId)).toEqual(pair.map((item) => item.id));
  });

  test("the owner's own contractor sees its organization's items only up to TLP:AMBER", async () => {
    const w = await build();
    const strict = await makeIncident(w.as.acme, { title: "Strict own", tlp: "AMBER_STRICT" });
    const amber = await makeIncident(w.as.acme, { title: "Amber own", tlp: "AMBER" });
    const item = { kind: "incident", id: strict, text: "Strict own" } as const;
    expect(await doors(w.as.acmeMssp, item)).toEqual([]);
    expect(await w.as.acmeMssp.ask("incident", { id: amber }, "title")).toEqual({
      title: "Amber own",
    });
    expect(await w.as.acmeMssp.ask("incidents", {}, "totalCount nodes { id }")).toEqual({
      totalCount: 1,
      nodes: [{ id: amber }],
    });
  });
});

describe("case 2: TLP:RED is for the persons named", () => {
  test("a colleague with the admin role cannot read it, nor see that it exists", async () => {
    const w = await power();
    const [colleague, named] = await Promise.all([
      hub.subscribe(w.as.betaAdmin),
      hub.subscribe(w.as.beta),
    ]);
    const title = "Only for you";
    const id = await makeIncident(w.as.acme, { title, tlp: "RED" });
    await release(w.as.acme, id, { accountIds: [w.account.beta], tlp: "RED" });
    const item = { kind: "incident", id, text: title } as const;
    expect(await doors(w.as.betaAdmin, item)).toEqual([]);
    expect(await doors(w.as.beta, item)).toEqual(allDoors(item));
    expect(await colleague.rest()).toEqual([]);
    expect((await named.rest()).map((a) => [a.type, a.itemId])).toEqual([["ITEM_RELEASED", id]]);
    expect(await w.as.beta.ask("incident", { id }, "tlp access { kind }")).toEqual({
      tlp: "RED",
      access: [{ kind: "NAMED" }],
    });
  });

  test("nor by the audit log, in which the named person's act on it stands", async () => {
    const w = await power();
    const id = await makeIndicator(w.as.acme, "198.51.100.7", { tlp: "RED" });
    await release(w.as.acme, id, { accountIds: [w.account.beta], tlp: "RED" });
    await w.as.beta.do("recordSighting", { indicatorId: id });
    const shared = await makeIndicator(w.as.acme, "198.51.100.8", { tlp: "AMBER" });
    const made = await release(w.as.acme, shared, { groupIds: [w.group.power] });
    await w.as.beta.do("recordSighting", { indicatorId: shared });
    const sightings = async (client: Client) =>
      (await auditOf(client)).filter((a) => a.act === "recordSighting").map((a) => a.subject);
    expect(await sightings(w.as.betaAdmin)).toEqual([shared]);
    expect(await sightings(w.as.beta)).toEqual([id, shared]);
    // What it saw then stays on record after the source withdrew it.
    await w.as.acme.do("withdrawRelease", { id: made, reason: "Over" });
    expect(await sightings(w.as.betaAdmin)).toEqual([shared]);
  });

  test("a contractor who administers its organization finds no trace there of what is above TLP:AMBER", async () => {
    const w = await buildWorld(hub, {
      organizations: ["acme", "beta"],
      accounts: {
        mssp: { of: "acme", roles: ["ORG_ADMIN"], affiliation: "CONTRACTOR" },
      },
    });
    const strict = await makeIncident(w.as.acme, { title: "Strict", tlp: "AMBER_STRICT" });
    const to = { organizationIds: [w.org.beta], tlp: "AMBER_STRICT" };
    const made = await release(w.as.acme, strict, to);
    const amber = await makeIncident(w.as.acme, { title: "Amber", tlp: "AMBER" });
    const subjects = async (client: Client) => (await auditOf(client)).map((a) => a.subject);
    expect(await subjects(w.as.acme)).toEqual(expect.arrayContaining([strict, made, amber]));
    expect(await subjects(w.as.mssp)).toContain(amber);
    expect(await subjects(w.as.mssp)).not.toContain(strict);
    expect(await subjects(w.as.mssp)).not.toContain(made);
  });

  test("a key that somebody else made for the named account does not open it", async () => {
    const w = await power();
    const id = await makeIncident(w.as.acme, { title: "Not by that key", tlp: "RED" });
    await release(w.as.acme, id, { accountIds: [w.account.beta], tlp: "RED" });
    const item = { kind: "incident", id, text: "Not by that key" } as const;
    expect(await doors(w.foreign.beta, item)).toEqual([]);
    expect(await doors(w.foreign.acme, item)).toEqual([]);
  });

  test("the operator sees only the envelope of a submitted RED item, and finds it by no text or value", async () => {
    const w = await power();
    const indicator = await makeIndicator(w.as.acme, "198.51.100.9", {
      tlp: "RED",
      name: "Secret",
    });
    await w.as.acme.do("submitItem", { id: indicator });
    const incident = await makeIncident(w.as.acme, {
      title: "Secret title",
      summary: "Secret summary",
      victim: "Secret victim",
      tlp: "RED",
    });
    await w.as.acme.do("submitIncident", { id: incident });
    const shown = await hub.operator.ask<Record<string, unknown>>(
      "incident",
      { id: incident },
      "kind tlp title summary category victim source { organization { id } } redactions { field }",
    );
    expect(shown).toMatchObject({
      kind: "INCIDENT",
      tlp: "RED",
      summary: null,
      category: null,
      victim: null,
      source: { organization: { id: w.org.acme } },
    });
    expect(shown.title).not.toContain("Secret");
    expect(shown.redactions).toContainEqual({ field: "category" });
    expect(
      await hub.operator.ask("incidents", { filter: { text: "Secret" } }, "totalCount"),
    ).toEqual({ totalCount: 0 });
    expect(
      await hub.operator.ask("indicators", { filter: { value: "198.51.100.9" } }, "totalCount"),
    ).toEqual({ totalCount: 0 });
    expect(
      await hub.operator.ask("lookup", { values: ["198.51.100.9"] }, "score indicators { id }"),
    ).toEqual([{ score: null, indicators: [] }]);
    expect(
      await hub.operator.ask("indicator", { id: indicator }, "name pattern observables { value }"),
    ).toEqual({ name: null, pattern: null, observables: [] });
  });
});

describe("case 3: TLP:GREEN goes no further than the agreement", () => {
  test("a member of another group sees nothing of what was released to the first", async () => {
    const w = await power();
    const live = await hub.subscribe(w.as.gamma);
    for (const item of await sharedPair(w, "GREEN", "198.51.100.20"))
      expect(await doors(w.as.gamma, item)).toEqual([]);
    expect(await live.rest()).toEqual([]);
  });

  test("nor does a release to the other group without an agreement between the two succeed", async () => {
    const w = await power();
    const id = await makeIncident(w.as.acme, { tlp: "GREEN" });
    const refusal = await w.as.acme.refused("releaseItem", {
      input: { itemId: id, groupIds: [w.group.water], tlp: "GREEN" },
    });
    expect(refusal.code).toBe("BAD_USER_INPUT");
    expect(Object.keys(refusal.issues)).toEqual(["input.groupIds.0"]);
  });

  test("with an agreement between the groups the other group sees what was released to it", async () => {
    const w = await buildWorld(hub, {
      organizations: ["acme", "gamma"],
      groups: { power: { members: ["acme"] }, water: { members: ["gamma"] } },
      agreements: [{ from: "power", to: "water" }],
    });
    const live = await hub.subscribe(w.as.gamma);
    const id = await makeIncident(w.as.acme, { title: "Across sectors", tlp: "GREEN" });
    await release(w.as.acme, id, { groupIds: [w.group.water], tlp: "GREEN" });
    const item = { kind: "incident", id, text: "Across sectors" } as const;
    expect(await doors(w.as.gamma, item)).toEqual(allDoors(item));
    expect(await live.next()).toMatchObject({ itemId: id, group: { id: w.group.water } });
  });
});

describe("case 4: two members submit the same address, one RED and one GREEN", () => {
  test("a reader finds one assertion, and no number reveals the other", async () => {
    const w = await build();
    const value = "203.0.113.7";
    const red = await makeIndicator(w.as.beta, value, { tlp: "RED", confidence: 99 });
    const green = await makeIndicator(w.as.acme, value, { tlp: "GREEN", confidence: 10 });
    await release(w.as.acme, green, { groupIds: [w.group.power], tlp: "GREEN" });
    await w.as.beta.do("recordSighting", { indicatorId: red, count: 7 });
    const [result] = await w.as.betaAdmin.ask<unknown[]>(
      "lookup",
      { values: [value] },
      "score sightingCount indicators { id score sightingCount }",
    );
    // A colleague of the RED one's author may see its organization's own item; a third member may not.
    expect(result).toMatchObject({ sightingCount: 7 });
    const third = await buildThird(w, green);
    const { score } = await w.as.acme.ask<{ score: number }>("indicator", { id: green }, "score");
    expect(
      await third.ask(
        "lookup",
        { values: [value] },
        "score sightingCount indicators { id score sightingCount }",
      ),
    ).toEqual([{ score, sightingCount: 0, indicators: [{ id: green, score, sightingCount: 0 }] }]);
    expect(await third.ask("indicators", { filter: { value } }, "totalCount nodes { id }")).toEqual(
      { totalCount: 1, nodes: [{ id: green }] },
    );
    const sought = { kind: "indicator", id: red, value } as const;
    const open = await doors(third, sought);
    // The value is known by the GREEN one; the RED one itself is at no door.
    expect(open).toEqual(["valueCount"]);
  });

  test("submitting a value that somebody else holds answers exactly as a new one", async () => {
    const w = await power();
    const bundle = (id: string): object => ({
      type: "bundle",
      id: "bundle--5d0092c5-5f74-4287-9642-33f4c354e56d",
      objects: [
        {
          type: "indicator",
          spec_version: "2.1",
          id,
          pattern: "[ipv4-addr:value = '203.0.113.8']",
          pattern_type: "stix",
          valid_from: "2026-01-01T00:00:00Z",
        },
      ],
    });
    const id = "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";
    const selection = "accepted merged rejected problems { message }";
    const first = await w.as.acme.do("submitBundle", { bundle: bundle(id) }, selection);
    const second = await w.as.beta.do("submitBundle", { bundle: bundle(id) }, selection);
    expect(second).toEqual(first);
  });

  async function buildThird(w: Awaited<ReturnType<typeof build>>, itemId: string) {
    const { id } = await hub.operator.do("inviteMember", {
      groupId: w.group.power,
      organizationId: w.org.gamma,
    });
    await w.as.gamma.do("acceptMembership", { id });
    // Those who signed later read only what is released later.
    await w.as.gamma.do("signAgreement", { versionId: w.versions[0] });
    await release(w.as.acme, itemId, { groupIds: [w.group.power], tlp: "GREEN" });
    return w.as.gamma;
  }
});

describe("case 5: a withheld pattern is no oracle", () => {
  test.each([[["technical"]], [["pattern", "observables"]]])(
    "with %j withheld the reader gets no pattern, and finds the item by no value, type or lookup",
    async (withheldFields) => {
      const w = await power();
      const value = "203.0.113.50";
      const id = await makeIndicator(w.as.acme, value, { name: "Named, not shown", tlp: "GREEN" });
      await release(w.as.acme, id, {
        groupIds: [w.group.power],
        tlp: "GREEN",
        withheldFields,
      });
      expect(
        await w.as.beta.ask("indicator", { id }, "name pattern observables { value }"),
      ).toEqual({ name: "Named, not shown", pattern: null, observables: [] });
      const sought = { kind: "indicator", id, value, text: "Named, not shown" } as const;
      expect(await doors(w.as.beta, sought)).toEqual([
        "alerts",
        "byId",
        "list",
        "node",
        "text",
        "textCount",
      ]);
      const byType = { first: 100, filter: { type: "ipv4-addr" } };
      const found = await w.as.beta.ask<object>("indicators", byType, "nodes { id }");
      expect(found).not.toHaveProperty("nodes", expect.arrayContaining([{ id }]));
      const { redactions } = await w.as.beta.ask<{ redactions: { field: string }[] }>(
        "indicator",
        { id },
        "redactions { field reason }",
      );
      expect(redactions.map((r) => r.field)).toEqual(
        expect.arrayContaining(["pattern", "observables"]),
      );
    },
  );

  test("a selector of a missing field is refused", async () => {
    const w = await power();
    const id = await makeIndicator(w.as.acme, "203.0.113.51");
    const refusal = await w.as.acme.refused("releaseItem", {
      input: { itemId: id, groupIds: [w.group.power], tlp: "AMBER", withheldFields: ["patern"] },
    });
    expect(Object.keys(refusal.issues)).toEqual(["input.withheldFields.0"]);
  });
});

describe("case 6: links name nothing hidden", () => {
  test("a hidden indicator is neither listed nor counted below a visible incident", async () => {
    const w = await power();
    const shown = await makeIndicator(w.as.acme, "203.0.113.60");
    const hidden = await makeIndicator(w.as.acme, "203.0.113.61");
    const incident = await makeIncident(w.as.acme, { indicatorIds: [shown, hidden] });
    const advisory = await w.as.acme.do("createAdvisory", {
      input: { title: "A", body: "B", tlp: "AMBER", aboutIds: [incident, shown, hidden] },
    });
    for (const itemId of [shown, incident, advisory.id])
      await release(w.as.acme, itemId, { groupIds: [w.group.power] });
    expect(
      await w.as.beta.ask(
        "incident",
        { id: incident },
        "indicators { nodes { id } edges { node { id } } totalCount pageInfo { hasNextPage } }",
      ),
    ).toEqual({
      indicators: {
        nodes: [{ id: shown }],
        edges: [{ node: { id: shown } }],
        totalCount: 1,
        pageInfo: { hasNextPage: false },
      },
    });
    const { about } = await w.as.beta.ask<{ about: { id: string }[] }>(
      "node",
      { id: advisory.id },
      "... on Advisory { about { id } }",
    );
    expect(about.map((a) => a.id).toSorted()).toEqual([incident, shown].toSorted());
  });

  test("a link to a hidden item is refused exactly like one to an id that never was", async () => {
    const w = await power();
    const hidden = await makeIndicator(w.as.acme, "203.0.113.62");
    const never = "indicator_00000000-0000-4000-8000-000000000000";
    const link = (id: string) =>
      w.as.beta.refused("createIncident", {
        input: { title: "x", category: "x", tlp: "AMBER", indicatorIds: [id] },
      });
    const refused = await link(hidden);
    expect(refused).toEqual(await link(never));
    expect(refused.code).toBe("BAD_USER_INPUT");
    expect(Object.keys(refused.issues)).toEqual(["input.indicatorIds.0"]);
  });

  test("a sighting of a hidden indicator is NOT_FOUND like one of an id that never was", async () => {
    const w = await power();
    const hidden = await makeIndicator(w.as.acme, "203.0.113.63");
    const never = "indicator_00000000-0000-4000-8000-000000000000";
    const refused = await w.as.beta.refused("recordSighting", { indicatorId: hidden });
    expect(refused).toEqual(await w.as.beta.refused("recordSighting", { indicatorId: never }));
    expect(refused.code).toBe("NOT_FOUND");
  });
});
