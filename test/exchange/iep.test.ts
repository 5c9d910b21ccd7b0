import fc from "fast-check";
import type { Client } from "../support/client";
import { DAY, HOUR, startTestHub, type TestHub } from "../support/hub";
import { buildWorld } from "../support/world";
import { MARK, policies, POLICY, type Policy, READINGS, whole } from "./iep-policies";

const SEED = Number(process.env.SEED ?? 20_260_302);
const RUNS = Number(process.env.RUNS ?? 40);

let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
});
afterAll(() => hub.stop());

const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta", "house"],
    accounts: {
      fromSide: { of: "house", roles: ["READER"] },
      toSide: { of: "house", roles: ["READER"] },
      elsewhere: { of: "house", roles: ["READER"] },
    },
    groups: {
      power: { members: ["acme"], coordinators: ["fromSide"] },
      water: { members: ["beta"], coordinators: ["toSide"] },
      other: { members: [], coordinators: ["elsewhere"] },
    },
  });

interface Version {
  id: string;
  agreement: { title: string };
  signWithin: string;
  effectiveFrom: string | null;
  effectiveUntil: string | null;
  terms: Record<string, unknown>;
  iep: Policy;
}
const VERSION = `id signWithin effectiveFrom effectiveUntil iep agreement { title } terms { kinds tlpCeiling papCeiling
  attribution withheldFields onward requiresApproval retroactive retention purposes }`;

const inputOf = (iep: unknown, more: object = {}) => ({
  input: {
    iep,
    fromGroupId: w.group.power,
    toGroupId: w.group.water,
    kinds: ["INCIDENT"],
    purposes: ["DETECTION"],
    ...more,
  },
});
const draft = (iep: unknown, more: object = {}, by: Client = hub.operator): Promise<Version> =>
  by.do<Version>("draftAgreementFromIep", inputOf(iep, more), VERSION);
const iepOf = async (id: string, by: Client = hub.operator): Promise<Policy | null | undefined> =>
  (await by.ask<{ iep: Policy } | null>("node", { id }, "... on AgreementVersion { iep }"))?.iep;

/** A version drafted from terms, without a policy. */
const plain = (terms: object = {}, more: object = {}): Promise<Version> =>
  hub.operator.do<Version>(
    "draftAgreement",
    {
      input: {
        title: "Power to water",
        fromGroupId: w.group.power,
        toGroupId: w.group.water,
        terms: { kinds: ["INCIDENT"], tlpCeiling: "AMBER", ...terms },
        ...more,
      },
    },
    VERSION,
  );

