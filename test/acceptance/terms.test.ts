import fc from "fast-check";
import { type Policy, POLICY, READINGS } from "../exchange/iep-policies";
import { DAY, startTestHub, type TestHub } from "../support/hub";
import { buildWorld, makeIncident } from "../support/world";

/**
 * Case 7: of several terms and markings the strictest of each axis wins. Two versions, both drafted from IEP policies;
 * the recipient has signed the first alone, and within `signWithin` of the second it has the narrower of the two.
 */

const SEED = Number(process.env.SEED ?? 20_260_302);
const RUNS = Number(process.env.RUNS ?? 12);
const TLPS = ["CLEAR", "GREEN", "AMBER", "AMBER_STRICT"] as const;
const PAPS = ["CLEAR", "GREEN", "AMBER", "RED"] as const;
const ATTRIBUTIONS = ["ANONYMOUS", "SECTOR_ONLY", "NAMED"] as const;

let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta"],
    groups: { power: { members: ["acme"], sector: "power" }, water: { members: ["beta"] } },
  });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
});
afterAll(() => hub.stop());

const words = <T extends object>(readings: T) =>
  fc.constantFrom(...(Object.keys(readings) as (keyof T & string)[]));
const side = fc.record({
  tlp: words(READINGS.tlp),
  permitted_actions: words(READINGS.permitted_actions),
  attribution: words(READINGS.attribution),
  kinds: fc.constantFrom<string[]>(["INCIDENT"], ["INCIDENT", "ADVISORY"], ["ADVISORY"]),
  withheldFields: fc.subarray<string>(["damage", "category", "identity"]),
  retention: fc.constantFrom(null, 5, 10),
});
type Side = typeof side extends fc.Arbitrary<infer T> ? T : never;

/** A version that is in force and signed. */
async function inForce(terms: Side, signers: ("acme" | "beta")[]): Promise<void> {
  const { kinds, withheldFields, retention, ...statements } = terms;
  const iep: Policy = { ...POLICY, ...statements };
  const { id: versionId } = await hub.operator.do("draftAgreementFromIep", {
    input: {
      iep,
      fromGroupId: w.group.power,
      toGroupId: w.group.water,
      kinds,
      purposes: [],
      withheldFields,
      retention: retention && `P${retention}D`,
    },
  });
  await hub.operator.do("proposeAgreement", { versionId });
  for (const signer of signers) await w.as[signer].do("signAgreement", { versionId });
}

/** The strictest of both sides on one axis, in the order of `scale`. */
const least = <T>(scale: readonly T[], a: T, b: T): number =>
  Math.min(scale.indexOf(a), scale.indexOf(b));
const scaleOfTlp = [...TLPS, "RED"] as const;
const covers = (of: Side, tlp: (typeof TLPS)[number], pap: (typeof PAPS)[number]): boolean =>
  of.kinds.includes("INCIDENT") &&
  scaleOfTlp.indexOf(tlp) <= scaleOfTlp.indexOf(READINGS.tlp[of.tlp]) &&
  PAPS.indexOf(pap) <= PAPS.indexOf(READINGS.permitted_actions[of.permitted_actions]);

interface Seen {
  category: string | null;
  severity: string | null;
  source: { attribution: string };
  access: { until: string | null }[];
}
const SEEN = "category severity source { attribution } access { until }";

test("under two policies that differ the recipient has the strictest of each axis", async () => {
  await fc.assert(
    fc.asyncProperty(side, side, async (a, b) => {
      await inForce(a, ["acme", "beta"]);
      await inForce(b, ["acme"]);
      const tlpCeiling = least(scaleOfTlp, READINGS.tlp[a.tlp], READINGS.tlp[b.tlp]);
      const papCeiling = least(
        PAPS,
        READINGS.permitted_actions[a.permitted_actions],
        READINGS.permitted_actions[b.permitted_actions],
      );
      const covered = a.kinds.includes("INCIDENT") && b.kinds.includes("INCIDENT");
      const withheld = new Set([...a.withheldFields, ...b.withheldFields]);
      const told =
        ATTRIBUTIONS[
          least(
            ATTRIBUTIONS,
            READINGS.attribution[a.attribution],
            READINGS.attribution[b.attribution],
          )
        ];
      const days = Math.min(a.retention ?? 30, b.retention ?? 30);
      await Promise.all(
        TLPS.flatMap((tlp, t) =>
          PAPS.map(async (pap, p) => {
            const id = await makeIncident(w.as.acme, {
              tlp,
              pap,
              attribution: "NAMED",
              severity: "high",
            });
            const input = { itemId: id, groupIds: [w.group.water], tlp, withheldFields: [] };
            // What the version in force does not cover is not released at all.
            if (covers(b, tlp, pap)) await w.as.acme.do("releaseItem", { input });
            else expect(await w.as.acme.code("releaseItem", { input })).toBe("BAD_USER_INPUT");
            const seen = await w.as.beta.ask<Seen | null>("incident", { id }, SEEN);
            if (!covered || t > tlpCeiling || p > papCeiling) return expect(seen).toBeNull();
            const until = Date.parse(seen?.access[0]?.until ?? "") - hub.clock.now();
            expect({ ...seen, access: Math.round(until / DAY) }).toEqual({
              category: withheld.has("category") ? null : "malicious-code",
              severity: withheld.has("damage") ? null : "high",
              source: {
                attribution: withheld.has("identity") && told === "NAMED" ? "SECTOR_ONLY" : told,
              },
              access: days,
            });
          }),
        ),
      );
    }),
    { seed: SEED, numRuns: RUNS },
  );
}, 120_000);

test("the markings of an item stay where the policy is laxer, and the item stays away where the policy is too lax for it", async () => {
  const strict: Side = {
    tlp: "red",
    permitted_actions: "none",
    attribution: "must",
    kinds: ["INCIDENT"],
    withheldFields: [],
    retention: null,
  };
  await inForce(strict, ["acme", "beta"]);
  const id = await makeIncident(w.as.acme, { tlp: "AMBER_STRICT", pap: "RED" });
  const released = { itemId: id, groupIds: [w.group.water], tlp: "AMBER_STRICT" };
  await w.as.acme.do("releaseItem", { input: released });
  expect(await w.as.beta.ask("incident", { id }, "tlp pap")).toEqual({
    tlp: "AMBER_STRICT",
    pap: "RED",
  });
  await inForce({ ...strict, tlp: "amber" }, ["acme", "beta"]);
  expect(await w.as.beta.ask("incident", { id })).toBeNull();
});
