import type { Arguments } from "../support/client";
import { HOUR, startTestHub, type TestHub } from "../support/hub";
import { buildWorld, makeIncident, release } from "../support/world";

/** audiencePreview and sharingDecision: the same policy, asked before and explained after. */
let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta", "gamma", "delta", "outside"],
    accounts: {
      mssp: { of: "beta", roles: ["MEMBER"], affiliation: "CONTRACTOR" },
      reader: { of: "beta", roles: ["READER"] },
      coordinator: { of: "gamma", roles: ["READER"] },
      elsewhere: { of: "outside", roles: ["READER"] },
    },
    groups: {
      power: { members: ["acme", "beta", "gamma"], coordinators: ["coordinator", "elsewhere"] },
      hidden: { members: ["acme", "beta", "delta"], roster: "HIDDEN" },
    },
    agreements: [
      { from: "power", to: "power" },
      { from: "hidden", to: "hidden" },
    ],
  });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
});
afterAll(() => hub.stop());

const power = () => ({ fromGroupId: w.group.power, groupIds: [w.group.power] });
const NEVER = "incident_00000000-0000-4000-8000-000000000000";

describe("audiencePreview", () => {
  interface Preview {
    organizationCount: number;
    accountCount: number;
    organizations: { id: string }[];
    groups: { id: string }[];
    warnings: string[];
  }
  const preview = async (input: Arguments, client = w.as.acme): Promise<Preview> => {
    const itemId = (input.itemId as string | undefined) ?? (await makeIncident(w.as.acme));
    return client.ask<Preview>(
      "audiencePreview",
      { input: { tlp: "AMBER", ...input, itemId } },
      "organizationCount accountCount organizations { id } groups { id } warnings",
    );
  };

  test("names exactly those whom the release would reach, the owner left out", async () => {
    const amber = await preview(power());
    expect(amber).toMatchObject({ organizationCount: 2, groups: [{ id: w.group.power }] });
    expect(amber.organizations.map((o) => o.id).toSorted()).toEqual(
      [w.org.beta, w.org.gamma].toSorted(),
    );
    // beta, mssp, reader; gamma, coordinator.
    expect(amber.accountCount).toBe(5);
    const strict = await preview({ ...power(), tlp: "AMBER_STRICT" });
    expect(strict).toMatchObject({ organizationCount: 2, accountCount: 4 });
  });

  test("counts who is named, once", async () => {
    expect(await preview({ organizationIds: [w.org.outside] })).toMatchObject({
      organizationCount: 1,
      accountCount: 2,
      organizations: [{ id: w.org.outside }],
      groups: [],
    });
    expect(await preview({ accountIds: [w.account.beta], tlp: "RED" })).toMatchObject({
      organizationCount: 1,
      accountCount: 1,
    });
    expect(await preview({ ...power(), organizationIds: [w.org.beta] })).toMatchObject({
      organizationCount: 2,
      accountCount: 5,
    });
  });

  test("of a HIDDEN group lists nobody, and tells no exact count", async () => {
    const seen = await preview({ fromGroupId: w.group.hidden, groupIds: [w.group.hidden] });
    expect(seen.organizations).toEqual([]);
    expect(seen.groups).toEqual([{ id: w.group.hidden }]);
    expect(seen.organizationCount).not.toBe(2);
    expect(seen.accountCount).not.toBe(4);
    expect(seen.accountCount % 5).toBe(0);
  });

  test("of a HIDDEN group warns of nothing that depends on its members", async () => {
    const before = await preview({ fromGroupId: w.group.hidden, groupIds: [w.group.hidden] });
    // That the owner never used this audience is no news of its members.
    expect(before.warnings.filter((w) => !/never released/.test(w))).toEqual([]);
  });

  test("warns of the owner's name and of an address in the wording", async () => {
    const { name } = await w.as.acme.ask<{ name: string }>(
      "node",
      { id: w.org.acme },
      "... on Organization { name }",
    );
    const { warnings } = await preview({ ...power(), title: `Seen at ${name}` });
    expect(warnings.join(" ")).toMatch(/owner/);
    const mail = await preview({ ...power(), summary: "Ask taro@acme.example" });
    expect(mail.warnings.join(" ")).toMatch(/e-mail/);
    const plain = (await preview(power())).warnings;
    expect(plain.filter((w) => !/never released/.test(w))).toEqual([]);
  });

  test("is refused as the release itself would be", async () => {
    const itemId = await makeIncident(w.as.acme);
    const input = { ...power(), itemId, tlp: "RED", withheldFields: ["x"] };
    expect(await w.as.acme.refused("audiencePreview", { input })).toEqual(
      await w.as.acme.refused("releaseItem", { input }),
    );
  });

  test("of a hidden item is NOT_FOUND as of an id that never was; of a visible one it is refused", async () => {
    const itemId = await makeIncident(w.as.acme);
    const ask = (id: string) =>
      w.as.beta.refused("audiencePreview", { input: { ...power(), itemId: id, tlp: "AMBER" } });
    expect(await ask(itemId)).toEqual(await ask(NEVER));
    expect((await ask(NEVER)).code).toBe("NOT_FOUND");
    await release(w.as.acme, itemId, power());
    expect((await ask(itemId)).code).toMatch(/FORBIDDEN|NOT_FOUND/);
  });

  test("writes nothing and alerts nobody", async () => {
    const live = await hub.subscribe(w.as.beta);
    const itemId = await makeIncident(w.as.acme);
    await preview({ ...power(), itemId });
    expect(await w.as.acme.ask("incident", { id: itemId }, "state releases { id }")).toEqual({
      state: "DRAFT",
      releases: [],
    });
    expect(await live.rest()).toEqual([]);
  });
});

