import { replay } from "../support/alerts";
import type { Arguments, Client } from "../support/client";
import { allDoors, doors, type Sought } from "../support/doors";
import { startTestHub, type TestHub } from "../support/hub";
import { agree, buildWorld, join, makeIncident, makeIndicator, release } from "../support/world";

/** Acceptance case 23: an industry association is a member of a group, and others stand behind it. */
let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const BUNDLED = ["one", "two", "three", "four"] as const;
const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta", "body", "outside", ...BUNDLED, "five"],
    accounts: {
      lead: { of: "body", roles: ["MEMBER"] },
      client1: { of: "body", roles: ["READER"], affiliation: "CLIENT" },
      client2: { of: "body", roles: ["READER"], affiliation: "CLIENT" },
    },
    groups: {
      power: { members: ["acme", "beta", "body"] },
      water: { members: ["outside"] },
      // The body admits its own members; nobody else learns who they are.
      bundled: { members: BUNDLED, roster: "HIDDEN", coordinators: ["lead"] },
    },
    agreements: [
      { from: "power", to: "power" },
      { from: "water", to: "water" },
      {
        from: "power",
        to: "bundled",
        terms: {
          kinds: ["INDICATOR"],
          tlpCeiling: "GREEN",
          papCeiling: "AMBER",
          withheldFields: ["labels"],
        },
      },
    ],
  });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
});
afterAll(() => hub.stop());

const to = (...groups: ("power" | "bundled")[]): Arguments => ({
  groupIds: groups.map((g) => w.group[g]),
  fromGroupId: w.group.power,
});

describe("case 23: the members of a bundling body get what its agreement permits, and no more", () => {
  test("an item that it covers is seen by the body, its clients and its members, each with their own fields", async () => {
    const value = "192.0.2.231";
    const id = await makeIndicator(w.as.acme, value, { tlp: "GREEN", labels: ["one"] });
    await release(w.as.acme, id, { ...to("power", "bundled"), tlp: "GREEN" });
    const item: Sought = { kind: "indicator", id, value };
    for (const client of [w.as.body, w.as.client1, w.as.one, w.as.four])
      expect(await doors(client, item)).toEqual(allDoors(item));
    expect(await doors(w.as.five, item)).toEqual([]);
    const shown = (client: Client) =>
      client.ask("indicator", { id }, "pattern labels redactions { field reason }");
    const labels = { field: "labels", reason: "withheld by the sharing agreement" };
    expect(await shown(w.as.one)).toMatchObject({
      pattern: `[ipv4-addr:value = '${value}']`,
      labels: [],
      redactions: expect.arrayContaining([labels]),
    });
    expect(await shown(w.as.body)).toMatchObject({ labels: ["one"] });
    const byLabel = { filter: { labels: ["one"] } };
    expect(await w.as.one.ask("indicators", byLabel, "totalCount")).toEqual({ totalCount: 0 });
    expect(await w.as.client1.ask("indicators", byLabel, "totalCount")).toEqual({ totalCount: 1 });
  });

  test("what is above its TLP or PAP or of another kind is refused for its group, each reason named", async () => {
    const refused = async (itemId: string, tlp: string) =>
      (await w.as.acme.refused("releaseItem", { input: { itemId, tlp, ...to("bundled") } })).issues[
        "input.groupIds.0"
      ];
    const indicator = await makeIndicator(w.as.acme, "192.0.2.232", { tlp: "AMBER" });
    expect(await refused(indicator, "AMBER")).toMatch(/TLP is above/);
    const red = await makeIndicator(w.as.acme, "192.0.2.233", { tlp: "GREEN", pap: "RED" });
    expect(await refused(red, "GREEN")).toMatch(/PAP is above/);
    const incident = await makeIncident(w.as.acme, { tlp: "GREEN" });
    expect(await refused(incident, "GREEN")).toMatch(/kind INCIDENT/);
  });

  test("what the body itself gets in its own group stops there, and with TLP:AMBER+STRICT before its clients", async () => {
    const make = async (title: string, tlp: string): Promise<Sought> => {
      const id = await makeIncident(w.as.acme, { title, tlp });
      await release(w.as.acme, id, { ...to("power"), tlp });
      return { kind: "incident", id, text: title };
    };
    const amber = await make("For the body's clients too", "AMBER");
    const strict = await make("For the body alone", "AMBER_STRICT");
    for (const item of [amber, strict]) {
      expect(await doors(w.as.body, item)).toEqual(allDoors(item));
      for (const member of BUNDLED) expect(await doors(w.as[member], item)).toEqual([]);
    }
    expect(await doors(w.as.client1, amber)).toEqual(allDoors(amber));
    expect(await doors(w.as.client1, strict)).toEqual([]);
    // Nor may the body pass it on: it is not the owner.
    const input = { itemId: amber.id, tlp: "GREEN", organizationIds: [w.org.one] };
    expect(await w.as.body.code("releaseItem", { input })).toBe("FORBIDDEN");
  });

  test("a narrower version binds its members at once, whether they signed it or not", async () => {
    const own = await build();
    const value = "192.0.2.234";
    const id = await makeIndicator(own.as.acme, value, { tlp: "GREEN" });
    const released = { groupIds: [own.group.bundled], fromGroupId: own.group.power, tlp: "GREEN" };
    await release(own.as.acme, id, released);
    expect(await own.as.one.ask("indicator", { id })).toEqual({ id });
    const terms = { kinds: ["INDICATOR"], tlpCeiling: "CLEAR" };
    await agree(own, { from: "power", to: "bundled", terms, signedBy: [] });
    expect(await doors(own.as.one, { kind: "indicator", id, value })).toEqual([]);
  });
});

