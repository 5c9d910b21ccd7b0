import type { Arguments, Client } from "../support/client";
import { HOUR, makeAccount, startTestHub, type TestHub } from "../support/hub";
import { agree, buildWorld, makeIncident, makeIndicator, propose, release } from "../support/world";

let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta", "gamma"],
    groups: {
      power: { members: ["acme", "beta"] },
      water: { members: ["gamma"] },
      fast: { members: ["acme", "beta"] },
    },
    agreements: [
      { from: "power", to: "power" },
      { from: "power", to: "water" },
      { from: "fast", to: "fast", terms: { requiresApproval: false } },
    ],
  });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
});
afterAll(() => hub.stop());

const power = () => ({ fromGroupId: w.group.power, groupIds: [w.group.power] });
const stateOf = async (client: Client, id: string): Promise<string | undefined> => {
  const type = id.startsWith("release") ? "Release" : "Incident";
  const selection = `... on ${type} { state }`;
  return (await client.ask<{ state: string } | null>("node", { id }, selection))?.state;
};
/** An incident in the analysts' hands. */
async function submitted(input: Arguments = {}): Promise<string> {
  const id = await makeIncident(w.as.acme, input);
  await w.as.acme.do("submitIncident", { id });
  return id;
}

describe("from draft to release", () => {
  test("an item is a draft, submitted, in analysis and released, in this order", async () => {
    const id = await makeIncident(w.as.acme);
    expect(await stateOf(w.as.acme, id)).toBe("DRAFT");
    expect(await w.as.acme.do("submitIncident", { id }, "state")).toEqual({ state: "SUBMITTED" });
    const proposal = await propose(hub.operator, id, power());
    expect(await stateOf(w.as.acme, id)).toBe("IN_ANALYSIS");
    expect(await stateOf(hub.operator, proposal)).toBe("PROPOSED");
    const approved = await w.as.acme.do(
      "approveRelease",
      { id: proposal },
      "state decidedAt releasedAt item { id }",
    );
    expect(approved).toEqual({
      state: "RELEASED",
      decidedAt: expect.any(String),
      releasedAt: expect.any(String),
      item: { id },
    });
    expect(await stateOf(w.as.acme, id)).toBe("RELEASED");
  });

  test("the owner and the operator see a proposal whole", async () => {
    const itemId = await submitted();
    const made = await hub.operator.do<{ id: string }>(
      "proposeRelease",
      {
        input: {
          ...power(),
          itemId,
          tlp: "GREEN",
          title: "Sanitised",
          summary: "Short",
          description: "Long",
          withheldFields: ["identity", "victim"],
          expiresAt: hub.clock.in(HOUR),
        },
      },
      "id",
    );
    const selection = `... on Release { state tlp title summary description withheldFields toEveryone expiresAt proposedAt
      decidedAt releasedAt reason fromGroup { id } groups { id } organizations { id } accounts { id } item { id } }`;
    const whole = {
      state: "PROPOSED",
      tlp: "GREEN",
      title: "Sanitised",
      summary: "Short",
      description: "Long",
      withheldFields: ["identity", "victim"],
      toEveryone: false,
      expiresAt: hub.clock.in(HOUR),
      proposedAt: expect.any(String),
      decidedAt: null,
      releasedAt: null,
      reason: null,
      fromGroup: { id: w.group.power },
      groups: [{ id: w.group.power }],
      organizations: [],
      accounts: [],
      item: { id: itemId },
    };
    for (const client of [w.as.acme, hub.operator])
      expect(await client.ask("node", { id: made.id }, selection)).toEqual(whole);
    expect(await w.as.acme.ask("incident", { id: itemId }, "releases { id state }")).toEqual({
      releases: [{ id: made.id, state: "PROPOSED" }],
    });
    expect(await w.as.beta.ask("node", { id: made.id })).toBeNull();
  });

  test("submitting hands in the linked items of the same owner, and no others", async () => {
    const own = await makeIndicator(w.as.acme, "198.51.100.61");
    const foreign = await makeIndicator(w.as.beta, "198.51.100.62");
    await release(w.as.beta, foreign, power());
    const id = await makeIncident(w.as.acme, { indicatorIds: [own, foreign] });
    const seen = async (indicator: string) =>
      (await hub.operator.ask("indicator", { id: indicator })) !== null;
    expect([await seen(own), await seen(foreign)]).toEqual([false, false]);
    await w.as.acme.do("submitIncident", { id });
    expect([await seen(own), await seen(foreign)]).toEqual([true, false]);
  });

  test("submitting again changes nothing", async () => {
    const id = await submitted();
    await propose(hub.operator, id, power());
    expect(await w.as.acme.do("submitIncident", { id }, "state")).toEqual({ state: "IN_ANALYSIS" });
  });

  test("what was not submitted the analyst does not know of", async () => {
    const itemId = await makeIncident(w.as.acme);
    const input = { ...power(), itemId, tlp: "AMBER", title: "x" };
    const refusal = await hub.operator.refused("proposeRelease", { input });
    expect(refusal.code).toBe("NOT_FOUND");
    const never = "incident_00000000-0000-4000-8000-000000000000";
    expect(
      await hub.operator.refused("proposeRelease", { input: { ...input, itemId: never } }),
    ).toEqual(refusal);
  });

  test.each([[undefined], [null], [" "]])(
    "a proposal with the title %j is refused",
    async (title) => {
      const itemId = await submitted();
      const input = { ...power(), itemId, tlp: "AMBER", ...(title !== undefined && { title }) };
      const refusal = await hub.operator.refused("proposeRelease", { input });
      expect(refusal.code).toBe("BAD_USER_INPUT");
      expect(Object.keys(refusal.issues)).toEqual(["input.title"]);
    },
  );

  test("a released item is proposed onward to a further group", async () => {
    const id = await submitted();
    await w.as.acme.do("approveRelease", { id: await propose(hub.operator, id, power()) });
    const onward = await propose(hub.operator, id, {
      fromGroupId: w.group.power,
      groupIds: [w.group.water],
    });
    expect(await w.as.gamma.ask("incident", { id })).toBeNull();
    await w.as.acme.do("approveRelease", { id: onward });
    expect(await w.as.gamma.ask("incident", { id }, "title")).toEqual({ title: "Sanitised" });
  });

  test("the owner releases its own draft directly, and the operator still does not see it", async () => {
    const id = await makeIncident(w.as.acme, { title: "Own words" });
    await release(w.as.acme, id, power());
    expect(await w.as.beta.ask("incident", { id }, "title")).toEqual({ title: "Own words" });
    expect(await hub.operator.ask("incident", { id })).toBeNull();
  });
});

