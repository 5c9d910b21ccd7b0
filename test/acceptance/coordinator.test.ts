import { replay } from "../support/alerts";
import { doors, type Sought } from "../support/doors";
import { startTestHub, type TestHub } from "../support/hub";
import { agree, buildWorld, join, makeIncident, propose, release } from "../support/world";

/** What a sector coordinator may, walked through as one who would like to do more. */
let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(() => hub.stop());

const build = () =>
  buildWorld(hub, {
    organizations: ["house", "acme", "beta", "gamma", "outside"],
    accounts: {
      lead: { of: "house", roles: ["ORG_ADMIN", "PUBLISHER", "MEMBER"] },
      waterLead: { of: "gamma", roles: ["READER"] },
    },
    groups: {
      power: { members: ["acme", "beta"], coordinators: ["lead"] },
      water: { members: ["gamma"], roster: "HIDDEN", coordinators: ["waterLead"] },
    },
    agreements: [
      { from: "power", to: "power" },
      { from: "power", to: "water" },
      { from: "water", to: "water" },
    ],
  });
let shared: ReturnType<typeof build> | undefined;
/** For the tests that change nothing of its parties. */
const world = () => (shared ??= build());

describe("a coordinator reads no more content than its organization", () => {
  test("neither at a door nor by alert, preview, decision, disclosures or the verbs on items and releases", async () => {
    const w = await world();
    const live = await hub.subscribe(w.as.lead);
    const id = await makeIncident(w.as.acme, { title: "Of its own group" });
    await w.as.acme.do("submitIncident", { id });
    const made = await release(w.as.acme, id, { groupIds: [w.group.power] });
    const proposal = await propose(hub.operator, id, {
      groupIds: [w.group.water],
      fromGroupId: w.group.power,
    });
    const item: Sought = { kind: "incident", id, text: "Of its own group" };
    const never = "00000000-0000-4000-8000-000000000000";
    expect(await doors(w.as.lead, item)).toEqual([]);
    expect(await live.rest()).toEqual([]);
    const input = (itemId: string) => ({
      input: { itemId, tlp: "AMBER", groupIds: [w.group.power], fromGroupId: w.group.power },
    });
    const content = { title: "x", category: "x", tlp: "CLEAR" };
    const attempts: [string, (itemId: string, releaseId: string) => object][] = [
      ["audiencePreview", (itemId) => input(itemId)],
      ["releaseItem", (itemId) => input(itemId)],
      ["sharingDecision", (itemId) => ({ itemId, organizationId: w.org.acme })],
      ["submitIncident", (itemId) => ({ id: itemId })],
      ["updateIncident", (itemId) => ({ id: itemId, input: content })],
      ["withdrawRelease", (_, releaseId) => ({ id: releaseId, reason: "mine" })],
      ["approveRelease", (_, releaseId) => ({ id: releaseId })],
      ["rejectRelease", (_, releaseId) => ({ id: releaseId, reason: "mine" })],
    ];
    for (const [field, args] of attempts) {
      for (const releaseId of [made, proposal]) {
        const refused = await w.as.lead.refused(field, args(id, releaseId) as never);
        // In the words in which an id that never was is refused.
        expect(refused).toEqual(
          await w.as.lead.refused(field, args(`incident_${never}`, `release_${never}`) as never),
        );
        expect(refused.code).toBe("NOT_FOUND");
      }
    }
    expect(await w.as.lead.code("proposeRelease", input(id))).toBe("FORBIDDEN");
    expect(await w.as.lead.ask("node", { id: made })).toBeNull();
    expect(await w.as.lead.ask("disclosures", { itemId: id }, "totalCount")).toEqual({
      totalCount: 0,
    });
    expect(await w.as.lead.ask("viewer", {}, "grants { kind }")).toEqual({ grants: [] });
  });

  test("a wide agreement that it drafts itself opens nothing to it: it binds those who sign, and it is no member", async () => {
    const w = await build();
    const id = await makeIncident(w.as.acme, { title: "Not for the house" });
    await release(w.as.acme, id, { groupIds: [w.group.power], fromGroupId: w.group.power });
    const { id: versionId } = await w.as.lead.do("draftAgreement", {
      input: {
        title: "Everything",
        fromGroupId: w.group.power,
        toGroupId: w.group.power,
        terms: {
          kinds: ["INCIDENT"],
          tlpCeiling: "RED",
          retroactive: true,
          requiresApproval: false,
        },
      },
    });
    await w.as.lead.do("proposeAgreement", { versionId });
    expect(await w.as.lead.code("signAgreement", { versionId })).toBe("FORBIDDEN");
    expect(await w.as.lead.ask("incident", { id })).toBeNull();
    // Nor does it widen anything for members that have not signed it.
    const strict = await makeIncident(w.as.acme, { tlp: "AMBER", pap: "RED" });
    await w.as.acme.do("submitIncident", { id: strict });
    const proposal = await propose(hub.operator, strict, {
      groupIds: [w.group.power],
      fromGroupId: w.group.power,
    });
    expect(await hub.operator.ask("node", { id: proposal }, "... on Release { state }")).toEqual({
      state: "PROPOSED",
    });
  });
});

