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