describe("the decision", () => {
  test("falls once", async () => {
    const id = await propose(hub.operator, await submitted(), power());
    await w.as.acme.do("approveRelease", { id });
    expect(await w.as.acme.code("approveRelease", { id })).toBe("CONFLICT");
    expect(await w.as.acme.code("rejectRelease", { id, reason: "x" })).toBe("CONFLICT");
  });

  test("against it is kept with its reason, and nothing is released", async () => {
    const itemId = await submitted();
    const id = await propose(hub.operator, itemId, power());
    const rejected = await w.as.acme.do(
      "rejectRelease",
      { id, reason: "Names us" },
      "state reason decidedAt releasedAt",
    );
    expect(rejected).toEqual({
      state: "REJECTED",
      reason: "Names us",
      decidedAt: expect.any(String),
      releasedAt: null,
    });
    expect(await w.as.beta.ask("incident", { id: itemId })).toBeNull();
    expect(await w.as.acme.code("approveRelease", { id })).toBe("CONFLICT");
    expect(await w.as.acme.code("withdrawRelease", { id, reason: "x" })).toBe("CONFLICT");
  });

  test.each([
    ["rejectRelease", " "],
    ["rejectRelease", "x".repeat(501)],
    ["withdrawRelease", ""],
  ])("%s with the reason %j is refused", async (field, reason) => {
    const id = await propose(hub.operator, await submitted(), power());
    const refusal = await w.as.acme.refused(field, { id, reason });
    expect(Object.keys(refusal.issues)).toEqual(["reason"]);
  });

  test("checks the agreements again", async () => {
    const own = await build();
    const itemId = await makeIncident(own.as.acme);
    await own.as.acme.do("submitIncident", { id: itemId });
    const id = await propose(hub.operator, itemId, {
      fromGroupId: own.group.power,
      groupIds: [own.group.power],
    });
    await hub.operator.do("terminateAgreement", { versionId: own.versions[0], reason: "x" });
    expect(await own.as.acme.code("approveRelease", { id })).toBe("BAD_USER_INPUT");
    expect(await stateOf(own.as.acme, id)).toBe("PROPOSED");
  });

  test("comes too late once the release's own time is up", async () => {
    const id = await propose(hub.operator, await submitted(), {
      ...power(),
      expiresAt: hub.clock.in(HOUR),
    });
    hub.clock.advance(HOUR);
    expect(await w.as.acme.code("approveRelease", { id })).toMatch(/CONFLICT|BAD_USER_INPUT/);
  });

  test("may come from the owner who withdraws what is only proposed", async () => {
    const itemId = await submitted();
    const id = await propose(hub.operator, itemId, power());
    expect(await w.as.acme.do("withdrawRelease", { id, reason: "No" }, "state reason")).toEqual({
      state: "WITHDRAWN",
      reason: "No",
    });
    expect(await w.as.acme.code("approveRelease", { id })).toBe("CONFLICT");
  });

  test("on an id that never was, or that is no release, is NOT_FOUND", async () => {
    const itemId = await submitted();
    for (const id of ["release_00000000-0000-4000-8000-000000000000", itemId, "", "nonsense"])
      expect(await w.as.acme.code("approveRelease", { id })).toBe("NOT_FOUND");
  });
});

