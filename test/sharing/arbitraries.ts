import { createHash } from "node:crypto";
import fc from "fast-check";
import { EVERYONE, type ReleasePath, type StoredKind } from "../../src/sharing/facts";
import { maskOf } from "../../src/sharing/fields";
import type { AgreementFact, MaybeViewer, SignatureFact } from "../../src/sharing/parties";
import { Pap } from "../../src/sharing/pap";
import { effectiveTerms, type EffectiveTerms, type Terms } from "../../src/sharing/terms";
import { Tlp } from "../../src/sharing/tlp";
import {
  AccessPathKind,
  Affiliation,
  Attribution,
  ItemKind,
  MembershipState,
  OrganizationKind,
  Role,
} from "../../src/sharing/vocabulary";
import type { World, WorldAudience, WorldItem } from "./generated-world";
import type { MembershipFacts } from "./in-memory-parties";
import { standingAt, versionInForce } from "./oracle";

export const DAY = 86_400_000;
export const START = Date.UTC(2026, 0, 1);
/** Everything happens at one of a few instants, so that boundaries coincide. */
export const at = (day: number): number => START + day * DAY;
const LAST_DAY = 9;
const day = fc.nat({ max: LAST_DAY });
const small = fc.nat({ max: 11 });

/** Mostly the first: worlds in which something is shared are the rule. */
const mostly = <T>(usual: T, ...others: T[]): fc.Arbitrary<T> =>
  fc.oneof(
    { arbitrary: fc.constant(usual), weight: 2 * others.length },
    { arbitrary: fc.constantFrom(...others), weight: others.length },
  );

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
    { minLength: 1, maxLength: 7 },
  ),
});

