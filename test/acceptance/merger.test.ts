import { replay } from "../support/alerts";
import type { Client } from "../support/client";
import { allDoors, doors, type Sought } from "../support/doors";
import { makeAccount, MINUTE, startTestHub, type TestHub } from "../support/hub";
import { buildWorld, makeIncident, makeIndicator, propose, release } from "../support/world";

/** Acceptance case 21: a member is renamed, or merges into another. */
let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(() => hub.stop());

const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta", "gamma"],
    accounts: {
      acmePerson: { of: "acme", roles: ["MEMBER"] },
      acmeLead: { of: "acme", roles: ["MEMBER"] },
      betaLead: { of: "beta", roles: ["MEMBER"] },
    },
    groups: { power: { members: ["acme", "beta", "gamma"] }, water: { members: ["acme"] } },
    agreements: [
      { from: "power", to: "power", terms: { attribution: "NAMED" } },
      { from: "power", to: "water", terms: { attribution: "NAMED" } },
    ],
  });
type World = Awaited<ReturnType<typeof build>>;

const merge = (w: World, reason = "Merged on 1 April") =>
  hub.operator.do<{ successor: { id: string }; mergedAt: string }>(
    "mergeOrganization",
    { id: w.org.acme, intoId: w.org.beta, reason },
    "id successor { id } mergedAt",
  );
const organization = (client: Client, id: string) =>
  client.ask<Record<string, unknown>>(
    "node",
    { id },
    "... on Organization { name nameJa formerNames sectors country successor { id } mergedAt }",
  );
interface Act {
  act: string;
  subject: string;
  before: object | null;
  after: object | null;
}
const actsOf = async (client: Client, act: string): Promise<Act[]> => {
  const all: Act[] = [];
  for (let after: string | null = null, more = true; more;) {
    const page: { nodes: Act[]; pageInfo: { endCursor: string; hasNextPage: boolean } } =
      await client.ask(
        "auditLog",
        { first: 100, after },
        "nodes { act subject before after } pageInfo { endCursor hasNextPage }",
      );
    all.push(...page.nodes);
    ({ endCursor: after, hasNextPage: more } = page.pageInfo);
  }
  return all.filter((a) => a.act === act);
};

describe("case 21: a member is renamed", () => {
  const input = (name: string) => ({
    name,
    nameJa: "新電力株式会社",
    sectors: ["electricity"],
    country: "JP",
  });

  test("its ids, rights, items and STIX identity stay; it is shown under the new name and found under the old", async () => {
    const w = await build();
    const name = `Renamed ${w.org.acme.slice(-6)}`;
    const { name: old } = await organization(hub.operator, w.org.acme);
    const value = "192.0.2.21";
    const id = await makeIndicator(w.as.acme, value, { attribution: "NAMED" });
    const to = { fromGroupId: w.group.power, groupIds: [w.group.power], withheldFields: [] };
    await release(w.as.acme, id, to);
    const item: Sought = { kind: "indicator", id, value };
    const selection = "stixId source { attribution organization { id name } }";
    const before = await w.as.beta.ask<{ stixId: string }>("indicator", { id }, selection);
    await hub.operator.do("updateOrganization", { id: w.org.acme, input: input(name) });
    expect(await organization(w.as.beta, w.org.acme)).toEqual({
      ...input(name),
      formerNames: [old],
      successor: null,
      mergedAt: null,
    });
    expect(await w.as.beta.ask("indicator", { id }, selection)).toEqual({
      ...before,
      source: { attribution: "NAMED", organization: { id: w.org.acme, name } },
    });
    expect(await doors(w.as.gamma, item)).toEqual(allDoors(item));
    expect(await w.as.acme.ask("viewer", {}, "organization { id }")).toEqual({
      organization: { id: w.org.acme },
    });
    for (const text of [old, name, "新電力"]) {
      expect(await w.as.gamma.ask("organizations", { text })).toContainEqual({ id: w.org.acme });
    }
  });

  test("what it was called stands in the audit log, to its own ORG_ADMIN too; a name borne again is no former one", async () => {
    const w = await build();
    const { name: first } = await organization(hub.operator, w.org.acme);
    const names = [`Second ${w.org.acme.slice(-6)}`, String(first)];
    for (const name of names) {
      await hub.operator.do("updateOrganization", {
        id: w.org.acme,
        input: { name, sectors: [] },
      });
    }
    expect(await organization(hub.operator, w.org.acme)).toMatchObject({
      name: first,
      formerNames: [names[0]],
      nameJa: null,
      country: null,
    });
    expect(await actsOf(w.as.acme, "updateOrganization")).toMatchObject([
      { subject: w.org.acme, before: { name: first }, after: { name: names[0] } },
      { subject: w.org.acme, before: { name: names[0] }, after: { name: first } },
    ]);
    expect(await actsOf(w.as.beta, "updateOrganization")).toEqual([]);
  });

  test("its former name in the wording is found like its present one", async () => {
    const w = await build();
    const { name: old } = await organization(hub.operator, w.org.acme);
    await hub.operator.do("updateOrganization", {
      id: w.org.acme,
      input: input(`Rebranded ${w.org.acme.slice(-6)}`),
    });
    const itemId = await makeIncident(w.as.acme);
    const { warnings } = await w.as.acme.ask<{ warnings: string[] }>(
      "audiencePreview",
      {
        input: {
          itemId,
          groupIds: [w.group.power],
          fromGroupId: w.group.power,
          tlp: "AMBER",
          title: `An intrusion at ${String(old)}`,
        },
      },
      "warnings",
    );
    expect(warnings).toContain("The wording contains the owner's name.");
  });

  test("only the operator's admin does it, to what exists, with a name that nobody bears", async () => {
    const w = await build();
    const args = { id: w.org.acme, input: input("Anything") };
    expect(await w.as.acme.code("updateOrganization", args)).toBe("FORBIDDEN");
    expect(await hub.anonymous.code("updateOrganization", args)).toBe("UNAUTHENTICATED");
    const never = "organization_00000000-0000-4000-8000-000000000000";
    expect(await hub.operator.code("updateOrganization", { ...args, id: never })).toBe("NOT_FOUND");
    const { name } = await organization(hub.operator, w.org.beta);
    const taken = { ...args, input: { name: String(name).toUpperCase(), sectors: [] } };
    expect(await hub.operator.code("updateOrganization", taken)).toBe("CONFLICT");
    const wrong = { ...args, input: { name: " ", sectors: [""], country: "Japan" } };
    const { issues } = await hub.operator.refused("updateOrganization", wrong);
    expect(Object.keys(issues).toSorted()).toEqual([
      "input.country",
      "input.name",
      "input.sectors.0",
    ]);
  });
});