describe("withdrawal", () => {
  test("ends the release for good", async () => {
    const itemId = await makeIncident(w.as.acme);
    const id = await release(w.as.acme, itemId, power());
    expect(await w.as.acme.do("withdrawRelease", { id, reason: "Error" }, "state reason")).toEqual({
      state: "WITHDRAWN",
      reason: "Error",
    });
    expect(await w.as.beta.ask("incident", { id: itemId })).toBeNull();
    expect(await w.as.acme.code("withdrawRelease", { id, reason: "x" })).toBe("CONFLICT");
  });

  test("is the operator's too, of what was submitted", async () => {
    const itemId = await submitted();
    const id = await propose(hub.operator, itemId, power());
    await w.as.acme.do("approveRelease", { id });
    await hub.operator.do("withdrawRelease", { id, reason: "Contains a name" });
    expect(await w.as.beta.ask("incident", { id: itemId })).toBeNull();
  });
});

describe("machine speed: an analyst's proposal is released at once", () => {
  const fast = () => ({ fromGroupId: w.group.fast, groupIds: [w.group.fast] });
  const proposedState = async (
    input: Arguments,
    item: Arguments = {},
  ): Promise<string | undefined> => {
    const id = await submitted(item);
    return stateOf(hub.operator, await propose(hub.operator, id, input));
  };

  test("where every condition holds", async () => {
    const id = await submitted();
    const made = await propose(hub.operator, id, fast());
    expect(await stateOf(hub.operator, made)).toBe("RELEASED");
    expect(await w.as.beta.ask("incident", { id }, "title")).toEqual({ title: "Sanitised" });
  });

  test.each<[string, () => Arguments]>([
    ["an agreement requires approval", power],
    [
      "one of two agreements requires approval",
      () => ({ ...fast(), groupIds: [w.group.fast, w.group.power], fromGroupId: w.group.power }),
    ],
    [
      "an organization is named beside the groups",
      () => ({ ...fast(), organizationIds: [w.org.beta] }),
    ],
    ["an account is named beside the groups", () => ({ ...fast(), accountIds: [w.account.beta] })],
    ["no group is named", () => ({ organizationIds: [w.org.beta] })],
    ["its TLP is below the item's", () => ({ ...fast(), tlp: "GREEN" })],
    [
      "more than the technical fields is carried",
      () => ({ ...fast(), withheldFields: ["identity"] }),
    ],
    ["everything is carried", () => ({ ...fast(), withheldFields: [] })],
  ])("not where %s", async (name, input) => {
    // From `power` there is no agreement to `fast`: that pair of audiences is refused as a whole.
    if (name.startsWith("one of two")) {
      await agree(w, {
        from: "power",
        to: "fast",
        terms: { requiresApproval: false },
        signedBy: ["acme"],
      });
    }
    expect(await proposedState(input())).toBe("PROPOSED");
  });

  test("a TLP above the item's is no hindrance", async () => {
    expect(await proposedState({ ...fast(), tlp: "AMBER_STRICT" })).toBe("RELEASED");
  });

  test("not where the owner itself has signed only a version that requires approval", async () => {
    const own = await buildWorld(hub, {
      organizations: ["acme", "beta"],
      groups: { power: { members: ["acme", "beta"] } },
      agreements: [{ from: "power", to: "power" }],
    });
    await agree(own, {
      from: "power",
      to: "power",
      terms: { requiresApproval: false },
      signedBy: ["beta"],
    });
    const id = await makeIncident(own.as.acme);
    await own.as.acme.do("submitIncident", { id });
    const made = await propose(hub.operator, id, { groupIds: [own.group.power] });
    expect(await stateOf(hub.operator, made)).toBe("PROPOSED");
  });

  test("never for the operator's own items", async () => {
    const made = await makeAccount(hub, { organizationId: hub.operatorId, roles: ["PUBLISHER"] });
    const publisher = hub.as(made.key);
    const { id } = await publisher.do("createIncident", {
      input: { title: "Ours", category: "x", tlp: "AMBER" },
    });
    await publisher.do("submitIncident", { id });
    const proposal = await propose(hub.operator, id, fast());
    expect(await stateOf(hub.operator, proposal)).toBe("PROPOSED");
    // It counts as an active member and signatory of every group, and releases as an owner.
    await release(publisher, id, fast());
    expect(await w.as.beta.ask("incident", { id }, "title")).toEqual({ title: "Ours" });
    expect(await hub.operator.ask("viewer", {}, "grants { kind }")).toEqual({ grants: [] });
  });
});