describe("a policy that comes in", () => {
  test("becomes a draft: name, period and terms; what IEP lacks is as strict as can be", async () => {
    const end = hub.clock.in(400 * DAY);
    const version = await draft({ ...POLICY, end_date: end });
    expect(version).toEqual({
      id: expect.any(String),
      agreement: { title: expect.any(String) },
      signWithin: "P30D",
      // It began in 2017: from the moment of proposal.
      effectiveFrom: null,
      effectiveUntil: end,
      terms: {
        kinds: ["INCIDENT"],
        tlpCeiling: "AMBER",
        papCeiling: "CLEAR",
        attribution: "ANONYMOUS",
        withheldFields: ["technical", "damage", "identity"],
        onward: false,
        requiresApproval: true,
        retroactive: false,
        retention: null,
        purposes: ["DETECTION"],
      },
      iep: { ...POLICY, end_date: end },
    });
    await hub.operator.do("proposeAgreement", { versionId: version.id });
    const titled = "... on AgreementVersion { agreement { title } }";
    expect(await hub.operator.ask("node", { id: version.id }, titled)).toEqual({
      agreement: { title: POLICY.name },
    });
  });

  test("takes what IEP lacks from the input, and the defaults for null", async () => {
    const said = {
      kinds: ["INDICATOR", "SIGHTING"],
      purposes: [],
      withheldFields: ["victim"],
      onward: true,
      requiresApproval: false,
      retroactive: true,
      retention: "P90D",
    };
    const version = await draft(POLICY, { ...said, signWithin: "P7D" });
    expect(version).toMatchObject({ signWithin: "P7D", terms: said });
    const nothing = {
      withheldFields: null,
      onward: null,
      requiresApproval: null,
      retroactive: null,
      retention: null,
      signWithin: null,
    };
    const { signWithin, terms } = await draft(POLICY);
    expect(await draft(POLICY, nothing)).toMatchObject({ signWithin, terms });
  });

  test.each(Object.entries(READINGS.tlp))(
    "with tlp %s covers up to %s",
    async (tlp, tlpCeiling) => {
      for (const word of [tlp, tlp.toUpperCase(), `TLP:${tlp.toUpperCase()}`]) {
        expect((await draft({ ...POLICY, tlp: word })).terms).toMatchObject({ tlpCeiling });
      }
    },
  );

  test("with TLP:CLEAR or AMBER+STRICT comes out in the words of IEP 2.0, and in again as it was", async () => {
    const clear = await draft({ ...POLICY, tlp: "CLEAR" });
    expect(clear.iep).toEqual({ ...POLICY, tlp: "white" });
    const strict = await draft({ ...POLICY, tlp: "AMBER+STRICT" });
    const { tlp, external_references: urls } = strict.iep;
    // Red permits no more than amber+strict does; the reference says what is meant.
    expect([tlp, urls]).toEqual([
      "red",
      [...(POLICY.external_references as string[]), `${MARK}tlpCeiling:AMBER_STRICT`],
    ]);
    const again = await draft(strict.iep);
    expect([again.terms, again.iep]).toEqual([strict.terms, strict.iep]);
  });

  test.each(Object.entries(READINGS.permitted_actions))(
    "with permitted_actions %s covers up to PAP:%s",
    async (permitted_actions, papCeiling) => {
      const version = await draft({ ...POLICY, permitted_actions });
      expect(version.terms).toMatchObject({ papCeiling });
      expect(version.iep).toEqual({ ...POLICY, permitted_actions });
    },
  );

  test.each(Object.entries(READINGS.attribution))(
    "with attribution %s tells at most %s",
    async (said, attribution) => {
      const version = await draft({ ...POLICY, attribution: said });
      expect(version.terms).toMatchObject({ attribution });
      expect(version.iep).toEqual({ ...POLICY, attribution: said });
    },
  );

  test("begins and ends when it says", async () => {
    const [start, end] = [hub.clock.in(DAY), hub.clock.in(2 * DAY)];
    const version = await draft({ ...POLICY, start_date: start, end_date: end });
    expect(version).toMatchObject({ effectiveFrom: start, effectiveUntil: end });
    const offset = { start_date: "2030-01-01T09:00:00+09:00", end_date: "2031-01-01T00:00:00Z" };
    expect(await draft({ ...POLICY, ...offset })).toMatchObject({
      effectiveFrom: "2030-01-01T00:00:00.000Z",
      effectiveUntil: "2031-01-01T00:00:00.000Z",
      iep: offset,
    });
  });

  test("is taken as a literal in the document as well", async () => {
    const { data } = await hub.operator.query(
      `mutation { draftAgreementFromIep(input: { fromGroupId: "${w.group.power}", toGroupId: "${w.group.water}",
        kinds: [INCIDENT], purposes: [], iep: { id: "${String(POLICY.id)}", name: "Inline", iep_version: 2.0, tlp: "green",
        permitted_actions: "none", attribution: "may" } }) { iep } }`,
    );
    expect(data).toMatchObject({
      draftAgreementFromIep: { iep: { name: "Inline", tlp: "green" } },
    });
  });

  test("comes out as it went in, whatever it says; and goes in again to the same terms", async () => {
    await fc.assert(
      fc.asyncProperty(policies, async (policy) => {
        const version = await draft(policy);
        expect(version.iep).toEqual(whole(policy));
        const again = await draft(version.iep);
        expect([again.terms, again.effectiveFrom, again.effectiveUntil, again.iep]).toEqual([
          version.terms,
          version.effectiveFrom,
          version.effectiveUntil,
          version.iep,
        ]);
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });
});

describe("a version that goes out", () => {
  test("says its terms as strictly as IEP can, under its own UUID", async () => {
    const end = hub.clock.in(30 * DAY);
    const start = hub.clock.in(DAY);
    const version = await plain({}, { effectiveFrom: start, effectiveUntil: end });
    expect(version.iep).toEqual({
      id: version.id.replace("version_", ""),
      name: "Power to water",
      description: expect.stringMatching(
        /^Version \d+ of the sharing agreement from Group power to Group water\.$/,
      ),
      iep_version: 2,
      start_date: start,
      end_date: end,
      encrypt_in_transit: "must",
      permitted_actions: "none",
      affected_party_notifications: "must-not",
      tlp: "amber",
      attribution: "must-not",
      unmodified_resale: "must-not",
      external_references: [],
    });
    const { data } = await hub.operator.query<{ node: { iep: Policy } }>(
      `{ node(id: "${version.id}") { ... on AgreementVersion { iep } } }`,
    );
    expect(JSON.stringify(data?.node.iep)).toBe(JSON.stringify(version.iep));
  });

  test("comes in again to the same terms, whatever they are", async () => {
    const some = fc.record({
      tlpCeiling: fc.constantFrom("CLEAR", "GREEN", "AMBER", "AMBER_STRICT", "RED"),
      papCeiling: fc.constantFrom("CLEAR", "GREEN", "AMBER", "RED"),
      attribution: fc.constantFrom("ANONYMOUS", "SECTOR_ONLY", "NAMED"),
      kinds: fc.subarray(["INCIDENT", "INDICATOR", "ADVISORY", "SIGHTING"], { minLength: 1 }),
      purposes: fc.subarray(["DETECTION", "RESPONSE", "RESEARCH", "STATISTICS"]),
      withheldFields: fc.subarray(["technical", "damage", "identity", "victim", "pattern"]),
      onward: fc.boolean(),
      requiresApproval: fc.boolean(),
      retroactive: fc.boolean(),
      retention: fc.option(fc.constantFrom("P1D", "P1Y", "PT12H")),
    });
    await fc.assert(
      fc.asyncProperty(some, async (terms) => {
        const version = await plain(terms);
        expect(version.terms).toEqual(terms);
        const { tlpCeiling, papCeiling, attribution, ...lacking } = terms;
        const again = await draft(version.iep, lacking);
        expect(again.terms).toEqual({ tlpCeiling, papCeiling, attribution, ...lacking });
        expect(again.iep).toEqual(version.iep);
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });

  test("never permits more than its terms, to whoever reads the words alone", async () => {
    const tlp = await Promise.all(
      ["CLEAR", "GREEN", "AMBER", "AMBER_STRICT", "RED"].map(
        async (tlpCeiling) => (await plain({ tlpCeiling })).iep.tlp,
      ),
    );
    expect(tlp).toEqual(["white", "green", "amber", "red", "red"]);
    const actions = await Promise.all(
      ["CLEAR", "GREEN", "AMBER", "RED"].map(
        async (papCeiling) => (await plain({ papCeiling })).iep.permitted_actions,
      ),
    );
    expect(actions).toEqual([
      "externally-visible-direct-actions",
      "externally-visible-indirect-actions",
      "internally-visible-actions",
      "none",
    ]);
    const attributions = await Promise.all(
      ["ANONYMOUS", "SECTOR_ONLY", "NAMED"].map(
        async (attribution) => (await plain({ attribution })).iep.attribution,
      ),
    );
    expect(attributions).toEqual(["must-not", "may", "may"]);
  });

  test("says no longer a period than the version has, once it is terminated or superseded", async () => {
    const { id } = await draft(POLICY);
    await hub.operator.do("proposeAgreement", { versionId: id });
    const begun = await iepOf(id);
    expect(Date.parse(String(begun?.start_date))).toBeGreaterThanOrEqual(hub.clock.now());
    expect(begun).toEqual({ ...POLICY, start_date: begun?.start_date });
    const next = await plain({}, { effectiveFrom: hub.clock.in(HOUR) });
    await hub.operator.do("proposeAgreement", { versionId: next.id });
    expect(await iepOf(id)).toEqual({ ...begun, end_date: hub.clock.in(HOUR) });
    await hub.operator.do("terminateAgreement", { versionId: next.id, reason: "x" });
    expect(await iepOf(id)).toEqual(begun);
    const never = await iepOf(next.id);
    expect(never?.end_date).toBe(never?.start_date);
    await hub.operator.do("terminateAgreement", { versionId: id, reason: "x" });
    const ended = await iepOf(id);
    expect(Date.parse(String(ended?.end_date))).toBeLessThanOrEqual(hub.clock.now() + HOUR);
  });
});

describe("who may", () => {
  test("draft from a policy: whoever may draft, and nobody else", async () => {
    for (const by of [w.as.fromSide, w.as.toSide, hub.operator])
      expect((await draft(POLICY, {}, by)).iep).toEqual(POLICY);
    for (const by of [w.as.acme, w.as.beta, w.as.house, w.as.elsewhere])
      expect(await by.code("draftAgreementFromIep", inputOf(POLICY))).toBe("FORBIDDEN");
    expect(await hub.anonymous.code("draftAgreementFromIep", inputOf(POLICY))).toBe(
      "UNAUTHENTICATED",
    );
    const toGroupId = "group_00000000-0000-4000-8000-000000000000";
    expect(await hub.operator.code("draftAgreementFromIep", inputOf(POLICY, { toGroupId }))).toBe(
      "NOT_FOUND",
    );
  });

  test("read a policy: whoever may read the version; to all others it is not there", async () => {
    const { id } = await draft(POLICY);
    for (const by of [w.as.fromSide, w.as.toSide, hub.operator])
      expect(await iepOf(id, by)).toEqual(POLICY);
    for (const by of [w.as.acme, w.as.beta, w.as.elsewhere, hub.anonymous])
      expect(await iepOf(id, by)).toBeUndefined();
    await hub.operator.do("proposeAgreement", { versionId: id });
    for (const by of [w.as.acme, w.as.beta])
      expect(await iepOf(id, by)).toMatchObject({ name: POLICY.name });
    for (const by of [w.as.elsewhere, hub.anonymous]) expect(await iepOf(id, by)).toBeUndefined();
  });
});
