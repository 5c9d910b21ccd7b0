import type { Arguments } from "../support/client";
import { HOUR, makeAccount, startTestHub, type TestHub } from "../support/hub";
import { buildWorld, makeIncident, makeIndicator } from "../support/world";

/** Why a release is refused: each reason stands at the field that it is about, and nothing is written. */
let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta", "loner", "twice"],
    groups: {
      power: { members: ["acme", "beta", "twice"] },
      water: { members: ["beta", "twice"] },
      strict: { members: ["beta"] },
      unsigned: { members: ["beta"] },
      later: { members: ["beta"] },
    },
    agreements: [
      { from: "power", to: "power" },
      {
        from: "power",
        to: "strict",
        terms: { kinds: ["INDICATOR"], tlpCeiling: "GREEN", papCeiling: "GREEN" },
      },
      { from: "power", to: "unsigned", signedBy: ["beta"] },
      { from: "power", to: "later", effectiveFrom: hub.clock.in(HOUR) },
    ],
  });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
});
afterAll(() => hub.stop());

const NEVER = "00000000-0000-4000-8000-000000000000";
const refused = async (
  input: Arguments,
  item: Arguments = {},
  client = w.as.acme,
): Promise<Record<string, string>> => {
  const itemId = await makeIncident(client, item);
  const refusal = await client.refused("releaseItem", {
    input: { itemId, tlp: "AMBER", ...input },
  });
  expect(refusal.code).toBe("BAD_USER_INPUT");
  expect(await client.ask("incident", { id: itemId }, "state releases { id }")).toEqual({
    state: "DRAFT",
    releases: [],
  });
  return refusal.issues;
};

describe("the audience", () => {
  test("must name somebody", async () => {
    expect(Object.keys(await refused({}))).toEqual(["input"]);
    const nobody = { groupIds: [], organizationIds: [], accountIds: [], toEveryone: false };
    expect(Object.keys(await refused(nobody))).toEqual(["input"]);
    const nulls = { groupIds: null, organizationIds: null, accountIds: null, toEveryone: null };
    expect(Object.keys(await refused(nulls))).toEqual(["input"]);
  });

  test.each([
    ["a group", () => ({ groupIds: [w.group.power] })],
    ["an organization", () => ({ organizationIds: [w.org.beta] })],
    ["everyone", () => ({ toEveryone: true })],
  ])("of a TLP:RED release is not %s", async (_, audience) => {
    expect(Object.keys(await refused({ ...audience(), tlp: "RED" }))).toContain("input.tlp");
  });

  test.each(["GREEN", "AMBER", "AMBER_STRICT"])(
    "of a TLP:%s release is not everyone",
    async (tlp) => {
      expect(Object.keys(await refused({ toEveryone: true, tlp }))).toEqual(["input.tlp"]);
    },
  );

  test("must exist", async () => {
    expect(
      Object.keys(
        await refused({
          groupIds: [w.group.power, `group_${NEVER}`],
          organizationIds: [`organization_${NEVER}`],
          accountIds: ["nonsense"],
        }),
      ).toSorted(),
    ).toEqual(["input.accountIds.0", "input.groupIds.1", "input.organizationIds.0"]);
  });

  test("is no account that is disabled", async () => {
    const { accountId } = await makeAccount(hub, { organizationId: w.org.beta, roles: ["MEMBER"] });
    await hub.operator.do("disableAccount", { id: accountId });
    expect(Object.keys(await refused({ accountIds: [accountId] }))).toEqual(["input.accountIds.0"]);
  });
});

describe("the agreement", () => {
  test("must be there", async () => {
    const issues = await refused({ fromGroupId: w.group.power, groupIds: [w.group.water] });
    expect(issues).toEqual({ "input.groupIds.0": expect.stringMatching(/no agreement/) });
  });

  test("must be in force by now", async () => {
    const issues = await refused({ groupIds: [w.group.later] });
    expect(issues).toEqual({ "input.groupIds.0": expect.stringMatching(/in force/) });
  });

  test("must be signed by the owner", async () => {
    const issues = await refused({ groupIds: [w.group.unsigned] });
    expect(issues).toEqual({ "input.groupIds.0": expect.stringMatching(/sign/) });
  });

  test("must cover kind, TLP and PAP, and each that it does not is named", async () => {
    const itemId = await makeIncident(w.as.acme, { pap: "AMBER" });
    const { code, message } = await w.as.acme.refused("releaseItem", {
      input: { itemId, groupIds: [w.group.strict], tlp: "AMBER" },
    });
    expect(code).toBe("BAD_USER_INPUT");
    expect(message).toMatch(/kind/);
    expect(message).toMatch(/TLP/);
    expect(message).toMatch(/PAP/);
  });

  test("that covers everything lets it pass", async () => {
    const itemId = await makeIndicator(w.as.acme, "198.51.100.5", { tlp: "AMBER", pap: "GREEN" });
    expect(
      await w.as.acme.do(
        "releaseItem",
        { input: { itemId, groupIds: [w.group.strict], tlp: "GREEN" } },
        "state",
      ),
    ).toEqual({ state: "RELEASED" });
  });

  test("of one audience among several that fails refuses the whole", async () => {
    const issues = await refused({ groupIds: [w.group.power, w.group.water, w.group.unsigned] });
    expect(Object.keys(issues).toSorted()).toEqual(["input.groupIds.1", "input.groupIds.2"]);
  });
});

