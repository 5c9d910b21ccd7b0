import { replay } from "../support/alerts";
import type { Arguments, Client } from "../support/client";
import { allDoors, doors, type Sought } from "../support/doors";
import { startTestHub, type TestHub } from "../support/hub";
import { agree, buildWorld, makeIncident, makeIndicator, propose, release } from "../support/world";

/** Acceptance case 8: who lowers a label, and what raising one does. */
let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta", "gamma", "stranger"],
    accounts: {
      member: { of: "acme", roles: ["MEMBER"] },
      reader: { of: "acme", roles: ["READER"] },
      mssp: { of: "beta", roles: ["MEMBER"], affiliation: "CONTRACTOR" },
    },
    groups: {
      power: { members: ["acme", "beta"] },
      secret: { members: ["acme", "gamma"], roster: "HIDDEN" },
    },
    agreements: [
      { from: "power", to: "power", terms: { requiresApproval: false } },
      { from: "secret", to: "secret" },
    ],
  });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
});
afterAll(() => hub.stop());

const inPower = () => ({ groupIds: [w.group.power], fromGroupId: w.group.power });
const content = (title: string, marking: Arguments): Arguments => ({
  title,
  category: "malicious-code",
  ...marking,
});
const update = (id: string, title: string, marking: Arguments, client: Client = w.as.acme) =>
  client.do("updateIncident", { id, input: content(title, marking) });
const own = (id: string) => w.as.acme.ask<object>("incident", { id }, "tlp pap");
const acts = async (subject: string) => {
  const all: { act: string; subject: string; before: unknown; after: object }[] = [];
  for (let after: string | null = null, more = true; more;) {
    const page: { nodes: typeof all; pageInfo: { endCursor: string; hasNextPage: boolean } } =
      await w.as.acme.ask(
        "auditLog",
        { first: 100, after },
        "nodes { act subject before after account { id } } pageInfo { endCursor hasNextPage }",
      );
    all.push(...page.nodes);
    ({ endCursor: after, hasNextPage: more } = page.pageInfo);
  }
  return all.filter((a) => a.subject === subject);
};