const membership = fc.record({
  organization: small,
  group: small,
  begins: mostly(0, 1, 2, 4),
  invited: fc.boolean(),
  /** What comes next, and after how many days. */
  changes: fc.array(
    fc.record({ after: fc.integer({ min: 1, max: 3 }), ends: mostly(false, true) }),
    {
      maxLength: 4,
    },
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
  lasts: mostly<number | null>(null, null, 1, 3),
});

const release = fc.record({
  day,
  tlp: mostly(2, 0, 1, 3, 4),
  pap: mostly(0, 1, 2, 3),
  withheldFields,
  worded: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
  origin: fc.boolean(),
  audiences: fc.array(audience, { minLength: 1, maxLength: 3 }),
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
  links: fc.array(small, { maxLength: 2 }),
});

const viewer = fc.record({
  organization: small,
  affiliation: mostly(Affiliation.EMPLOYEE, Affiliation.CONTRACTOR, Affiliation.CLIENT),
  roles: fc.subarray([Role.MEMBER, Role.ANALYST, Role.OFFICER, Role.OPERATOR_ADMIN]),
  ownCredential: mostly(true, false),
});

const plan = fc.record({
  /** WHY: ids differ from world to world, so no salt is likelier than another, and a simpler one is no simpler world. */
  salt: fc.noBias(fc.noShrink(fc.maxSafeInteger())),
  organizations: fc.array(
    mostly(OrganizationKind.MEMBER, OrganizationKind.AUTHORITY, OrganizationKind.PEER_HUB),
    { minLength: 1, maxLength: 3 },
  ),
  groups: fc.integer({ min: 2, max: 4 }),
  memberships: fc.array(membership, { minLength: 2, maxLength: 8 }),
  agreements: fc.array(agreement, { minLength: 1, maxLength: 4 }),
  items: fc.array(item, { minLength: 1, maxLength: 6 }),
  viewers: fc.array(viewer, { minLength: 3, maxLength: 4 }),
  now: fc.record({ day: fc.integer({ min: 3, max: LAST_DAY }), by: fc.constantFrom(0, -1, 1) }),
});

type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;

/** There is one operator, in all worlds that share a database the same. */
export const OPERATOR = "0e0e0e0e-0000-4000-8000-000000000000";

export const world: fc.Arbitrary<World> = plan.map(worldOf);

function worldOf(p: Plan): World {
  let ids = 0;
  const id = (): string => uuid(`${p.salt} ${ids++}`);
  const organizations = [
    { id: OPERATOR, kind: OrganizationKind.OPERATOR },
    ...p.organizations.map((kind) => ({ id: id(), kind })),
  ];
  const org = (n: number): string => pick(organizations, n).id;
  const groups = Array.from({ length: p.groups }, id);
  const memberships = new Map<string, MembershipFacts>();
  for (const m of p.memberships) {
    const [organizationId, groupId] = [org(m.organization), pick(groups, m.group)];
    memberships.set(`${organizationId} ${groupId}`, {
      organizationId,
      groupId,
      changes: historyOf(m),
    });
  }
  const agreements = new Map<string, AgreementFact>();
  for (const a of p.agreements) {
    const [fromGroupId, toGroupId] = [pick(groups, a.from), pick(groups, a.to)];
    agreements.set(`${fromGroupId} ${toGroupId}`, agreementOf(a, id, fromGroupId, toGroupId, org));
  }
  const accounts = p.viewers.map((v) => {
    const { id: organizationId, kind } = pick(organizations, v.organization);
    const { affiliation, roles, ownCredential } = v;
    const accountId = id();
    const viewer = { organizationId, organizationKind: kind, accountId, roles, affiliation };
    return { id: accountId, viewer: { ...viewer, ownCredential } };
  });
  const facts = { organizations, agreements: [...agreements.values()], accounts };
  const items = p.items.map((i) => itemOf(i, id, org, facts));
  p.items.forEach((i, n) => {
    const targets = i.links.map((l) => pick(items, l).id).filter((t) => t !== items[n]?.id);
    items[n]?.links.push(...new Set(targets));
  });
  return {
    operatorId: OPERATOR,
    organizations,
    groups,
    memberships: [...memberships.values()],
    agreements: facts.agreements,
    accounts,
    items,
    viewers: [null, ...accounts.map((a): MaybeViewer => a.viewer)],
    now: at(p.now.day) + p.now.by,
  };
}

function historyOf(m: Plan["memberships"][number]): MembershipFacts["changes"] {
  let when = at(m.begins);
  let state = MembershipState.ACTIVE as MembershipState;
  const changes = m.invited ? [{ state: MembershipState.INVITED, at: when - DAY }] : [];
  changes.push({ state, at: when });
  for (const { after, ends } of m.changes) {
    when += after * DAY;
    state =
      state === MembershipState.ENDED || state === MembershipState.SUSPENDED
        ? MembershipState.ACTIVE
        : ends
          ? MembershipState.ENDED
          : MembershipState.SUSPENDED;
    changes.push({ state, at: when });
  }
  return changes;
}

function agreementOf(
  a: Plan["agreements"][number],
  id: () => string,
  fromGroupId: string,
  toGroupId: string,
  org: (n: number) => string,
): AgreementFact {
  let proposed = 0;
  const versions = a.versions.map((v, i) => {
    if (i) proposed += v.proposedAfter;
    const draft = v.draft && i === a.versions.length - 1 && i > 0;
    const from = proposed + v.effectiveAfter;
    return {
      id: id(),
      number: i + 1,
      terms: v.terms,
      signWithinMs: v.signWithin * DAY,
      proposedAt: draft ? null : at(proposed),
      effectiveFrom: at(from),
      effectiveUntil: v.lasts === null ? Infinity : at(from + v.lasts),
      terminatedAt: v.terminated === null ? Infinity : at(proposed + v.terminated),
    };
  });
  const signatures = new Map<string, readonly SignatureFact[]>();
  const agreement = { id: id(), fromGroupId, toGroupId, versions, signatures };
  for (const { organization, after } of a.signers) {
    const signed = versions.flatMap((v, i): SignatureFact[] => {
      const days = after[i];
      if (v.proposedAt === null || days === null || days === undefined) return [];
      const when = v.proposedAt + days * DAY;
      // Signed while it is proposed or in force.
      const over = when >= Math.min(v.terminatedAt, v.effectiveUntil);
      const past = versionInForce(agreement, when);
      return over || (past && past.number > v.number) ? [] : [{ versionId: v.id, at: when }];
    });
    if (signed.length) signatures.set(org(organization), signed);
  }
  return agreement;
}

function itemOf(
  i: Plan["items"][number],
  id: () => string,
  org: (n: number) => string,
  world: Pick<World, "organizations" | "agreements" | "accounts">,
): WorldItem {
  const ownerId = org(i.owner);
  const itemId = id();
  const audiences: WorldAudience[] = [];
  const wordings = new Map<string, { title: string; summary: null; description: string | null }>();
  for (const r of i.releases.toSorted((a, b) => a.day - b.day)) {
    const releasedAt = at(r.day);
    // Acts on one item follow each other: no two of its releases are of the same instant.
    if (audiences.some((a) => a.releasedAt === releasedAt)) continue;
    const releaseId = id();
    const reached = r.audiences.flatMap((a): WorldAudience[] => {
      const target = targetOf(a, r.tlp, ownerId, releasedAt, world);
      if (!target) return [];
      const liveUntil = a.lasts === null ? Infinity : releasedAt + a.lasts * DAY;
      return [
        {
          releaseId,
          kind: i.kind,
          ownerId,
          path: a.path,
          fromGroupId: r.origin ? pick(world.agreements, a.to).fromGroupId : null,
          ...target,
          tlp: r.tlp,
          pap: r.pap,
          withheld: maskOf(r.withheldFields),
          withheldFields: r.withheldFields,
          releasedAt,
          liveFrom: releasedAt,
          liveUntil,
        },
      ];
    });
    // A release has one origin group.
    const origin =
      reached.find((a) => a.path === AccessPathKind.AGREEMENT)?.fromGroupId ??
      reached.find((a) => a.fromGroupId)?.fromGroupId ??
      null;
    const ofOrigin = reached.flatMap((a) =>
      a.path === AccessPathKind.AGREEMENT && a.fromGroupId !== origin
        ? []
        : [{ ...a, fromGroupId: origin }],
    );
    const distinct = [...new Map(ofOrigin.map((a) => [a.toGroupId ?? a.target, a])).values()];
    for (const older of audiences) {
      // The newer release takes the place of the older, for good.
      const same = distinct.some(
        (a) => (a.toGroupId ?? a.target) === (older.toGroupId ?? older.target),
      );
      if (same) older.liveUntil = Math.min(older.liveUntil, releasedAt);
    }
    audiences.push(...distinct);
    if (distinct.length) {
      const [title, , description] = r.worded;
      wordings.set(releaseId, {
        title: title ? `Released ${r.day}` : `Sanitised ${r.day}`,
        summary: null,
        description: description ? `Told on day ${r.day}` : null,
      });
    }
  }
  const when = (n: number): string => new Date(at(n)).toISOString();
  const observables =
    i.kind === ItemKind.INDICATOR ? [{ type: "ipv4-addr", value: `198.51.100.${i.content}` }] : [];
  const content: Record<StoredKind, Record<string, unknown>> = {
    INCIDENT: {
      category: i.content & 1 ? "phishing" : "ransomware",
      severity: i.content & 2 ? "HIGH" : null,
      victim: "The victim",
      contact: i.content & 4 ? "The contact" : null,
      occurredAt: when(i.content),
      detectedAt: null,
      awareAt: null,
      affectedSystems: ["mail"],
      dataStolen: null,
    },
    INDICATOR: {
      pattern: `[ipv4-addr:value = '198.51.100.${i.content}']`,
      patternType: "stix",
      validFrom: when(i.content),
      validUntil: null,
      confidence: i.content * 10,
      labels: i.content & 1 ? ["c2"] : [],
      warnings: [],
      observables,
    },
    ADVISORY: {},
  };
  const type = { INCIDENT: "incident", INDICATOR: "indicator", ADVISORY: "report" }[i.kind];
  return {
    id: itemId,
    kind: i.kind,
    ownerId,
    tlp: i.tlp,
    pap: i.pap,
    attribution: i.attribution,
    submittedAt: i.submitted === null ? Infinity : at(i.created + i.submitted),
    audiences,
    stixId: `${type}--${id()}`,
    state: audiences.length ? "RELEASED" : "DRAFT",
    createdAt: at(i.created),
    updatedAt: at(i.created + i.updated),
    own: { title: "The owner's title", summary: null, description: "The owner's own words" },
    wordings,
    content: content[i.kind],
    observables,
    links: [],
  };
}

/** Whom an audience reaches; null where the release would have been refused. */
function targetOf(
  { path, to }: { path: ReleasePath; to: number },
  tlp: number,
  ownerId: string,
  releasedAt: number,
  { organizations, agreements, accounts }: Pick<World, "organizations" | "agreements" | "accounts">,
):
  | (Pick<WorldAudience, "target" | "toGroupId" | "versionId"> &
      Partial<Pick<WorldAudience, "fromGroupId">>)
  | null {
  const direct = { toGroupId: null, versionId: null };
  if (path === AccessPathKind.NAMED) return { target: pick(accounts, to).id, ...direct };
  // What was raised later may bear a TLP that no release could: it must then reach nobody.
  if (path === AccessPathKind.PUBLIC) return tlp <= 1 ? { target: EVERYONE, ...direct } : null;
  if (path === AccessPathKind.BILATERAL) return { target: pick(organizations, to).id, ...direct };
  const agreement = pick(agreements, to);
  const version = versionInForce(agreement, releasedAt);
  const stands = ownerId === OPERATOR || standingAt(agreement, ownerId, releasedAt) !== null;
  if (!version || !stands) return null;
  const { id: target, fromGroupId, toGroupId } = agreement;
  return { target, fromGroupId, toGroupId, versionId: version.id };
}

function pick<T>(list: readonly T[], n: number): T {
  const one = list[n % list.length];
  if (one === undefined) throw new RangeError("nothing to pick from");
  return one;
}

function uuid(text: string): string {
  const x = createHash("sha256").update(text).digest("hex");
  return `${x.slice(0, 8)}-${x.slice(8, 12)}-4${x.slice(13, 16)}-8${x.slice(17, 20)}-${x.slice(20, 32)}`;
}
