import { DAY, HOUR, SECOND, startTestHub, type TestHub } from "../support/hub";
import { agree, buildWorld, makeIncident, release } from "../support/world";

let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(() => hub.stop());

const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta", "house"],
    accounts: {
      fromSide: { of: "house", roles: ["READER"] },
      toSide: { of: "house", roles: ["READER"] },
    },
    groups: {
      power: { members: ["acme"], coordinators: ["fromSide"] },
      water: { members: ["beta"], coordinators: ["toSide"] },
    },
  });
type Built = Awaited<ReturnType<typeof build>>;
let shared: ReturnType<typeof build> | undefined;
/** For tests that leave nothing but drafts. */
const world = () => (shared ??= build());

const draftOf = (w: Built, more: object = {}) => ({
  input: {
    title: "Power to water",
    fromGroupId: w.group.power,
    toGroupId: w.group.water,
    terms: { kinds: ["INCIDENT"], tlpCeiling: "AMBER" },
    ...more,
  },
});
const VERSION = "id number state effectiveFrom effectiveUntil signWithin";
interface Version {
  id: string;
  number: number;
  state: string;
  effectiveFrom: string | null;
}
const stateOf = async (id: string | undefined): Promise<string | undefined> =>
  (await hub.operator.ask<Version>("node", { id }, "... on AgreementVersion { state }")).state;

describe("a version", () => {
  test("is a draft, then in force at once where it names no date", async () => {
    const w = await build();
    const draft = await w.as.fromSide.do<Version>("draftAgreement", draftOf(w), VERSION);
    expect(draft).toEqual({
      id: expect.any(String),
      number: 1,
      state: "DRAFT",
      effectiveFrom: null,
      effectiveUntil: null,
      signWithin: "P30D",
    });
    const proposed = await w.as.fromSide.do<Version>(
      "proposeAgreement",
      { versionId: draft.id },
      VERSION,
    );
    expect(proposed.state).toBe("IN_FORCE");
    expect(proposed.effectiveFrom).not.toBeNull();
  });

  test("is proposed until its date comes, and ends with its last instant", async () => {
    const w = await build();
    const dates = { effectiveFrom: hub.clock.in(HOUR), effectiveUntil: hub.clock.in(2 * HOUR) };
    const id = await agree(w, { from: "power", to: "water", signedBy: ["acme", "beta"], ...dates });
    expect(await stateOf(id)).toBe("PROPOSED");
    hub.clock.advance(HOUR - 1);
    expect(await stateOf(id)).toBe("PROPOSED");
    hub.clock.advance(1);
    expect(await stateOf(id)).toBe("IN_FORCE");
    hub.clock.advance(HOUR - 1);
    expect(await stateOf(id)).toBe("IN_FORCE");
    hub.clock.advance(1);
    expect(await stateOf(id)).toBe("TERMINATED");
  });

  test("takes the defaults of the terms where a null is given", async () => {
    const w = await world();
    const terms = {
      kinds: ["INDICATOR"],
      tlpCeiling: "GREEN",
      papCeiling: null,
      attribution: null,
      withheldFields: null,
      onward: null,
      requiresApproval: null,
      retroactive: null,
      retention: null,
      purposes: null,
    };
    const made = await hub.operator.do(
      "draftAgreement",
      draftOf(w, { terms, signWithin: null, effectiveFrom: null, effectiveUntil: null }),
      `signWithin terms { kinds tlpCeiling papCeiling attribution withheldFields onward requiresApproval retroactive
        retention purposes }`,
    );
    expect(made).toEqual({
      signWithin: "P30D",
      terms: {
        kinds: ["INDICATOR"],
        tlpCeiling: "GREEN",
        papCeiling: "RED",
        attribution: "ANONYMOUS",
        withheldFields: [],
        onward: false,
        requiresApproval: true,
        retroactive: false,
        retention: null,
        purposes: [],
      },
    });
  });

  test("keeps the terms that it was given", async () => {
    const w = await world();
    const terms = {
      kinds: ["INCIDENT", "SIGHTING"],
      tlpCeiling: "AMBER_STRICT",
      papCeiling: "GREEN",
      attribution: "SECTOR_ONLY",
      withheldFields: ["damage", "contact"],
      onward: true,
      requiresApproval: false,
      retroactive: true,
      retention: "P90D",
      purposes: ["DETECTION", "RESPONSE"],
    };
    const made = await hub.operator.do(
      "draftAgreement",
      draftOf(w, { terms, signWithin: "P7D" }),
      `signWithin terms { ${Object.keys(terms).join(" ")} }`,
    );
    expect(made).toEqual({ signWithin: "P7D", terms });
  });

  test.each([
    ["input.title", { title: " " }],
    ["input.terms.kinds", { terms: { kinds: [], tlpCeiling: "AMBER" } }],
    [
      "input.terms.withheldFields.1",
      {
        terms: { kinds: ["INCIDENT"], tlpCeiling: "AMBER", withheldFields: ["victim", "victims"] },
      },
    ],
    [
      "input.terms.purposes.0",
      { terms: { kinds: ["INCIDENT"], tlpCeiling: "AMBER", purposes: ["MARKETING"] } },
    ],
    [
      "input.terms.retention",
      { terms: { kinds: ["INCIDENT"], tlpCeiling: "AMBER", retention: "PT0S" } },
    ],
    ["input.effectiveFrom", { effectiveFrom: "2020-01-01T00:00:00Z" }],
    ["input.effectiveUntil", { effectiveUntil: "2020-01-01T00:00:00Z" }],
    [
      "input.effectiveUntil",
      { effectiveFrom: "2100-01-02T00:00:00Z", effectiveUntil: "2100-01-02T00:00:00Z" },
    ],
  ])("is refused for a wrong %s, which is named", async (path, more) => {
    const w = await world();
    const refusal = await hub.operator.refused("draftAgreement", draftOf(w, more));
    expect(refusal.code).toBe("BAD_USER_INPUT");
    expect(Object.keys(refusal.issues)).toEqual([path]);
  });

  test.each(["1 month", "30", "P", "PT", "P-1D", "P1.5D"])(
    "is refused for a retention of %j, which is no duration",
    async (retention) => {
      const w = await world();
      const terms = { kinds: ["INCIDENT"], tlpCeiling: "AMBER", retention };
      expect(await hub.operator.code("draftAgreement", draftOf(w, { terms }))).toBe(
        "BAD_USER_INPUT",
      );
    },
  );

  test("of unknown groups is NOT_FOUND", async () => {
    const w = await world();
    const toGroupId = "group_00000000-0000-4000-8000-000000000000";
    expect(await hub.operator.code("draftAgreement", draftOf(w, { toGroupId }))).toBe("NOT_FOUND");
  });
});

