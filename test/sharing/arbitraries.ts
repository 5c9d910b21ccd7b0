import fc from "fast-check";
import type { ReleasePath, StoredKind } from "../../src/sharing/facts";
import { Pap } from "../../src/sharing/pap";
import { effectiveTerms, type EffectiveTerms, type Terms } from "../../src/sharing/terms";
import { Tlp } from "../../src/sharing/tlp";
import {
  AccessPathKind,
  Affiliation,
  Attribution,
  ItemKind,
  OrganizationKind,
  Role,
} from "../../src/sharing/vocabulary";
import type { World } from "./generated-world";
import { worldOf } from "./worlds/world-of";

const LAST_DAY = 9;
const day = fc.nat({ max: LAST_DAY });
const small = fc.nat({ max: 11 });

/** Mostly the first: worlds in which something is shared are the rule. */
const mostly = <T>(usual: T, ...others: T[]): fc.Arbitrary<T> =>
  fc.oneof(
    { arbitrary: fc.constant(usual), weight: 2 * others.length },
    { arbitrary: fc.constantFrom(...others), weight: others.length },
  );

const oneIn = (times: number): fc.Arbitrary<boolean> =>
  fc.nat({ max: times - 1 }).map((n) => n === times - 1);

const withheldFields = fc.oneof(
  { arbitrary: fc.constant<string[]>(["damage", "identity"]), weight: 3 },
  { arbitrary: fc.constant<string[]>([]), weight: 3 },
  {
    arbitrary: fc.uniqueArray(
      fc.constantFrom(
        ..."technical damage identity title summary description name body category severity observables labels pattern contact source".split(
          " ",
        ),
      ),
      { maxLength: 3 },
    ),
    weight: 3,
  },
);

export const terms: fc.Arbitrary<Terms> = fc.record({
  kinds: fc.oneof(
    {
      arbitrary: fc.constant<ItemKind[]>([
        ItemKind.INCIDENT,
        ItemKind.INDICATOR,
        ItemKind.ADVISORY,
        ItemKind.SIGHTING,
      ]),
      weight: 4,
    },
    { arbitrary: fc.subarray(Object.values(ItemKind)), weight: 1 },
  ),
  tlpCeiling: mostly(Tlp.AMBER_STRICT, Tlp.AMBER, Tlp.GREEN, Tlp.CLEAR, Tlp.RED),
  papCeiling: mostly(Pap.RED, Pap.AMBER, Pap.GREEN, Pap.CLEAR),
  attribution: mostly(Attribution.NAMED, Attribution.SECTOR_ONLY, Attribution.ANONYMOUS),
  withheldFields: fc.oneof(
    { arbitrary: fc.constant<string[]>([]), weight: 2 },
    {
      arbitrary: fc.constantFrom("title", "description", "category").map((f): string[] => [f]),
      weight: 1,
    },
    { arbitrary: withheldFields, weight: 1 },
  ),
  onward: fc.boolean(),
  requiresApproval: fc.boolean(),
  retroactive: fc.boolean(),
  retention: mostly<string | null>(null, "P1D", "P2D", "P4D", "P3000Y"),
  purposes: fc.subarray(["DETECTION", "RESPONSE", "RESEARCH", "STATISTICS"]),
});

export const someTerms: fc.Arbitrary<EffectiveTerms> = terms.map(effectiveTerms);

const version = fc.record({
  terms,
  signWithin: mostly(2, 0, 1, 4),
  /** Days after the version before. */
  proposedAfter: fc.nat({ max: 3 }),
  effectiveAfter: mostly(0, 1, 2),
  lasts: mostly<number | null>(null, 1, 3, 5),
  terminated: mostly<number | null>(null, 1, 2, 4),
  draft: mostly(false, true),
});

const agreement = fc.record({
  from: small,
  to: small,
  versions: fc.array(version, { minLength: 1, maxLength: 3 }),
  /** Per signer: days after the proposal at which each version was signed; null: not. */
  signers: fc.array(
    fc.record({
      organization: small,
      after: fc.array(mostly<number | null>(0, 1, 2, 4, null), { minLength: 3, maxLength: 3 }),
    }),
    { minLength: 2, maxLength: 7 },
  ),
});

const change = fc.record({ after: fc.constantFrom(1, 1, 2, 3), ends: mostly(false, true) });