describe("case 8: lowering a label", () => {
  test.each([
    ["a recipient", "beta", "FORBIDDEN"],
    ["a recipient's contractor", "mssp", "FORBIDDEN"],
    ["one who cannot see it", "stranger", "NOT_FOUND"],
    ["a reader of the owner", "reader", "FORBIDDEN"],
  ] as const)("is refused to %s, and changes nothing", async (_, who, code) => {
    const id = await makeIncident(w.as.acme, { title: "Amber", tlp: "AMBER", pap: "AMBER" });
    await release(w.as.acme, id, inPower());
    const lower = { id, input: content("Amber", { tlp: "GREEN", pap: "CLEAR" }) };
    expect(await w.as[who].code("updateIncident", lower)).toBe(code);
    const further = { itemId: id, tlp: "GREEN", ...inPower() };
    expect(await w.as[who].code("releaseItem", { input: further })).toBe(
      who === "beta" || who === "stranger" ? code : "FORBIDDEN",
    );
    expect(await own(id)).toEqual({ tlp: "AMBER", pap: "AMBER" });
  });

  test("an id that never was is refused to them in the same words", async () => {
    const hidden = await makeIncident(w.as.acme, { tlp: "AMBER" });
    const never = "incident_00000000-0000-4000-8000-000000000000";
    const lower = (id: string) =>
      w.as.stranger.refused("updateIncident", { id, input: content("x", { tlp: "GREEN" }) });
    expect(await lower(hidden)).toEqual(await lower(never));
  });

  test("is refused to the operator's analyst, whose proposal below it waits for the owner even where none needs approval", async () => {
    const id = await makeIncident(w.as.acme, { title: "Raw", tlp: "AMBER" });
    await w.as.acme.do("submitIncident", { id });
    const lower = { id, input: content("Raw", { tlp: "GREEN" }) };
    expect(await hub.operator.code("updateIncident", lower)).toBe("FORBIDDEN");
    const item: Sought = { kind: "incident", id, text: "Below" };
    const to = { ...inPower(), title: "Below" };
    const below = await propose(hub.operator, id, { ...to, tlp: "GREEN" });
    expect(await doors(w.as.beta, item)).toEqual([]);
    await w.as.acme.do("approveRelease", { id: below });
    expect(await w.as.beta.ask("incident", { id }, "tlp")).toEqual({ tlp: "GREEN" });
    // The permission is on record: what was proposed, what was approved, and by whom.
    expect(await acts(below)).toMatchObject([
      {
        act: "proposeRelease",
        before: null,
        after: { state: "PROPOSED", tlp: "GREEN", itemTlp: "AMBER" },
      },
      {
        act: "approveRelease",
        account: { id: w.account.acme },
        before: { state: "PROPOSED" },
        after: { state: "RELEASED", tlp: "GREEN", itemTlp: "AMBER" },
      },
    ]);
  });

  test("by the owner is on record with before and after, and opens no release further than it was", async () => {
    const id = await makeIncident(w.as.acme, { title: "Lowered", tlp: "AMBER_STRICT", pap: "RED" });
    await release(w.as.acme, id, { ...inPower(), tlp: "AMBER_STRICT" });
    const item: Sought = { kind: "incident", id, text: "Lowered" };
    const live = await hub.subscribe(w.as.mssp);
    await update(id, "Lowered", { tlp: "GREEN", pap: "CLEAR" }, w.as.member);
    expect((await acts(id)).at(-1)).toMatchObject({
      act: "updateIncident",
      account: { id: w.account.member },
      before: { tlp: "AMBER_STRICT", pap: "RED" },
      after: { tlp: "GREEN", pap: "CLEAR" },
    });
    expect(await w.as.beta.ask("incident", { id }, "tlp pap")).toEqual({
      tlp: "AMBER_STRICT",
      pap: "RED",
    });
    expect(await doors(w.as.mssp, item)).toEqual([]);
    expect(await live.rest()).toEqual([]);
    // Only a release of its own does.
    await release(w.as.acme, id, { ...inPower(), tlp: "GREEN" });
    expect(await doors(w.as.mssp, item)).toEqual(allDoors(item));
    expect(await w.as.beta.ask("incident", { id }, "tlp pap")).toEqual({
      tlp: "GREEN",
      pap: "CLEAR",
    });
  });

  test("a release below the item is on record as such", async () => {
    const id = await makeIncident(w.as.acme, { title: "Strict at home", tlp: "AMBER_STRICT" });
    const made = await release(w.as.acme, id, { ...inPower(), tlp: "GREEN" });
    expect(await acts(made)).toMatchObject([
      { act: "releaseItem", after: { tlp: "GREEN", itemTlp: "AMBER_STRICT" } },
    ]);
  });

  test("a PAP left out of the update stands in the record as the default that it then has", async () => {
    const id = await makeIncident(w.as.acme, { title: "Default", tlp: "AMBER", pap: "RED" });
    await update(id, "Default", { tlp: "AMBER", pap: null });
    expect((await acts(id)).at(-1)).toMatchObject({
      before: { pap: "RED" },
      after: { pap: "AMBER" },
    });
  });
});