describe("further versions", () => {
  test("are numbered within the one agreement of the pair, and supersede at their date", async () => {
    const w = await build();
    const first = await agree(w, { from: "power", to: "water", signedBy: ["acme", "beta"] });
    const second = await agree(w, {
      from: "power",
      to: "water",
      effectiveFrom: hub.clock.in(HOUR),
    });
    const agreement = () =>
      hub.operator.ask(
        "node",
        { id: w.group.power },
        "... on SectorGroup { agreements { inForce { id } versions { id number state } } }",
      );
    expect(await agreement()).toEqual({
      agreements: [
        {
          inForce: { id: first },
          versions: [
            { id: first, number: 1, state: "IN_FORCE" },
            { id: second, number: 2, state: "PROPOSED" },
          ],
        },
      ],
    });
    hub.clock.advance(HOUR);
    expect(await agreement()).toMatchObject({
      agreements: [
        { inForce: { id: second }, versions: [{ state: "SUPERSEDED" }, { state: "IN_FORCE" }] },
      ],
    });
    // What was superseded does not come back when its successor is terminated.
    await hub.operator.do("terminateAgreement", { versionId: second, reason: "x" });
    expect(await agreement()).toMatchObject({
      agreements: [{ inForce: null, versions: [{ state: "SUPERSEDED" }, { state: "TERMINATED" }] }],
    });
  });

  test("that are terminated before their date leave the present one in force", async () => {
    const w = await build();
    const first = await agree(w, { from: "power", to: "water" });
    const second = await agree(w, {
      from: "power",
      to: "water",
      effectiveFrom: hub.clock.in(HOUR),
    });
    await hub.operator.do("terminateAgreement", { versionId: second, reason: "Not after all" });
    hub.clock.advance(HOUR);
    expect([await stateOf(first), await stateOf(second)]).toEqual(["IN_FORCE", "TERMINATED"]);
  });

  test("are never edited: a version is proposed once, and not after a later one", async () => {
    const w = await build();
    const one = await hub.operator.do("draftAgreement", draftOf(w));
    const two = await hub.operator.do("draftAgreement", draftOf(w));
    await hub.operator.do("proposeAgreement", { versionId: two.id });
    expect(await hub.operator.code("proposeAgreement", { versionId: two.id })).toBe("CONFLICT");
    expect(await hub.operator.code("proposeAgreement", { versionId: one.id })).toBe("CONFLICT");
  });

  test("whose date has passed before they are proposed are refused", async () => {
    const w = await world();
    const effectiveFrom = hub.clock.in(HOUR);
    const { id } = await hub.operator.do("draftAgreement", draftOf(w, { effectiveFrom }));
    hub.clock.advance(2 * HOUR);
    expect(await hub.operator.code("proposeAgreement", { versionId: id })).toBe("BAD_USER_INPUT");
  });

  test("that never came into force give nobody anything, then or later", async () => {
    const w = await build();
    const id = await makeIncident(w.as.acme);
    const [soon, later] = [hub.clock.in(HOUR), hub.clock.in(2 * HOUR)];
    const everyone = ["acme", "beta"] as const;
    const agreed = { from: "power", to: "water", signedBy: everyone };
    // One is terminated before its date, the other superseded at its own instant.
    const first = await agree(w, { ...agreed, effectiveFrom: soon });
    const second = await agree(w, { ...agreed, effectiveFrom: later });
    const third = await agree(w, {
      ...agreed,
      effectiveFrom: later,
      terms: { kinds: ["ADVISORY"] },
    });
    const release = { input: { itemId: id, groupIds: [w.group.water], tlp: "AMBER" } };
    expect(await w.as.acme.code("releaseItem", release)).toBe("BAD_USER_INPUT");
    expect(await w.as.beta.ask("viewer", {}, "grants { kind }")).toEqual({ grants: [] });
    await w.as.toSide.do("terminateAgreement", { versionId: first, reason: "Not after all" });
    hub.clock.advance(HOUR);
    expect([await stateOf(first), await stateOf(second)]).toEqual(["TERMINATED", "PROPOSED"]);
    expect(await w.as.beta.ask("viewer", {}, "grants { kind }")).toEqual({ grants: [] });
    hub.clock.advance(HOUR);
    expect([await stateOf(second), await stateOf(third)]).toEqual(["SUPERSEDED", "IN_FORCE"]);
    expect(await w.as.beta.ask("viewer", {}, "grants { agreementVersion { id } }")).toEqual({
      grants: [{ agreementVersion: { id: third } }],
    });
    expect(await w.as.acme.code("releaseItem", release)).toBe("BAD_USER_INPUT");
    expect(await w.as.beta.ask("incident", { id })).toBeNull();
  });

  test("give who has signed only the older one the narrower of the two, for signWithin", async () => {
    const w = await build();
    const terms = { attribution: "NAMED", withheldFields: [] };
    await agree(w, { from: "power", to: "water", signedBy: ["acme", "beta"], terms });
    await agree(w, {
      from: "power",
      to: "water",
      signedBy: ["acme"],
      signWithin: "P5D",
      terms: { attribution: "SECTOR_ONLY", withheldFields: ["category"] },
    });
    const id = await makeIncident(w.as.acme, {
      title: "T",
      attribution: "NAMED",
      severity: "high",
    });
    await release(w.as.acme, id, { groupIds: [w.group.water], withheldFields: [] });
    expect(
      await w.as.beta.ask("incident", { id }, "category severity source { attribution }"),
    ).toEqual({ category: null, severity: "high", source: { attribution: "SECTOR_ONLY" } });
    hub.clock.advance(5 * DAY + SECOND);
    expect(await w.as.beta.ask("incident", { id })).toBeNull();
    expect(await w.as.beta.ask("viewer", {}, "grants { kind }")).toEqual({ grants: [] });
  });
});