const membership = fc.record({
  begins: mostly(0, 1, 2, 4),
  invited: fc.boolean(),
  /** What comes next, and after how many days. */
  changes: fc.oneof(
    { arbitrary: fc.constant<{ after: number; ends: boolean }[]>([]), weight: 3 },
    { arbitrary: fc.array(change, { minLength: 2, maxLength: 2 }), weight: 3 },
    { arbitrary: fc.array(change, { minLength: 1, maxLength: 4 }), weight: 2 },
  ),
});

const audience = fc.record({
  path: mostly<ReleasePath>(
    AccessPathKind.AGREEMENT,
    AccessPathKind.BILATERAL,
    AccessPathKind.NAMED,
    AccessPathKind.PUBLIC,
  ),
  to: small,
});

const release = fc.record({
  day,
  tlp: mostly(2, 0, 1, 3, 4),
  pap: mostly(0, 1, 2, 3),
  withheldFields,
  worded: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
  origin: fc.boolean(),
  /** Days until it expires. */
  lasts: mostly<number | null>(null, null, 1, 3),
  audiences: fc.array(audience, { minLength: 1, maxLength: 3 }),
});

/** By whom an indicator was seen and when, if that account saw the indicator then; and along which of its paths. */
const sighting = fc.record({
  by: small,
  day,
  along: small,
  count: fc.integer({ min: 1, max: 3 }),
  falsePositive: oneIn(4),
});

const item = fc.record({
  kind: fc.constantFrom<StoredKind>(ItemKind.INCIDENT, ItemKind.INDICATOR, ItemKind.ADVISORY),
  owner: small,
  tlp: fc.nat({ max: 4 }),
  pap: fc.nat({ max: 3 }),
  attribution: fc.nat({ max: 2 }),
  submitted: mostly<number | null>(0, 3, null),
  created: fc.nat({ max: 3 }),
  updated: day,
  content: fc.nat({ max: 7 }),
  releases: fc.array(release, { maxLength: 3 }),
  /** When its marking was raised to what it is now. */
  raised: mostly<number | null>(null, 2, 4, 6),
  links: fc.array(small, { maxLength: 2 }),
  sightings: fc.array(sighting, { maxLength: 3 }),
});

const viewerOf = (operators: number) =>
  fc.record({
    operates: oneIn(operators),
    organization: small,
    affiliation: mostly(Affiliation.EMPLOYEE, Affiliation.CONTRACTOR, Affiliation.CLIENT),
    roles: fc.subarray([Role.MEMBER, Role.ANALYST, Role.OFFICER, Role.OPERATOR_ADMIN]),
    ownCredential: mostly(true, false),
  });

/** A day of a world, or just before or just after it begins. */
function moment(min: number, max: number): fc.Arbitrary<{ day: number; by: number }> {
  return fc.record({ day: fc.integer({ min, max }), by: fc.constantFrom(0, -1, 1) });
}

interface Size {
  items: number;
  viewers: number;
  /** One viewer in so many is of the operator. */
  operators: number;
}

const planOf = (most: Size) =>
  fc.record({
    /** WHY: ids differ from world to world, so no salt is likelier than another, and a simpler one is no simpler world. */
    salt: fc.noBias(fc.noShrink(fc.maxSafeInteger())),
    organizations: fc.array(
      mostly(OrganizationKind.MEMBER, OrganizationKind.AUTHORITY, OrganizationKind.PEER_HUB),
      { minLength: 1, maxLength: 3 },
    ),
    groups: fc.integer({ min: 2, max: 3 }),
    /** Of each organization in each group; null: none. */
    memberships: fc.array(fc.option(membership, { freq: 3 }), { minLength: 12, maxLength: 12 }),
    agreements: fc.array(agreement, { minLength: 1, maxLength: 3 }),
    items: fc.array(item, { minLength: 1, maxLength: most.items }),
    viewers: fc.array(viewerOf(most.operators), { minLength: 2, maxLength: most.viewers }),
    now: moment(3, LAST_DAY),
    another: moment(0, LAST_DAY + 4),
  });

export type Plan = ReturnType<typeof planOf> extends fc.Arbitrary<infer T> ? T : never;

/** Small, so that thousands of them can be judged in a minute. WHY few of the operator: it is one, and sees of each world. */
export const world: fc.Arbitrary<World> = planOf({ items: 4, viewers: 2, operators: 10 }).map(
  worldOf,
);

export const largerWorld: fc.Arbitrary<World> = planOf({ items: 6, viewers: 4, operators: 4 }).map(
  worldOf,
);
