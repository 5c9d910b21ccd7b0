import { startTestHub, type TestHub } from "../support/hub";
import { buildWorld } from "../support/world";

let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta", "gamma"],
    accounts: {
      lead: { of: "acme", roles: ["MEMBER"] },
      second: { of: "beta", roles: ["MEMBER"] },
    },
    groups: { power: { members: ["acme", "beta", "gamma"] } },
    agreements: [{ from: "power", to: "power", signedBy: ["acme"] }],
  });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
});
afterAll(() => hub.stop());

const act = (field: string, account: string, rest: object = {}) =>
  hub.operator.do<{ coordinators: { id: string }[] }>(
    field,
    { groupId: w.group.power, accountId: account, ...rest },
    "coordinators { id }",
  );
const unsigned = async (client = hub.operator) =>
  (
    await client.ask<{ unsigned: { id: string }[] }>(
      "node",
      { id: w.versions[0] },
      "... on AgreementVersion { unsigned { id } }",
    )
  ).unsigned
    .map((o) => o.id)
    .toSorted();

describe("coordinators", () => {
  test("are appointed and dismissed by the operator alone, and act at once", async () => {
    const suspend = { id: w.membership["gamma power"], reason: "late" };
    expect(await w.as.lead.code("suspendMembership", suspend)).toMatch(/FORBIDDEN|NOT_FOUND/);
    expect(
      await w.as.acme.code("appointCoordinator", {
        groupId: w.group.power,
        accountId: w.account.lead,
      }),
    ).toBe("FORBIDDEN");
    const { coordinators } = await act("appointCoordinator", w.account.lead);
    expect(coordinators.map((c) => c.id)).toContain(w.account.lead);
    await w.as.lead.do("suspendMembership", suspend);
    await w.as.lead.do("resumeMembership", { id: suspend.id });
    await act("appointCoordinator", w.account.second);
    await act("dismissCoordinator", w.account.lead);
    expect(await w.as.lead.code("suspendMembership", suspend)).toMatch(/FORBIDDEN|NOT_FOUND/);
  });

  test("the last one is not lost by accident: neither dismissed nor disabled, unless that is meant", async () => {
    const args = { groupId: w.group.power, accountId: w.account.second };
    expect(await hub.operator.code("dismissCoordinator", args)).toBe("CONFLICT");
    expect(await w.as.beta.code("disableAccount", { id: w.account.second })).toBe("CONFLICT");
    const { coordinators } = await act("dismissCoordinator", w.account.second, { leaveNone: true });
    expect(coordinators).toEqual([]);
    await w.as.beta.do("disableAccount", { id: w.account.second });
    await w.as.beta.do("enableAccount", { id: w.account.second });
  });

  test("of whom all others are disabled is the last one", async () => {
    await act("appointCoordinator", w.account.lead);
    await act("appointCoordinator", w.account.second);
    await w.as.beta.do("disableAccount", { id: w.account.second });
    const args = { groupId: w.group.power, accountId: w.account.lead };
    expect(await hub.operator.code("dismissCoordinator", args)).toBe("CONFLICT");
    expect(await w.as.acme.code("disableAccount", { id: w.account.lead })).toBe("CONFLICT");
    await w.as.beta.do("enableAccount", { id: w.account.second });
    const { coordinators } = await act("dismissCoordinator", w.account.lead);
    expect(coordinators.map((c) => c.id)).toEqual([w.account.second]);
    await act("dismissCoordinator", w.account.second, { leaveNone: true });
  });

  test("are not lost when two are dismissed, or disabled, at the same moment", async () => {
    for (const end of [
      (name: "lead" | "second") =>
        hub.operator.query(
          "mutation ($g: ID!, $a: ID!) { dismissCoordinator(groupId: $g, accountId: $a) { id } }",
          { g: w.group.power, a: w.account[name] },
        ),
      (name: "lead" | "second") =>
        hub.operator.query("mutation ($a: ID!) { disableAccount(id: $a) { id } }", {
          a: w.account[name],
        }),
    ]) {
      await act("appointCoordinator", w.account.lead);
      await act("appointCoordinator", w.account.second);
      const answers = await Promise.all([end("lead"), end("second")]);
      const codes = answers.map((a) => a.errors?.[0]?.extensions.code ?? "done");
      expect(codes.toSorted()).toEqual(["CONFLICT", "done"]);
    }
    for (const id of [w.account.lead, w.account.second])
      await hub.operator.do("enableAccount", { id });
    const { coordinators } = await act("appointCoordinator", w.account.lead);
    for (const { id } of coordinators) await act("dismissCoordinator", id, { leaveNone: true });
  });

  test("that lost their keys are still in charge, and act again with the next key", async () => {
    const v = await build();
    const groupId = v.group.power;
    await hub.operator.do("appointCoordinator", { groupId, accountId: v.account.lead });
    const keys = await v.as.lead.ask<{ account: { apiKeys: { id: string }[] } }>(
      "viewer",
      {},
      "account { apiKeys { id } }",
    );
    for (const { id } of keys.account.apiKeys) await v.as.acme.do("revokeApiKey", { id });
    const suspend = { id: v.membership["gamma power"], reason: "late" };
    expect(await v.as.lead.code("suspendMembership", suspend)).toBe("UNAUTHENTICATED");
    const input = { accountId: v.account.lead, name: "Next" };
    const { secret } = await v.as.acme.do<{ secret: string }>("createApiKey", { input }, "secret");
    expect(await hub.as(secret).do("suspendMembership", suspend, "state")).toEqual({
      state: "SUSPENDED",
    });
  });

  test("stay in charge whatever becomes of their own organization's membership", async () => {
    const v = await build();
    const groupId = v.group.power;
    await hub.operator.do("appointCoordinator", { groupId, accountId: v.account.lead });
    await v.as.acme.do("endMembership", { id: v.membership["acme power"], reason: "leaving" });
    const suspend = { id: v.membership["gamma power"], reason: "late" };
    expect(await v.as.lead.do("suspendMembership", suspend, "state")).toEqual({
      state: "SUSPENDED",
    });
  });

  test("of a group that has none are the operator's admins, who do for every group what they would do", async () => {
    const v = await build();
    const { gamma } = v.org;
    const id = v.membership["gamma power"];
    const suspended = await hub.operator.do("suspendMembership", { id, reason: "late" }, "state");
    expect(suspended).toEqual({ state: "SUSPENDED" });
    await hub.operator.do("resumeMembership", { id });
    await hub.operator.do("endMembership", { id, reason: "gone" });
    await hub.operator.do("inviteMember", { groupId: v.group.power, organizationId: gamma });
    await v.as.gamma.do("acceptMembership", { id });
    const next = { title: "Next", fromGroupId: v.group.power, toGroupId: v.group.power };
    const terms = { kinds: ["INCIDENT"], tlpCeiling: "GREEN" };
    const { id: versionId } = await hub.operator.do("draftAgreement", {
      input: { ...next, terms },
    });
    await hub.operator.do("proposeAgreement", { versionId });
    const ended = { versionId, reason: "over" };
    expect(await hub.operator.do("terminateAgreement", ended, "state")).toEqual({
      state: "TERMINATED",
    });
  });

  test("who has not signed is told to coordinators and the operator, and to nobody else", async () => {
    await act("appointCoordinator", w.account.lead);
    const missing = [w.org.beta, w.org.gamma].toSorted();
    expect(await unsigned()).toEqual(missing);
    expect(await unsigned(w.as.lead)).toEqual(missing);
    expect(await unsigned(w.as.beta)).toEqual([]);
    await w.as.beta.do("signAgreement", { versionId: w.versions[0] });
    expect(await unsigned()).toEqual([w.org.gamma]);
  });
});