describe("a coordinator does not let its own organization in", () => {
  test("by inviting, admitting, resuming, or by a request of its own ORG_ADMIN", async () => {
    const w = await build();
    const { power } = w.group;
    const own = { groupId: power, organizationId: w.org.house };
    expect(await w.as.lead.code("inviteMember", own)).toBe("FORBIDDEN");
    const { id } = await w.as.lead.do("requestMembership", { groupId: power });
    expect(await w.as.lead.code("acceptMembership", { id })).toBe("FORBIDDEN");
    expect(await w.as.house.code("acceptMembership", { id })).toBe("FORBIDDEN");
    await hub.operator.do("acceptMembership", { id });
    await hub.operator.do("suspendMembership", { id, reason: "Under inquiry" });
    expect(await w.as.lead.code("resumeMembership", { id })).toBe("FORBIDDEN");
    // Leaving and asking again does not undo what the operator did, for itself or for a friend.
    await w.as.lead.do("endMembership", { id, reason: "Leaving" });
    await w.as.lead.do("requestMembership", { groupId: power });
    expect(await w.as.lead.code("acceptMembership", { id })).toBe("FORBIDDEN");
    const friend = w.membership["beta power"];
    await hub.operator.do("suspendMembership", { id: friend, reason: "Under inquiry" });
    await w.as.lead.do("endMembership", { id: friend, reason: "A detour" });
    const again = { groupId: power, organizationId: w.org.beta };
    expect(await w.as.lead.code("inviteMember", again)).toBe("FORBIDDEN");
    await w.as.beta.do("requestMembership", { groupId: power });
    expect(await w.as.lead.code("acceptMembership", { id: friend })).toBe("FORBIDDEN");
  });

  test("nor accepts an invitation for another, nor signs for a member", async () => {
    const w = await build();
    const invited = { groupId: w.group.power, organizationId: w.org.outside };
    const { id } = await w.as.lead.do("inviteMember", invited);
    expect(await w.as.lead.code("acceptMembership", { id })).toBe("FORBIDDEN");
    const versionId = await agree(w, { from: "power", to: "power" });
    expect(await w.as.lead.code("signAgreement", { versionId })).toBe("FORBIDDEN");
  });
});