describe("case 8: raising a label", () => {
  test("works at once at every door; who lost it is told, who kept it is shown the stricter one", async () => {
    const value = "192.0.2.81";
    const indicator = await makeIndicator(w.as.acme, value);
    const id = await makeIncident(w.as.acme, { title: "Raised", indicatorIds: [indicator] });
    await release(w.as.acme, id, inPower());
    await release(w.as.acme, indicator, inPower());
    const item: Sought = { kind: "incident", id, text: "Raised" };
    const [mssp, beta, stranger] = await hub.subscribeAll([w.as.mssp, w.as.beta, w.as.stranger]);
    expect(await doors(w.as.mssp, item)).toEqual(allDoors(item));
    const cursor = (await replay(w.as.mssp)).at(-1)?.cursor ?? null;
    await update(id, "Raised", { tlp: "AMBER_STRICT", pap: "RED", indicatorIds: [indicator] });
    expect(await doors(w.as.mssp, item)).toEqual([]);
    // Below it the indicator that it links to has a mark and a release of its own.
    expect(await w.as.mssp.ask("indicator", { id: indicator }, "tlp")).toEqual({ tlp: "AMBER" });
    const tombstone = { type: "ACCESS_ENDED", itemId: id, item: null, subject: null, count: 1 };
    expect(await mssp?.rest()).toEqual([expect.objectContaining(tombstone)]);
    expect(await replay(w.as.mssp, cursor)).toEqual([expect.objectContaining(tombstone)]);
    expect(await beta?.rest()).toMatchObject([
      { type: "ITEM_UPDATED", itemId: id, item: { tlp: "AMBER_STRICT" } },
    ]);
    expect(await stranger?.rest()).toEqual([]);
    expect(await w.as.beta.ask("incident", { id }, "tlp pap")).toEqual({
      tlp: "AMBER_STRICT",
      pap: "RED",
    });
    const filtered = (tlp: string) =>
      w.as.beta.ask("incidents", { filter: { text: "Raised", tlp: [tlp] } }, "totalCount");
    expect(await filtered("AMBER")).toEqual({ totalCount: 0 });
    expect(await filtered("AMBER_STRICT")).toEqual({ totalCount: 1 });
  });

  test("above an agreement's ceiling ends what was released under it, of TLP and of PAP", async () => {
    const narrow = await buildWorld(hub, {
      organizations: ["acme", "beta"],
      groups: { g: { members: ["acme", "beta"] } },
      agreements: [{ from: "g", to: "g", terms: { tlpCeiling: "AMBER", papCeiling: "AMBER" } }],
    });
    for (const marking of [
      { tlp: "AMBER_STRICT", pap: "GREEN" },
      { tlp: "AMBER", pap: "RED" },
    ]) {
      const title = `Ceiling ${marking.pap}`;
      const id = await makeIncident(narrow.as.acme, { title, tlp: "AMBER", pap: "GREEN" });
      await release(narrow.as.acme, id, { groupIds: [narrow.group.g] });
      const item: Sought = { kind: "incident", id, text: title };
      const live = await hub.subscribe(narrow.as.beta);
      expect(await doors(narrow.as.beta, item)).toEqual(allDoors(item));
      await update(id, title, marking, narrow.as.acme);
      expect(await doors(narrow.as.beta, item)).toEqual([]);
      expect(await live.rest()).toMatchObject([{ type: "ACCESS_ENDED", itemId: id, item: null }]);
    }
  });

  interface Period {
    releaseId: string;
    path: string;
    tlp: string;
    pap: string;
    from: string;
    until: string | null;
    group: { id: string } | null;
    organization: { id: string } | null;
    account: { id: string } | null;
    organizations: { id: string }[];
  }
  const history = async (id: string, client: Client = w.as.acme) =>
    (
      await client.ask<{ audienceHistory: Period[] }>(
        "incident",
        { id },
        `audienceHistory { releaseId path tlp pap from until group { id } organization { id } account { id }
           organizations { id } }`,
      )
    ).audienceHistory;

  test("the earlier audience is listed to the source: whom it was open to, at which mark, from when until when", async () => {
    const id = await makeIncident(w.as.acme, { title: "Listed", tlp: "GREEN", pap: "GREEN" });
    const wide = await release(w.as.acme, id, { ...inPower(), tlp: "GREEN" });
    const { releases } = await w.as.acme.ask<{ releases: { releasedAt: string }[] }>(
      "incident",
      { id },
      "releases { releasedAt }",
    );
    await update(id, "Listed", { tlp: "AMBER_STRICT", pap: "RED" });
    const { updatedAt } = await w.as.acme.ask<{ updatedAt: string }>(
      "incident",
      { id },
      "updatedAt",
    );
    const group = { id: w.group.power };
    const both = { releaseId: wide, path: "AGREEMENT", group, organizations: [{ id: w.org.beta }] };
    expect(await history(id)).toEqual([
      expect.objectContaining({
        ...both,
        tlp: "GREEN",
        pap: "GREEN",
        from: releases[0]?.releasedAt,
        until: updatedAt,
      }),
      expect.objectContaining({
        ...both,
        tlp: "AMBER_STRICT",
        pap: "RED",
        from: updatedAt,
        until: null,
      }),
    ]);
    // To RED: it reaches nobody of the group any more, and the list still says whom it reached.
    await update(id, "Listed", { tlp: "RED", pap: "RED" });
    expect((await history(id)).map((p) => [p.tlp, p.organizations])).toEqual([
      ["GREEN", [{ id: w.org.beta }]],
      ["AMBER_STRICT", [{ id: w.org.beta }]],
      ["RED", []],
    ]);
  });

  test("it lists organizations, persons and everybody as they were named, and of a HIDDEN group nobody", async () => {
    const id = await makeIncident(w.as.acme, { title: "Of every kind", tlp: "CLEAR" });
    await release(w.as.acme, id, { organizationIds: [w.org.beta], tlp: "GREEN" });
    await release(w.as.acme, id, { accountIds: [w.account.gamma], tlp: "RED" });
    await release(w.as.acme, id, { toEveryone: true, tlp: "CLEAR" });
    const hidden = { groupIds: [w.group.secret], fromGroupId: w.group.secret };
    const last = await release(w.as.acme, id, { ...hidden, tlp: "AMBER" });
    await w.as.acme.do("withdrawRelease", { id: last, reason: "A mistake" });
    const nothing = { group: null, organization: null, account: null };
    expect(await history(id)).toMatchObject([
      {
        ...nothing,
        path: "BILATERAL",
        organization: { id: w.org.beta },
        organizations: [{ id: w.org.beta }],
      },
      {
        ...nothing,
        path: "NAMED",
        account: { id: w.account.gamma },
        organizations: [{ id: w.org.gamma }],
      },
      { ...nothing, path: "PUBLIC", organizations: [], until: null },
      {
        ...nothing,
        path: "AGREEMENT",
        group: { id: w.group.secret },
        organizations: [],
        until: expect.any(String),
      },
    ]);
  });

  test("it is listed to the owner and the operator's analyst alone", async () => {
    const id = await makeIncident(w.as.acme, { title: "Whose list", tlp: "AMBER" });
    await release(w.as.acme, id, inPower());
    await w.as.acme.do("submitIncident", { id });
    expect(await history(id, w.as.beta)).toEqual([]);
    expect(await history(id, w.as.member)).toHaveLength(1);
    expect(await history(id, hub.operator)).toHaveLength(1);
    await update(id, "Whose list", { tlp: "RED" });
    // Of a RED item the operator has the envelope.
    expect(await history(id, hub.operator)).toEqual([]);
  });

  test("who had read it by then stays in the owner's disclosures", async () => {
    const id = await makeIncident(w.as.acme, { title: "Read before" });
    await release(w.as.acme, id, inPower());
    await w.as.mssp.ask("incident", { id }, "title");
    await update(id, "Read before", { tlp: "AMBER_STRICT" });
    expect(await w.as.mssp.ask("incident", { id })).toBeNull();
    const { nodes } = await w.as.acme.ask<{ nodes: object[] }>(
      "disclosures",
      { itemId: id },
      "nodes { organization { id } path channel count }",
    );
    expect(nodes).toContainEqual({
      organization: { id: w.org.beta },
      path: "AGREEMENT",
      channel: "query",
      count: 1,
    });
  });

  test("a suspended recipient is not among those whom it reaches now, and stays among those whom it reached", async () => {
    const id = await makeIncident(w.as.acme, { title: "Suspended since" });
    const made = await release(w.as.acme, id, inPower());
    const membership = { id: w.membership["beta power"] };
    await hub.operator.do("suspendMembership", { ...membership, reason: "Under inquiry" });
    expect((await history(id))[0]?.organizations).toEqual([]);
    await hub.operator.do("resumeMembership", membership);
    await w.as.acme.do("withdrawRelease", { id: made, reason: "Over" });
    await hub.operator.do("suspendMembership", { ...membership, reason: "Again" });
    expect((await history(id))[0]?.organizations).toEqual([{ id: w.org.beta }]);
    await hub.operator.do("resumeMembership", membership);
  });

  test("what is proposed meanwhile needs an approval that knows the raised mark and the agreement", async () => {
    const id = await makeIncident(w.as.acme, { title: "Proposed", tlp: "GREEN", pap: "GREEN" });
    await w.as.acme.do("submitIncident", { id });
    const proposal = await propose(hub.operator, id, {
      ...inPower(),
      tlp: "GREEN",
      withheldFields: [],
    });
    const terms = { papCeiling: "AMBER", requiresApproval: false };
    await agree(w, { from: "power", to: "power", terms, signedBy: ["acme", "beta"] });
    await update(id, "Proposed", { tlp: "GREEN", pap: "RED" });
    expect(await w.as.acme.code("approveRelease", { id: proposal })).toBe("BAD_USER_INPUT");
    await update(id, "Proposed", { tlp: "AMBER", pap: "AMBER" });
    await w.as.acme.do("approveRelease", { id: proposal });
    expect(await w.as.beta.ask("incident", { id }, "tlp pap")).toEqual({
      tlp: "GREEN",
      pap: "AMBER",
    });
  });
});