describe("the origin group", () => {
  test("must be one in which the owner is an active member", async () => {
    const to = { groupIds: [w.group.power] };
    for (const fromGroupId of [w.group.water, `group_${NEVER}`, "nonsense"])
      expect(Object.keys(await refused({ ...to, fromGroupId }))).toContain("input.fromGroupId");
  });

  test("that is not the owner's does not tell which agreements there are from it", async () => {
    const other = await buildWorld(hub, {
      organizations: ["delta"],
      groups: { gas: { members: ["delta"] }, rail: { members: ["delta"] } },
      agreements: [{ from: "gas", to: "rail" }],
    });
    const { gas, rail } = other.group;
    const agreed = await refused({ fromGroupId: gas, groupIds: [rail] });
    expect(agreed).toEqual(await refused({ fromGroupId: rail, groupIds: [gas] }));
    expect(Object.keys(agreed)).toEqual(["input.fromGroupId"]);
  });

  test("may be omitted, or null, where there is only one", async () => {
    for (const from of [{}, { fromGroupId: null }]) {
      const itemId = await makeIncident(w.as.acme);
      const made = await w.as.acme.do(
        "releaseItem",
        { input: { itemId, tlp: "AMBER", groupIds: [w.group.power], ...from } },
        "state fromGroup { id }",
      );
      expect(made).toEqual({ state: "RELEASED", fromGroup: { id: w.group.power } });
    }
  });

  test("is required where there are several, and there must be one for groups at all", async () => {
    const to = { groupIds: [w.group.power] };
    expect(Object.keys(await refused(to, {}, w.as.twice))).toEqual(["input.fromGroupId"]);
    expect(Object.keys(await refused(to, {}, w.as.loner))).toEqual(["input.fromGroupId"]);
  });

  test("is not asked of a bilateral release", async () => {
    for (const client of [w.as.loner, w.as.twice]) {
      const itemId = await makeIncident(client);
      const made = await client.do(
        "releaseItem",
        { input: { itemId, tlp: "AMBER", organizationIds: [w.org.beta] } },
        "state",
      );
      expect(made).toEqual({ state: "RELEASED" });
    }
  });

  test("is no longer one in which the owner was suspended", async () => {
    const own = await buildWorld(hub, {
      organizations: ["acme"],
      groups: { power: { members: ["acme"] } },
      agreements: [{ from: "power", to: "power" }],
    });
    const id = own.membership["acme power"];
    await hub.operator.do("suspendMembership", { id, reason: "x" });
    const to = { groupIds: [own.group.power], fromGroupId: own.group.power };
    expect(Object.keys(await refused(to, {}, own.as.acme))).toContain("input.fromGroupId");
  });
});

describe("the rest", () => {
  const to = () => ({ groupIds: [w.group.power] });

  test.each([
    ["input.withheldFields.0", { withheldFields: ["everything"] }],
    ["input.withheldFields.1", { withheldFields: ["damage", "tlp"] }],
    ["input.title", { title: "x".repeat(501) }],
    ["input.summary", { summary: "x".repeat(100_001) }],
    ["input.description", { description: "a\u0007b" }],
    ["input.expiresAt", { expiresAt: "2020-01-01T00:00:00Z" }],
  ])("%s is checked", async (path, input) => {
    expect(Object.keys(await refused({ ...to(), ...input }))).toEqual([path]);
  });

  test("expiresAt now is too early, a moment later is not", async () => {
    expect(Object.keys(await refused({ ...to(), expiresAt: hub.clock.in(0) }))).toEqual([
      "input.expiresAt",
    ]);
    const itemId = await makeIncident(w.as.acme);
    const input = { ...to(), itemId, tlp: "AMBER", expiresAt: hub.clock.in(HOUR) };
    expect(await w.as.acme.do("releaseItem", { input }, "state")).toEqual({ state: "RELEASED" });
  });

  test("everything that is wrong is named at once", async () => {
    const issues = await refused({
      groupIds: [w.group.power, w.group.water],
      organizationIds: [`organization_${NEVER}`],
      withheldFields: ["nothing"],
      expiresAt: "2020-01-01T00:00:00Z",
      title: "x".repeat(501),
    });
    expect(Object.keys(issues).toSorted()).toEqual([
      "input.expiresAt",
      "input.groupIds.1",
      "input.organizationIds.0",
      "input.title",
      "input.withheldFields.0",
    ]);
  });

  test("what is not the viewer's is NOT_FOUND, hidden or missing", async () => {
    const hidden = await makeIncident(w.as.beta);
    const answer = (itemId: string) =>
      w.as.acme.refused("releaseItem", { input: { itemId, ...to(), tlp: "AMBER" } });
    const first = await answer(hidden);
    expect(first.code).toBe("NOT_FOUND");
    for (const id of [
      `incident_${NEVER}`,
      `indicator_${hidden.slice(9)}`,
      hidden.slice(9),
      "",
      w.group.power,
    ])
      expect(await answer(id)).toEqual(first);
  });
});