describe("case 23: the body cannot see another group", () => {
  test("neither its items nor its members, agreements or alerts; its coordinator no more than itself", async () => {
    const live = await hub.subscribeAll([w.as.body, w.as.lead, w.as.client1]);
    const id = await makeIncident(w.as.outside, { title: "Of water", tlp: "GREEN" });
    await release(w.as.outside, id, { groupIds: [w.group.water], tlp: "GREEN" });
    const item: Sought = { kind: "incident", id, text: "Of water" };
    for (const client of [w.as.body, w.as.lead, w.as.client1, w.as.one]) {
      expect(await doors(client, item)).toEqual([]);
      expect(
        await client.ask(
          "node",
          { id: w.group.water },
          "... on SectorGroup { memberships { id } agreements { id } }",
        ),
      ).toEqual({ memberships: [], agreements: [] });
      expect(await client.ask("node", { id: w.versions[1] })).toBeNull();
      expect(await client.ask("node", { id: w.membership["outside water"] })).toBeNull();
    }
    expect(await hub.restOf(live)).toEqual([[], [], []]);
    const asked = { itemId: id, organizationId: w.org.one };
    expect(await w.as.lead.code("sharingDecision", asked)).toBe("NOT_FOUND");
  });

  test("it cannot admit its members into another group, nor draft for it", async () => {
    const invite = { groupId: w.group.water, organizationId: w.org.one };
    expect(await w.as.lead.code("inviteMember", invite)).toBe("FORBIDDEN");
    const input = {
      title: "Sideways",
      fromGroupId: w.group.water,
      toGroupId: w.group.power,
      terms: { kinds: ["INDICATOR"], tlpCeiling: "GREEN" },
    };
    expect(await w.as.lead.code("draftAgreement", { input })).toBe("FORBIDDEN");
  });
});

