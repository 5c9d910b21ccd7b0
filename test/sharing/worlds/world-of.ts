import { createHash } from "node:crypto";
import type { AgreementFact, MaybeViewer, SignatureFact } from "../../../src/sharing/parties";
import { MembershipState, OrganizationKind } from "../../../src/sharing/vocabulary";
import type { Plan } from "../arbitraries";
import type { World } from "../generated-world";
import type { MembershipFacts } from "../in-memory-parties";
import { versionInForce } from "../oracle";
import { itemOf } from "./item-of";
import { OPERATOR, pick } from "./pick";
import { sightingsOf } from "./sightings-of";
import { at, DAY } from "./time";

/** The world that a plan describes: places in lists become ids, days become instants. */
export function worldOf(p: Plan): World {
  let ids = 0;
  const id = (): string => uuid(`${p.salt} ${ids++}`);
  const organizations = [
    { id: OPERATOR, kind: OrganizationKind.OPERATOR },
    ...p.organizations.map((kind) => ({ id: id(), kind })),
  ];
  const org = (n: number): string => pick(organizations, n).id;
  const groups = Array.from({ length: p.groups }, id);
  const memberships = organizations.flatMap(({ id: organizationId }, o) =>
    groups.flatMap((groupId, g): MembershipFacts[] => {
      const m = p.memberships[o * groups.length + g];
      return m ? [{ organizationId, groupId, changes: historyOf(m) }] : [];
    }),
  );
  const agreements = new Map<string, AgreementFact>();
  for (const a of p.agreements) {
    const [fromGroupId, toGroupId] = [pick(groups, a.from), pick(groups, a.to)];
    agreements.set(`${fromGroupId} ${toGroupId}`, agreementOf(a, id, fromGroupId, toGroupId, org));
  }
  const accounts = p.viewers.map((v) => {
    const { id: organizationId, kind } = v.operates
      ? pick(organizations, 0)
      : pick(organizations.slice(1), v.organization);
    const { affiliation, roles, ownCredential } = v;
    const accountId = id();
    const viewer = { organizationId, organizationKind: kind, accountId, roles, affiliation };
    return { id: accountId, viewer: { ...viewer, ownCredential } };
  });
  const facts = { organizations, agreements: [...agreements.values()], accounts };
  // Of one world alone, so that what is looked up there is not found in another.
  const network = createHash("sha256").update(`${p.salt}`).digest().subarray(0, 3).join(".");
  const instant = ({ day, by }: Plan["now"]): number => at(day) + by;
  const items = p.items.map((i) => itemOf(i, id, org, network, facts));
  p.items.forEach((i, n) => {
    const targets = i.links.map((l) => pick(items, l).id).filter((t) => t !== items[n]?.id);
    items[n]?.links.push(...new Set(targets));
  });
  const world = {
    operatorId: OPERATOR,
    organizations,
    groups,
    memberships,
    agreements: facts.agreements,
    accounts,
    items,
    viewers: [null, ...accounts.map((a): MaybeViewer => a.viewer)],
    now: instant(p.now),
    another: instant(p.another),
    network,
  };
  p.items.forEach((i, n) => items[n]?.sightings.push(...sightingsOf(i, items[n], world)));
  return world;
}

function historyOf(m: NonNullable<Plan["memberships"][number]>): MembershipFacts["changes"] {
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

function uuid(text: string): string {
  const x = createHash("sha256").update(text).digest("hex");
  return `${x.slice(0, 8)}-${x.slice(8, 12)}-4${x.slice(13, 16)}-8${x.slice(17, 20)}-${x.slice(20, 32)}`;
}
