import { startTestHub, type TestHub } from "../support/hub";
import { buildWorld, makeIncident, release } from "../support/world";

let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(() => hub.stop());

const build = (roster: "OPEN" | "HIDDEN" = "OPEN") =>
  buildWorld(hub, {
    organizations: ["acme", "beta", "gamma", "house"],
    accounts: {
      coordinator: { of: "house", roles: ["MEMBER", "ORG_ADMIN"] },
      member: { of: "beta", roles: ["MEMBER", "PUBLISHER"] },
    },
    groups: { power: { members: ["acme", "house"], roster, coordinators: ["coordinator"] } },
    agreements: [{ from: "power", to: "power" }],
  });
let shared: ReturnType<typeof build> | undefined;
/** For tests that change no membership. */
const world = () => (shared ??= build());
const STATE = "id state reason organization { id } group { id }";
interface Membership {
  id: string;
  state: string;
  reason: string | null;
}

describe("the life of a membership", () => {
  test("goes from an invitation through suspension to its end, and keeps who, when and why", async () => {
    const w = await build();
    const invited = await w.as.coordinator.do<Membership>(
      "inviteMember",
      { groupId: w.group.power, organizationId: w.org.beta },
      STATE,
    );
    expect(invited).toMatchObject({
      state: "INVITED",
      reason: null,
      organization: { id: w.org.beta },
      group: { id: w.group.power },
    });
    const { id } = invited;
    expect(await w.as.beta.do("acceptMembership", { id }, "state")).toEqual({ state: "ACTIVE" });
    const reason = "Under inquiry";
    expect(await w.as.coordinator.do("suspendMembership", { id, reason }, "state reason")).toEqual({
      state: "SUSPENDED",
      reason,
    });
    expect(await w.as.coordinator.do("resumeMembership", { id }, "state")).toEqual({
      state: "ACTIVE",
    });
    expect(await w.as.beta.do("endMembership", { id, reason: "We left" }, "state reason")).toEqual({
      state: "ENDED",
      reason: "We left",
    });
    const { history } = await hub.operator.ask<{ history: { at: string }[] }>(
      "node",
      { id },
      "... on Membership { history { state at by { id } reason } }",
    );
    const by = (name: "coordinator" | "beta") => ({ id: w.account[name] });
    expect(history).toMatchObject([
      { state: "INVITED", by: by("coordinator"), reason: null },
      { state: "ACTIVE", by: by("beta"), reason: null },
      { state: "SUSPENDED", by: by("coordinator"), reason },
      { state: "ACTIVE", by: by("coordinator"), reason: null },
      { state: "ENDED", by: by("beta"), reason: "We left" },
    ]);
    const times = history.map((h) => h.at);
    expect(times).toEqual(times.toSorted());
  });

  test("may begin by a request, which a coordinator or the operator admits, never the organization itself", async () => {
    const w = await build();
    const { id } = await w.as.beta.do("requestMembership", { groupId: w.group.power }, STATE);
    expect(await w.as.beta.code("acceptMembership", { id })).toBe("FORBIDDEN");
    expect(await w.as.coordinator.do("acceptMembership", { id }, "state")).toEqual({
      state: "ACTIVE",
    });
  });

  test("begins anew after its end", async () => {
    const w = await build();
    await w.as.acme.do("endMembership", { id: w.membership["acme power"], reason: "Leaving" });
    const again = await hub.operator.do<Membership>(
      "inviteMember",
      { groupId: w.group.power, organizationId: w.org.acme },
      STATE,
    );
    expect(again.state).toBe("INVITED");
    expect(await w.as.acme.do("acceptMembership", { id: again.id }, "state")).toEqual({
      state: "ACTIVE",
    });
  });

  test("shows since when its present state is", async () => {
    const w = await build();
    const since = async () =>
      (
        await w.as.acme.ask<{ since: string }>(
          "node",
          { id: w.membership["acme power"] },
          "... on Membership { since }",
        )
      ).since;
    const before = await since();
    hub.clock.advance(2_000);
    await hub.operator.do("suspendMembership", { id: w.membership["acme power"], reason: "x" });
    expect(Date.parse(await since())).toBeGreaterThan(Date.parse(before) + 900);
  });

  test("takes no step that its state does not allow", async () => {
    const w = await build();
    const active = { id: w.membership["acme power"] };
    const to = { groupId: w.group.power, organizationId: w.org.acme };
    expect(await hub.operator.code("inviteMember", to)).toBe("CONFLICT");
    expect(await w.as.acme.code("requestMembership", { groupId: w.group.power })).toBe("CONFLICT");
    expect(await w.as.acme.code("acceptMembership", active)).toBe("CONFLICT");
    expect(await hub.operator.code("resumeMembership", active)).toBe("CONFLICT");
    const invited = await hub.operator.do("inviteMember", { ...to, organizationId: w.org.beta });
    expect(await hub.operator.code("suspendMembership", { ...invited, reason: "x" })).toBe(
      "CONFLICT",
    );
    await w.as.beta.do("endMembership", { ...invited, reason: "No, thank you" });
    expect(await w.as.beta.code("endMembership", { ...invited, reason: "x" })).toBe("CONFLICT");
    expect(await w.as.beta.code("acceptMembership", invited)).toBe("CONFLICT");
  });

  test.each([
    ["suspendMembership", " "],
    ["suspendMembership", "x".repeat(501)],
    ["endMembership", ""],
  ])("%s needs a reason of a sensible length", async (field, reason) => {
    const w = await world();
    const refusal = await hub.operator.refused(field, { id: w.membership["acme power"], reason });
    expect(refusal.code).toBe("BAD_USER_INPUT");
    expect(Object.keys(refusal.issues)).toEqual(["reason"]);
  });
});