describe("case 23: how many stand behind the body is not told", () => {
  /** Everything in which the number of bundled members could show to the others of the body's group. */
  const answers = async (of: Awaited<ReturnType<typeof build>>, id: string, client: Client) => {
    const group = await client.ask<object>(
      "node",
      { id: of.group.bundled },
      `... on SectorGroup { roster memberships { id } coordinators { displayName } agreements { title inForce {
         signatures { organization { id } } unsigned { id } } versions { number } } }`,
    );
    const preview = await of.as.acme.ask<Record<string, unknown>>(
      "audiencePreview",
      {
        input: {
          itemId: id,
          groupIds: [of.group.bundled],
          fromGroupId: of.group.power,
          tlp: "GREEN",
        },
      },
      "organizationCount accountCount organizations { id } warnings",
    );
    const seen = await of.as.acme.ask<object>(
      "indicator",
      { id },
      "sightingCount audienceHistory { organizations { id } group { id } }",
    );
    const disclosures = await of.as.acme.ask<object>(
      "disclosures",
      { itemId: id },
      "totalCount nodes { organization { id } sector path channel firstAt lastAt count }",
    );
    return { group, preview, seen, disclosures };
  };

  test("by roster, signatures, preview, history or disclosures: three, four and five answer alike", async () => {
    const own = await build();
    // The item is above GREEN at home, so that each reading stands in the ledger.
    const id = await makeIndicator(own.as.acme, "192.0.2.235", { tlp: "AMBER" });
    const released = { groupIds: [own.group.bundled], fromGroupId: own.group.power, tlp: "GREEN" };
    await release(own.as.acme, id, released);
    const read = async (...members: (keyof typeof own.as)[]) => {
      for (const member of members) await own.as[member].ask("indicator", { id });
    };
    await read("one", "two", "three", "four");
    const four = await answers(own, id, own.as.acme);
    const membership = { id: own.membership["four bundled"], reason: "Left the association" };
    await own.as.lead.do("endMembership", membership);
    const three = await answers(own, id, own.as.acme);
    await join(own, "four", "bundled");
    await own.as.four.do("signAgreement", { versionId: own.versions[2] });
    await join(own, "five", "bundled");
    await own.as.five.do("signAgreement", { versionId: own.versions[2] });
    await read("one", "one", "two");
    const five = await answers(own, id, own.as.acme);
    expect(three).toEqual(four);
    expect(five).toEqual(four);
    expect(four.group).toMatchObject({ roster: "HIDDEN", memberships: [] });
    expect(four.preview).toMatchObject({ organizationCount: 5, organizations: [] });
    expect(four.seen).toMatchObject({ audienceHistory: [{ organizations: [] }] });
    expect(four.disclosures).toMatchObject({
      totalCount: 1,
      nodes: [{ organization: null, sector: "bundled", count: 1 }],
    });
    // The body, which admits them, knows them; a member of it knows itself.
    const rosterOf = async (client: Client) =>
      (
        await client.ask<{ memberships: object[] }>(
          "node",
          { id: own.group.bundled },
          "... on SectorGroup { memberships { id } }",
        )
      ).memberships.length;
    expect(await rosterOf(own.as.lead)).toBe(5);
    expect(await rosterOf(own.as.body)).toBe(0);
    expect(await rosterOf(own.as.one)).toBe(1);
  });

  test("nor by alerts: who joins, signs, reads or leaves is heard by its coordinators alone", async () => {
    const own = await build();
    const live = await hub.subscribeAll([own.as.acme, own.as.beta, own.as.one, own.as.body]);
    const cursors = live.map((s) => s.cursor);
    await join(own, "five", "bundled");
    await own.as.five.do("signAgreement", { versionId: own.versions[2] });
    const membership = { id: own.membership["two bundled"], reason: "Left the association" };
    await own.as.two.do("endMembership", membership);
    // The body hears of what its coordinator is in charge of, in that account alone.
    expect(await hub.restOf(live)).toEqual([[], [], [], []]);
    for (const [i, client] of [own.as.acme, own.as.beta, own.as.one, own.as.body].entries())
      expect(await replay(client, cursors[i])).toEqual([]);
    const heard = (await replay(own.as.lead)).map((a) => a.type);
    expect(heard).toContain("MEMBERSHIP_CHANGED");
  });

  test("nor how many clients it has, by the number of accounts that a release would reach", async () => {
    const own = await build();
    const id = await makeIncident(own.as.acme, { tlp: "AMBER" });
    const counts = (tlp: string) =>
      own.as.acme.ask<{ accountCount: number }>(
        "audiencePreview",
        { input: { itemId: id, groupIds: [own.group.power], fromGroupId: own.group.power, tlp } },
        "accountCount organizationCount",
      );
    // beta, body and its lead; the two clients are too few to be told.
    const employees = { accountCount: 3, organizationCount: 2 };
    expect(await counts("AMBER_STRICT")).toEqual(employees);
    expect(await counts("AMBER")).toEqual(employees);
    for (const n of [3, 4]) {
      await hub.operator.do("createAccount", {
        input: {
          organizationId: own.org.body,
          email: `client${n}@example.jp`,
          displayName: "Client",
          roles: ["READER"],
          affiliation: "CLIENT",
        },
      });
      expect(await counts("AMBER")).toEqual({ accountCount: 8, organizationCount: 2 });
    }
    // A client that is named is counted: who names it knows it.
    const named = { itemId: id, accountIds: [own.account.client1], tlp: "AMBER" };
    expect(
      await own.as.acme.ask("audiencePreview", { input: named }, "accountCount organizationCount"),
    ).toEqual({ accountCount: 1, organizationCount: 1 });
  });
});