describe("a coordinator is in charge of its own group alone", () => {
  test("in another one it neither invites, suspends, ends, drafts, proposes nor terminates", async () => {
    const w = await world();
    const { lead } = w.as;
    const id = w.membership["gamma water"];
    const invite = { groupId: w.group.water, organizationId: w.org.outside };
    expect(await lead.code("inviteMember", invite)).toBe("FORBIDDEN");
    for (const field of ["suspendMembership", "endMembership"])
      expect(await lead.code(field, { id, reason: "x" })).toBe("NOT_FOUND");
    expect(await lead.code("resumeMembership", { id })).toBe("NOT_FOUND");
    const input = {
      title: "Of others",
      fromGroupId: w.group.water,
      toGroupId: w.group.water,
      terms: { kinds: ["INCIDENT"], tlpCeiling: "GREEN" },
    };
    expect(await lead.code("draftAgreement", { input })).toBe("FORBIDDEN");
    const versionId = w.versions[2];
    expect(await lead.code("terminateAgreement", { versionId, reason: "x" })).toBe("NOT_FOUND");
    // It may draft what the other side would have to propose, and not propose it.
    const { id: draft } = await lead.do("draftAgreement", {
      input: { ...input, toGroupId: w.group.power },
    });
    expect(await lead.code("proposeAgreement", { versionId: draft })).toBe("FORBIDDEN");
    expect(await w.as.waterLead.ask("node", { id: draft })).toEqual({ id: draft });
    expect(await w.as.gamma.ask("node", { id: draft })).toBeNull();
  });

  test("it makes no groups, coordinators, organizations, accounts or keys, and merges nobody", async () => {
    const w = await world();
    const never = { roles: ["ORG_ADMIN"], displayName: "X", email: "x@example.jp" };
    const attempts: [string, object][] = [
      [
        "createSectorGroup",
        { input: { slug: "mine", name: "Mine", sector: "x", coordinatorIds: [] } },
      ],
      ["appointCoordinator", { groupId: w.group.power, accountId: w.account.house }],
      ["appointCoordinator", { groupId: w.group.water, accountId: w.account.lead }],
      ["dismissCoordinator", { groupId: w.group.water, accountId: w.account.waterLead }],
      [
        "dismissCoordinator",
        { groupId: w.group.power, accountId: w.account.lead, leaveNone: true },
      ],
      ["createOrganization", { input: { name: "Mine", kind: "MEMBER", sectors: [] } }],
      ["updateOrganization", { id: w.org.acme, input: { name: "Mine", sectors: [] } }],
      ["mergeOrganization", { id: w.org.acme, intoId: w.org.house, reason: "mine" }],
      ["createAccount", { input: { organizationId: w.org.acme, ...never } }],
    ];
    for (const [field, args] of attempts)
      expect(await w.as.lead.code(field, args as never)).toBe("FORBIDDEN");
    const key = { accountId: w.account.acme, name: "Mine" };
    expect(await w.as.lead.code("createApiKey", { input: key })).toBe("NOT_FOUND");
    expect(await w.as.lead.code("disableAccount", { id: w.account.acme })).toBe("NOT_FOUND");
  });

  test("who signed and who has not it is told of its own side, of a HIDDEN group behind the other not a name", async () => {
    const w = await build();
    const versionId = await agree(w, { from: "power", to: "water", signedBy: ["acme", "gamma"] });
    const told = (name: "lead" | "waterLead" | "acme") =>
      w.as[name].ask<object>(
        "node",
        { id: versionId },
        "... on AgreementVersion { signatures { organization { id } signedBy { email roles disabledAt } } unsigned { id } }",
      );
    const signed = (organization: string) => ({
      organization: { id: organization },
      signedBy: { email: "", roles: [], disabledAt: null },
    });
    expect(await told("lead")).toEqual({
      signatures: [signed(w.org.acme)],
      unsigned: [{ id: w.org.beta }],
    });
    expect(await told("waterLead")).toMatchObject({
      signatures: [{ organization: { id: w.org.gamma } }],
      unsigned: [],
    });
    expect(await told("acme")).toMatchObject({
      signatures: [{ organization: { id: w.org.acme } }],
      unsigned: [],
    });
  });
});

describe("what a coordinator does", () => {
  test("stands with its reason in the audit log of the organization that it concerns", async () => {
    const w = await build();
    const id = w.membership["beta power"];
    await w.as.lead.do("suspendMembership", { id, reason: "Found wanting" });
    const { nodes } = await w.as.beta.ask<{ nodes: { act: string }[] }>(
      "auditLog",
      { first: 100 },
      "nodes { act organization { id } account { id email } address after }",
    );
    expect(nodes.filter((a) => a.act === "suspendMembership")).toEqual([
      {
        act: "suspendMembership",
        organization: { id: w.org.house },
        account: { id: w.account.lead, email: "" },
        address: null,
        after: expect.objectContaining({ state: "SUSPENDED", reason: "Found wanting" }),
      },
    ]);
  });

  test("ends with its dismissal: no act, no roster, no draft, no alert, at once and on replay", async () => {
    const w = await build();
    const { lead } = w.as;
    const { id: draft } = await lead.do("draftAgreement", {
      input: {
        title: "Draft",
        fromGroupId: w.group.power,
        toGroupId: w.group.power,
        terms: { kinds: ["INCIDENT"], tlpCeiling: "GREEN" },
      },
    });
    const live = await hub.subscribe(lead);
    await join(w, "outside", "power");
    expect((await live.rest()).map((a) => a.type)).toEqual([
      "MEMBERSHIP_CHANGED",
      "MEMBERSHIP_CHANGED",
    ]);
    const dismissed = { groupId: w.group.power, accountId: w.account.lead };
    expect(await hub.operator.code("dismissCoordinator", dismissed)).toBe("CONFLICT");
    await hub.operator.do("dismissCoordinator", { ...dismissed, leaveNone: true });
    const membership = { id: w.membership["acme power"], reason: "Still me" };
    expect(await lead.code("suspendMembership", membership)).toBe("NOT_FOUND");
    expect(await lead.ask("node", { id: draft })).toBeNull();
    expect(
      await lead.ask("node", { id: w.group.power }, "... on SectorGroup { memberships { id } }"),
    ).toEqual({ memberships: [] });
    await hub.operator.do("suspendMembership", membership);
    expect(await live.rest()).toEqual([]);
    expect((await replay(lead)).filter((a) => a.group?.id === w.group.power)).toEqual([]);
  });
});