describe("sharingDecision", () => {
  interface Decision {
    visible: boolean;
    fields: string[];
    paths: {
      kind: string;
      holds: boolean;
      conditions: { condition: string; holds: boolean; detail: string | null }[];
    }[];
  }
  const decide = (args: Arguments, client = w.as.acme): Promise<Decision> =>
    client.ask<Decision>(
      "sharingDecision",
      args,
      "visible fields paths { kind holds conditions { condition holds detail } }",
    );

  test("says who would see it, which fields, and by which path", async () => {
    const itemId = await makeIncident(w.as.acme);
    await release(w.as.acme, itemId, power());
    const yes = await decide({ itemId, organizationId: w.org.beta });
    expect(yes.visible).toBe(true);
    expect(yes.fields).toEqual(expect.arrayContaining(["title", "category"]));
    expect(yes.fields).not.toContain("victim");
    expect(yes.paths.filter((p) => p.holds).map((p) => p.kind)).toEqual(["AGREEMENT"]);
    const no = await decide({ itemId, organizationId: w.org.outside });
    expect(no).toMatchObject({ visible: false, fields: [] });
    expect(no.paths.some((p) => p.holds)).toBe(false);
    const failed = no.paths.flatMap((p) => p.conditions).filter((c) => !c.holds);
    expect(failed.length).toBeGreaterThan(0);
  });

  test("holds for a path exactly where all its conditions do", async () => {
    const itemId = await makeIncident(w.as.acme);
    await release(w.as.acme, itemId, power());
    for (const organizationId of Object.values(w.org)) {
      const { paths, visible } = await decide({ itemId, organizationId });
      for (const path of paths) expect(path.holds).toBe(path.conditions.every((c) => c.holds));
      expect(visible).toBe(paths.some((p) => p.holds));
    }
  });

  test("tells accounts of one organization apart, as reading does", async () => {
    const itemId = await makeIncident(w.as.acme, { tlp: "AMBER_STRICT" });
    await release(w.as.acme, itemId, { ...power(), tlp: "AMBER_STRICT" });
    for (const name of ["beta", "mssp", "reader", "gamma", "outside"] as const) {
      const { visible } = await decide({ itemId, accountId: w.account[name] });
      const reads = (await w.as[name].ask("incident", { id: itemId })) !== null;
      expect([name, visible]).toEqual([name, reads]);
    }
  });

  test("answers for any moment of the past", async () => {
    const itemId = await makeIncident(w.as.acme);
    const moment = async (): Promise<string> => {
      hub.clock.advance(HOUR);
      const at = hub.clock.in(0);
      hub.clock.advance(HOUR);
      return at;
    };
    const before = await moment();
    const id = await release(w.as.acme, itemId, power());
    const during = await moment();
    await w.as.acme.do("withdrawRelease", { id, reason: "x" });
    const after = await moment();
    const at = async (when: string) =>
      (await decide({ itemId, organizationId: w.org.beta, at: when })).visible;
    expect([await at(before), await at(during), await at(after)]).toEqual([false, true, false]);
    expect((await decide({ itemId, organizationId: w.org.beta, at: null })).visible).toBe(false);
  });

  test("says of a disabled account that it sees nothing, and of any moment before that it did", async () => {
    const own = await build();
    const itemId = await makeIncident(own.as.acme);
    await release(own.as.acme, itemId, {
      fromGroupId: own.group.power,
      groupIds: [own.group.power],
    });
    const accountId = own.account.reader;
    hub.clock.advance(HOUR);
    const before = hub.clock.in(0);
    hub.clock.advance(HOUR);
    await own.as.beta.do("disableAccount", { id: accountId });
    const asked = await decide({ itemId, accountId, at: before }, own.as.acme);
    expect(asked.visible).toBe(true);
    const disabled = await decide({ itemId, accountId }, own.as.acme);
    expect(disabled).toMatchObject({ visible: false, fields: [] });
    expect(disabled.paths.some((p) => p.holds)).toBe(false);
    const inUse = ({ paths }: Decision) =>
      paths[0]?.conditions.find((c) => c.condition === "the viewer's account is in use");
    // When it was disabled is for its own organization and the operator.
    expect(inUse(disabled)).toMatchObject({ holds: false, detail: null });
    await own.as.acme.do("submitItem", { id: itemId });
    expect(inUse(await decide({ itemId, accountId }, hub.operator))).toMatchObject({
      holds: false,
      detail: expect.stringContaining("disabled 2026"),
    });
    await own.as.beta.do("enableAccount", { id: accountId });
    expect((await decide({ itemId, accountId }, own.as.acme)).visible).toBe(true);
  });

  test("gives the owner no detail of a membership that it could not read itself", async () => {
    const itemId = await makeIncident(w.as.acme);
    await release(w.as.acme, itemId, { fromGroupId: w.group.hidden, groupIds: [w.group.hidden] });
    const ask = async (client: typeof hub.operator) => {
      const { paths } = await decide({ itemId, organizationId: w.org.delta }, client);
      const agreement = paths.find((p) => p.kind === "AGREEMENT");
      return agreement?.conditions.filter((c) => c.detail?.includes("ACTIVE since")).length;
    };
    expect(await ask(w.as.acme)).toBe(0);
    await w.as.acme.do("submitItem", { id: itemId });
    expect(await ask(hub.operator)).toBe(1);
  });

  test("asks for an organization or an account, not both and not neither", async () => {
    const itemId = await makeIncident(w.as.acme);
    expect(await w.as.acme.code("sharingDecision", { itemId })).toBe("BAD_USER_INPUT");
    const both = { itemId, organizationId: w.org.beta, accountId: w.account.beta };
    expect(await w.as.acme.code("sharingDecision", both)).toBe("BAD_USER_INPUT");
  });

  test("is for the owner, the operator and, of what its organization sees, a coordinator of the group", async () => {
    const itemId = await makeIncident(w.as.acme);
    await release(w.as.acme, itemId, power());
    const args = { itemId, organizationId: w.org.beta };
    expect((await decide(args, w.as.coordinator)).visible).toBe(true);
    for (const name of ["beta", "gamma", "outside", "elsewhere"] as const)
      expect([name, await w.as[name].code("sharingDecision", args)]).toEqual([name, "NOT_FOUND"]);
    expect(await w.as.beta.refused("sharingDecision", args)).toEqual(
      await w.as.beta.refused("sharingDecision", { ...args, itemId: NEVER }),
    );
    await w.as.acme.do("submitItem", { id: itemId });
    expect((await decide(args, hub.operator)).visible).toBe(true);
  });
});