describe("who may", () => {
  test("accept an invitation: the ORG_ADMIN of the invited organization alone", async () => {
    const w = await build();
    const args = { groupId: w.group.power, organizationId: w.org.beta };
    const { id } = await w.as.coordinator.do("inviteMember", args);
    expect(await w.as.coordinator.code("acceptMembership", { id })).toBe("FORBIDDEN");
    expect(await w.as.member.code("acceptMembership", { id })).toBe("FORBIDDEN");
    expect(await w.as.gamma.code("acceptMembership", { id })).toBe("NOT_FOUND");
    expect(await hub.operator.code("acceptMembership", { id })).toBe("FORBIDDEN");
    expect(await w.as.beta.do("acceptMembership", { id }, "state")).toEqual({ state: "ACTIVE" });
  });

  test("admit and resume: a coordinator, but not its own organization", async () => {
    const w = await build();
    const id = w.membership["house power"];
    await w.as.coordinator.do("suspendMembership", { id, reason: "Ourselves" });
    expect(await w.as.coordinator.code("resumeMembership", { id })).toBe("FORBIDDEN");
    await hub.operator.do("resumeMembership", { id });
    await w.as.house.do("endMembership", { id, reason: "x" });
    const { id: asked } = await w.as.house.do("requestMembership", { groupId: w.group.power });
    expect(await w.as.coordinator.code("acceptMembership", { id: asked })).toBe("FORBIDDEN");
    expect(await hub.operator.do("acceptMembership", { id: asked }, "state")).toEqual({
      state: "ACTIVE",
    });
  });

  test("resume what the operator suspended: the operator alone", async () => {
    const w = await build();
    const id = w.membership["acme power"];
    await hub.operator.do("suspendMembership", { id, reason: "By the operator" });
    expect(await w.as.coordinator.code("resumeMembership", { id })).toBe("FORBIDDEN");
    expect(await hub.operator.do("resumeMembership", { id }, "state")).toEqual({ state: "ACTIVE" });
    await w.as.coordinator.do("suspendMembership", { id, reason: "By the coordinator" });
    expect(await hub.operator.do("resumeMembership", { id }, "state")).toEqual({ state: "ACTIVE" });
  });

  test("end it: the organization itself, a coordinator or the operator; nobody else", async () => {
    const w = await build();
    const id = w.membership["acme power"];
    const args = { id, reason: "x" };
    expect(await w.as.house.code("suspendMembership", args)).toBe("FORBIDDEN");
    expect(await w.as.house.code("endMembership", args)).toBe("FORBIDDEN");
    expect(await w.as.gamma.code("endMembership", args)).toBe("NOT_FOUND");
    expect(await w.as.acme.code("suspendMembership", args)).toBe("FORBIDDEN");
    expect(await w.as.coordinator.do("endMembership", args, "state")).toEqual({ state: "ENDED" });
  });

  test("a coordinator of one group is nobody in another", async () => {
    const w = await world();
    const other = await build();
    const invite = { groupId: other.group.power, organizationId: w.org.beta };
    expect(await w.as.coordinator.code("inviteMember", invite)).toBe("FORBIDDEN");
    const id = other.membership["acme power"];
    expect(await w.as.coordinator.code("suspendMembership", { id, reason: "x" })).toBe("NOT_FOUND");
  });

  test("unknown groups, organizations and memberships are NOT_FOUND", async () => {
    const w = await world();
    const never = "00000000-0000-4000-8000-000000000000";
    const codes = [
      await hub.operator.code("inviteMember", {
        groupId: `group_${never}`,
        organizationId: w.org.beta,
      }),
      await hub.operator.code("inviteMember", {
        groupId: w.group.power,
        organizationId: `organization_${never}`,
      }),
      await w.as.acme.code("requestMembership", { groupId: "nonsense" }),
      await w.as.acme.code("acceptMembership", { id: `membership_${never}` }),
    ];
    expect(codes).toEqual(["NOT_FOUND", "NOT_FOUND", "NOT_FOUND", "NOT_FOUND"]);
  });
});