describe("case 21: a member merges into another", () => {
  test("what the other firm could read is not opened to the successor, at no door", async () => {
    const w = await build();
    const redValue = "192.0.2.31";
    const red = await makeIndicator(w.as.acme, redValue, { tlp: "RED", name: "Red of acme" });
    const draft = await makeIncident(w.as.acme, { title: "Draft of acme", tlp: "AMBER_STRICT" });
    const named = await makeIncident(w.as.gamma, { title: "For one of acme", tlp: "RED" });
    await release(w.as.gamma, named, { accountIds: [w.account.acmePerson], tlp: "RED" });
    const bilateral = await makeIncident(w.as.gamma, { title: "For acme alone" });
    await release(w.as.gamma, bilateral, { organizationIds: [w.org.acme] });
    const inWater = await makeIncident(w.as.gamma, { title: "For water" });
    await release(w.as.gamma, inWater, { groupIds: [w.group.water] });
    const items: Sought[] = [
      { kind: "indicator", id: red, value: redValue, text: "Red of acme" },
      { kind: "incident", id: draft, text: "Draft of acme" },
      { kind: "incident", id: named, text: "For one of acme" },
      { kind: "incident", id: bilateral, text: "For acme alone" },
      { kind: "incident", id: inWater, text: "For water" },
    ];
    expect(await doors(w.as.acmePerson, items[2] as Sought)).toEqual(allDoors(items[2] as Sought));
    const live = await hub.subscribe(w.as.beta);
    await merge(w);
    const { key } = await makeAccount(hub, {
      organizationId: w.org.beta,
      roles: ["ORG_ADMIN", "PUBLISHER", "MEMBER"],
    });
    for (const client of [w.as.beta, hub.as(key)]) {
      for (const item of items) expect(await doors(client, item)).toEqual([]);
      expect(await client.ask("disclosures", {}, "totalCount")).toEqual({ totalCount: 0 });
      expect(await client.code("submitItem", { id: red })).toBe("NOT_FOUND");
    }
    expect((await live.rest()).flatMap((a) => a.itemId ?? [])).toEqual([]);
  });

  test("its people lose everything at once, and keep nothing by coming back; the group is told", async () => {
    const w = await build();
    const id = await makeIncident(w.as.gamma, { title: "Shared with power" });
    await release(w.as.gamma, id, { groupIds: [w.group.power] });
    await hub.operator.do("appointCoordinator", {
      groupId: w.group.power,
      accountId: w.account.betaLead,
    });
    const [member, coordinator] = await hub.subscribeAll([w.as.acme, w.as.betaLead]);
    const { cursor } = await w.as.acme
      .ask<{ nodes: { cursor: string }[] }>("alerts", { first: 1 }, "nodes { cursor }")
      .then(({ nodes }) => nodes[0] ?? { cursor: "" });
    const made = await merge(w);
    expect(made.successor).toEqual({ id: w.org.beta });
    expect(await member?.end()).toMatchObject({ closed: 4403 });
    for (const client of [w.as.acme, w.as.acmePerson, w.foreign.acme])
      expect(await client.code("viewer")).toBe("UNAUTHENTICATED");
    expect(await coordinator?.rest()).toMatchObject([
      { type: "MEMBERSHIP_CHANGED", subject: { id: w.membership["acme power"] } },
    ]);
    expect(
      await hub.operator.ask(
        "node",
        { id: w.membership["acme power"] },
        "... on Membership { state reason }",
      ),
    ).toEqual({ state: "ENDED", reason: "Merged on 1 April" });
    // The same person, with the same address, in the successor: what beta has, and the old cursor opens no more.
    const { id: accountId } = await hub.operator.do("createAccount", {
      input: {
        organizationId: w.org.beta,
        email: `moved${w.org.beta.slice(-6)}@example.jp`,
        displayName: "Moved",
        roles: ["MEMBER"],
      },
    });
    const { secret } = await hub.operator.do<{ secret: string }>(
      "createApiKey",
      { input: { accountId, name: "New" } },
      "secret",
    );
    const moved = hub.as(secret);
    expect(await moved.ask("incident", { id }, "title")).toEqual({ title: "Shared with power" });
    const seen = (await replay(moved, cursor)).flatMap((a) => a.itemId ?? []);
    expect(seen.filter((i) => i !== id)).toEqual([]);
  });

  test("its items stay its own and what it released stays released, until the operator withdraws it", async () => {
    const w = await build();
    const value = "192.0.2.32";
    const id = await makeIndicator(w.as.acme, value, { attribution: "NAMED" });
    const made = await release(w.as.acme, id, {
      fromGroupId: w.group.power,
      groupIds: [w.group.power],
      withheldFields: [],
    });
    const submitted = await makeIncident(w.as.acme, { title: "Under analysis" });
    await w.as.acme.do("submitIncident", { id: submitted });
    const to = { groupIds: [w.group.power], fromGroupId: w.group.power };
    const proposal = await propose(hub.operator, submitted, to);
    const item: Sought = { kind: "indicator", id, value };
    await merge(w);
    expect(await doors(w.as.gamma, item)).toEqual(allDoors(item));
    expect(
      await w.as.gamma.ask("indicator", { id }, "source { organization { id successor { id } } }"),
    ).toEqual({ source: { organization: { id: w.org.acme, successor: { id: w.org.beta } } } });
    // The successor does with them what any recipient may, and decides nothing.
    expect(await w.as.beta.code("withdrawRelease", { id: made, reason: "x" })).toBe("NOT_FOUND");
    expect(await w.as.beta.code("approveRelease", { id: proposal })).toBe("NOT_FOUND");
    expect(await hub.operator.code("approveRelease", { id: proposal })).toBe("FORBIDDEN");
    expect(await w.as.beta.ask("indicator", { id }, "releases { id }")).toEqual({ releases: [] });
    await hub.operator.do("withdrawRelease", { id: made, reason: "The source is no more" });
    expect(await doors(w.as.gamma, item)).toEqual([]);
  });

  test("of any instant before it is told who saw what and why, and of any after it that nobody is left", async () => {
    const w = await build();
    const id = await makeIncident(w.as.gamma, { title: "Asked about" });
    await release(w.as.gamma, id, { groupIds: [w.group.power] });
    const direct = await makeIncident(w.as.gamma, { title: "Asked about too" });
    await release(w.as.gamma, direct, { organizationIds: [w.org.acme] });
    hub.clock.advance(MINUTE);
    const before = hub.clock.in(0);
    hub.clock.advance(MINUTE);
    await merge(w);
    const decision = (itemId: string, of: object) =>
      w.as.gamma.ask<{ visible: boolean; fields: string[]; paths: { holds: boolean }[] }>(
        "sharingDecision",
        { itemId, ...of },
        "visible fields paths { kind holds conditions { condition holds detail } }",
      );
    for (const subject of [{ organizationId: w.org.acme }, { accountId: w.account.acmePerson }]) {
      for (const item of [id, direct]) {
        expect(await decision(item, { ...subject, at: before })).toMatchObject({ visible: true });
        const now = await decision(item, subject);
        expect(now).toMatchObject({ visible: false, fields: [] });
        expect(now.paths.some((p) => p.holds)).toBe(false);
      }
    }
    expect((await decision(direct, { organizationId: w.org.acme })).paths).toContainEqual(
      expect.objectContaining({
        kind: "BILATERAL",
        conditions: expect.arrayContaining([
          expect.objectContaining({
            condition: "the viewer's organization has not merged into another",
            holds: false,
          }),
        ]),
      }),
    );
  });

  test("nobody gets into it again: no account, no invitation, no release to it, no change of it", async () => {
    const w = await build();
    const itemId = await makeIncident(w.as.gamma);
    await merge(w);
    const made = {
      organizationId: w.org.acme,
      displayName: "X",
      roles: ["READER"],
      email: "x@y.jp",
    };
    expect(await hub.operator.code("createAccount", { input: made })).toBe("CONFLICT");
    expect(await hub.operator.code("enableAccount", { id: w.account.acme })).toBe("CONFLICT");
    const key = { accountId: w.account.acme, name: "X" };
    expect(await hub.operator.code("createApiKey", { input: key })).toBe("CONFLICT");
    const invited = { groupId: w.group.water, organizationId: w.org.acme };
    expect(await hub.operator.code("inviteMember", invited)).toBe("CONFLICT");
    const input = { itemId, tlp: "AMBER", organizationIds: [w.org.acme] };
    expect((await w.as.gamma.refused("releaseItem", { input })).issues).toEqual({
      "input.organizationIds.0": "has merged into another organization; name its successor",
    });
    const renamed = { id: w.org.acme, input: { name: "Back again", sectors: [] } };
    expect(await hub.operator.code("updateOrganization", renamed)).toBe("CONFLICT");
  });

  test("it is done once, by the operator's admin, with a reason, and in no circle", async () => {
    const w = await build();
    const args = (id: string, intoId: string, reason = "why") => ({ id, intoId, reason });
    const refused = (...of: Parameters<typeof args>) =>
      hub.operator.refused("mergeOrganization", args(...of));
    const { acme, beta, gamma } = w.org;
    expect(await w.as.acme.code("mergeOrganization", args(acme, beta))).toBe("FORBIDDEN");
    expect(await w.as.beta.code("mergeOrganization", args(acme, beta))).toBe("FORBIDDEN");
    expect((await refused(acme, acme)).issues).toEqual({ intoId: "is the organization itself" });
    expect(Object.keys((await refused(acme, hub.operatorId)).issues)).toEqual(["intoId"]);
    expect(Object.keys((await refused(hub.operatorId, acme)).issues)).toEqual(["id"]);
    expect(Object.keys((await refused(acme, beta, " ")).issues)).toEqual(["reason"]);
    const never = "organization_00000000-0000-4000-8000-000000000000";
    expect((await refused(never, acme)).code).toBe("NOT_FOUND");
    expect((await refused(acme, never)).code).toBe("NOT_FOUND");
    await merge(w);
    expect((await refused(acme, gamma)).code).toBe("CONFLICT");
    expect((await refused(beta, acme)).code).toBe("CONFLICT");
    await hub.operator.do("mergeOrganization", args(beta, gamma));
    expect(await organization(w.as.gamma, acme)).toMatchObject({ successor: { id: beta } });
    expect(await organization(w.as.gamma, beta)).toMatchObject({ successor: { id: gamma } });
    expect((await refused(gamma, acme)).code).toBe("CONFLICT");
    expect(await hub.anonymous.ask("node", { id: acme })).toBeNull();
    const [first] = await actsOf(hub.operator, "mergeOrganization").then((acts) =>
      acts.filter((a) => a.subject === acme),
    );
    expect(first).toMatchObject({
      before: { successorId: null },
      after: { mergeReason: "Merged on 1 April" },
    });
  });

  test("a group does not lose its last coordinator by it", async () => {
    const w = await build();
    const act = (field: string, account: string) =>
      hub.operator.do(field, { groupId: w.group.power, accountId: account });
    await act("appointCoordinator", w.account.acmeLead);
    await act("appointCoordinator", w.account.acmePerson);
    const args = { id: w.org.acme, intoId: w.org.beta, reason: "why" };
    const refusal = await hub.operator.refused("mergeOrganization", args);
    expect(refusal).toMatchObject({
      code: "CONFLICT",
      message: expect.stringMatching(/coordinators/),
    });
    // Nothing of it was done.
    expect(await w.as.acme.ask("viewer", {}, "grants { kind }")).toEqual({
      grants: [{ kind: "AGREEMENT" }, { kind: "AGREEMENT" }],
    });
    await act("appointCoordinator", w.account.betaLead);
    await merge(w);
  });
});