describe("who may", () => {
  test("draft: either side's coordinator; propose: the from side's or the operator; terminate: either side's", async () => {
    const w = await build();
    const { id: versionId } = await w.as.toSide.do("draftAgreement", draftOf(w));
    expect(await w.as.toSide.code("proposeAgreement", { versionId })).toBe("FORBIDDEN");
    expect(["FORBIDDEN", "NOT_FOUND"]).toContain(
      await w.as.acme.code("proposeAgreement", { versionId }),
    );
    await w.as.fromSide.do("proposeAgreement", { versionId });
    expect(await w.as.acme.code("terminateAgreement", { versionId, reason: "x" })).toBe(
      "FORBIDDEN",
    );
    expect(await w.as.toSide.do("terminateAgreement", { versionId, reason: "x" }, "state")).toEqual(
      { state: "TERMINATED" },
    );
    expect(await w.as.fromSide.code("terminateAgreement", { versionId, reason: "x" })).toBe(
      "CONFLICT",
    );
  });

  test("see a draft: coordinators and the operator alone", async () => {
    const w = await world();
    const { id } = await w.as.fromSide.do("draftAgreement", draftOf(w));
    for (const client of [w.as.fromSide, w.as.toSide, hub.operator])
      expect(await client.ask("node", { id })).toEqual({ id });
    for (const client of [w.as.acme, w.as.beta, w.as.house, hub.anonymous])
      expect(await client.ask("node", { id })).toBeNull();
    expect(await w.as.acme.code("signAgreement", { versionId: id })).toBe("NOT_FOUND");
  });

  test("see a draft that was given up: they alone as before; it cannot be proposed, and is told to nobody", async () => {
    const w = await build();
    const { id } = await w.as.toSide.do("draftAgreement", draftOf(w));
    const alerts = await hub.subscribe(w.as.acme);
    expect(
      await w.as.fromSide.do("terminateAgreement", { versionId: id, reason: "No" }, "state"),
    ).toEqual({ state: "TERMINATED" });
    for (const client of [w.as.fromSide, w.as.toSide, hub.operator])
      expect(await client.ask("node", { id })).toEqual({ id });
    const agreements = "... on SectorGroup { agreements { id } }";
    for (const client of [w.as.acme, w.as.beta, w.as.house, hub.anonymous])
      expect(await client.ask("node", { id })).toBeNull();
    expect(await w.as.acme.ask("node", { id: w.group.power }, agreements)).toEqual({
      agreements: [],
    });
    expect(await alerts.rest()).toEqual([]);
    expect(await w.as.fromSide.code("proposeAgreement", { versionId: id })).toBe("CONFLICT");
  });

  test("see a draft beside a version in force: members see that version alone", async () => {
    const w = await build();
    const inForce = await agree(w, { from: "power", to: "water" });
    const { id: draft } = await w.as.fromSide.do("draftAgreement", draftOf(w));
    const versions = "... on SectorGroup { agreements { versions { id } } }";
    const seen = async (client: typeof w.as.acme): Promise<string[]> =>
      (
        await client.ask<{ agreements: { versions: { id: string }[] }[] }>(
          "node",
          { id: w.group.water },
          versions,
        )
      ).agreements.flatMap((a) => a.versions.map((v) => v.id));
    for (const client of [w.as.fromSide, w.as.toSide, hub.operator])
      expect(await seen(client)).toEqual([inForce, draft]);
    for (const client of [w.as.acme, w.as.beta]) expect(await seen(client)).toEqual([inForce]);
  });

  test("see who has not signed: each coordinator the members of its own group, the operator all", async () => {
    const w = await build();
    const versionId = await agree(w, { from: "power", to: "water" });
    const open = async (client: typeof w.as.acme): Promise<string[]> =>
      (
        await client.ask<{ unsigned: { id: string }[] }>(
          "node",
          { id: versionId },
          "... on AgreementVersion { unsigned { id } }",
        )
      ).unsigned
        .map((o) => o.id)
        .toSorted();
    const signers = (client: typeof w.as.acme) =>
      client.ask(
        "node",
        { id: versionId },
        "... on AgreementVersion { signatures { organization { id } } }",
      );
    expect(await open(w.as.fromSide)).toEqual([w.org.acme]);
    expect(await open(w.as.toSide)).toEqual([w.org.beta]);
    expect(await open(hub.operator)).toEqual([w.org.acme, w.org.beta].toSorted());
    await w.as.beta.do("signAgreement", { versionId });
    expect([await open(w.as.fromSide), await open(w.as.toSide)]).toEqual([[w.org.acme], []]);
    const beta = { signatures: [{ organization: { id: w.org.beta } }] };
    expect(await signers(w.as.toSide)).toEqual(beta);
    expect(await signers(hub.operator)).toEqual(beta);
    for (const client of [w.as.fromSide, w.as.acme])
      expect(await signers(client)).toEqual({ signatures: [] });
    // Who is suspended owes no signature.
    await hub.operator.do("suspendMembership", { id: w.membership["acme power"], reason: "x" });
    expect(await open(w.as.fromSide)).toEqual([]);
  });

  test("a termination needs a reason", async () => {
    const w = await build();
    const versionId = await agree(w, { from: "power", to: "water" });
    const refusal = await hub.operator.refused("terminateAgreement", { versionId, reason: " " });
    expect(Object.keys(refusal.issues)).toEqual(["reason"]);
  });
});