describe("what a membership tells", () => {
  test("its reasons go to the organization, the coordinators and the operator alone", async () => {
    const w = await build();
    const id = w.membership["acme power"];
    await w.as.coordinator.do("suspendMembership", { id, reason: "Confidential" });
    const read = (name: "acme" | "house" | "coordinator") =>
      w.as[name].ask(
        "node",
        { id },
        "... on Membership { state reason history { by { id } reason } }",
      );
    expect(await read("acme")).toMatchObject({ state: "SUSPENDED", reason: "Confidential" });
    expect(await read("coordinator")).toMatchObject({ reason: "Confidential" });
    expect(await read("house")).toEqual({
      state: "SUSPENDED",
      reason: null,
      history: [
        { by: null, reason: null },
        { by: null, reason: null },
        { by: null, reason: null },
      ],
    });
  });

  test("a coordinator sees no content beyond what its own organization may see", async () => {
    const w = await buildWorld(hub, {
      organizations: ["acme", "beta", "house"],
      accounts: { coordinator: { of: "house", roles: ["MEMBER"] } },
      groups: { power: { members: ["acme", "beta"], coordinators: ["coordinator"] } },
      agreements: [{ from: "power", to: "power" }],
    });
    const live = await hub.subscribe(w.as.coordinator);
    const id = await makeIncident(w.as.acme);
    await release(w.as.acme, id, { groupIds: [w.group.power] });
    expect(await w.as.coordinator.ask("incident", { id })).toBeNull();
    expect((await live.rest()).filter((a) => a.itemId !== null)).toEqual([]);
  });

  test("who is only invited, or has asked, sees no content", async () => {
    const w = await build();
    await hub.operator.do("inviteMember", { groupId: w.group.power, organizationId: w.org.beta });
    await w.as.gamma.do("requestMembership", { groupId: w.group.power });
    const id = await makeIncident(w.as.acme);
    await release(w.as.acme, id, { groupIds: [w.group.power] });
    expect(await w.as.beta.ask("incident", { id })).toBeNull();
    expect(await w.as.gamma.ask("incident", { id })).toBeNull();
    expect(await w.as.house.ask("incident", { id })).toEqual({ id });
  });
});