describe("signing", () => {
  test("names the organization, the person and the time, and is idempotent", async () => {
    const w = await build();
    const versionId = await agree(w, { from: "power", to: "water", signedBy: ["acme"] });
    const selection = "signatures { organization { id } signedBy { id } signedAt }";
    const once = await w.as.acme.do("signAgreement", { versionId }, selection);
    expect(once).toEqual({
      signatures: [
        {
          organization: { id: w.org.acme },
          signedBy: { id: w.account.acme },
          signedAt: expect.any(String),
        },
      ],
    });
    hub.clock.advance(DAY);
    expect(await w.as.acme.do("signAgreement", { versionId }, selection)).toEqual(once);
  });

  test("is possible while proposed and in force, not after", async () => {
    const w = await build();
    const versionId = await agree(w, {
      from: "power",
      to: "water",
      effectiveFrom: hub.clock.in(HOUR),
      signedBy: ["acme"],
    });
    hub.clock.advance(HOUR);
    await w.as.beta.do("signAgreement", { versionId });
    await hub.operator.do("terminateAgreement", { versionId, reason: "x" });
    expect(await w.as.beta.code("signAgreement", { versionId })).toBe("CONFLICT");
  });

  test("is for active members of either group", async () => {
    const w = await build();
    const versionId = await agree(w, { from: "power", to: "water" });
    await hub.operator.do("suspendMembership", { id: w.membership["beta water"], reason: "x" });
    expect(await w.as.beta.code("signAgreement", { versionId })).toBe("FORBIDDEN");
    expect(["FORBIDDEN", "NOT_FOUND"]).toContain(
      await w.as.house.code("signAgreement", { versionId }),
    );
  });

  test("gives a grant from its own moment on, in the to group alone", async () => {
    const w = await build();
    const versionId = await agree(w, { from: "power", to: "water", signedBy: ["acme", "beta"] });
    const grants = "grants { kind until group { id } agreementVersion { id } }";
    expect(await w.as.beta.ask("viewer", {}, grants)).toEqual({
      grants: [
        {
          kind: "AGREEMENT",
          until: null,
          group: { id: w.group.water },
          agreementVersion: { id: versionId },
        },
      ],
    });
    expect(await w.as.acme.ask("viewer", {}, grants)).toEqual({ grants: [] });
  });

  test("a terminated agreement ends reading at once", async () => {
    const w = await build();
    const versionId = await agree(w, { from: "power", to: "water", signedBy: ["acme", "beta"] });
    const id = await makeIncident(w.as.acme);
    await release(w.as.acme, id, { groupIds: [w.group.water] });
    expect(await w.as.beta.ask("incident", { id })).toEqual({ id });
    await hub.operator.do("terminateAgreement", { versionId, reason: "x" });
    expect(await w.as.beta.ask("incident", { id })).toBeNull();
    expect(await w.as.beta.ask("incidents", {}, "totalCount")).toEqual({ totalCount: 0 });
  });
});
