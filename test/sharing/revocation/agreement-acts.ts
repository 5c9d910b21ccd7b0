import { DAY } from "../../support/hub";
import { type History, PAPS, type Terms, TLPS, type Version } from "./history";
import type { Entry } from "./told";
import type { World } from "./world";

export const TERMS: Terms = {
  kinds: ["INCIDENT", "INDICATOR", "ADVISORY"],
  tlpCeiling: 3,
  papCeiling: 3,
  requiresApproval: true,
  retroactive: false,
  retention: Infinity,
};

const ended = (at: number): Entry => ({ type: "ACCESS_ENDED", item: null, at });

/** An act that only opens ends nothing; what the clock ends at that instant is the sweep's to tell. */
const opened = (h: History, at: number): Entry[] =>
  h.boundaries(at - 1, at).length ? [] : [ended(at)];

/** Whether an account does what a coordinator of a group does. */
export const coordinates = (h: History, by: string, group: string): boolean =>
  by === "operator" || h.viewers[by]?.coordinates.includes(group) === true;

/** Drafts a version and proposes it. Times are days from now; null: at once, or never. */
export async function propose(
  world: World,
  by: string,
  from: string,
  to: string,
  terms: Terms,
  times: { from: number | null; until: number | null; signWithin: number },
): Promise<string> {
  const { history: h, ids } = world;
  const inDays = (days: number | null): string | null =>
    days === null ? null : world.hub.clock.in(days * DAY);
  const [effectiveFrom, effectiveUntil] = [inDays(times.from), inDays(times.until)];
  const input = {
    title: `${from} to ${to}`,
    fromGroupId: world.id(from),
    toGroupId: world.id(to),
    terms: {
      kinds: terms.kinds,
      tlpCeiling: TLPS[terms.tlpCeiling],
      papCeiling: PAPS[terms.papCeiling],
      requiresApproval: terms.requiresApproval,
      retroactive: terms.retroactive,
      retention: Number.isFinite(terms.retention) ? `P${terms.retention / DAY}D` : null,
    },
    effectiveFrom,
    effectiveUntil,
    signWithin: `P${times.signWithin}D`,
  };
  const mine = [from, to].some((g) => coordinates(h, by, g));
  const id = `version ${h.versions.length + 1}`;
  const drafted = await world.act(
    by,
    ["draftAgreement", { input }],
    () => mine,
    (answer) => {
      ids[id] = answer.id;
      return [];
    },
  );
  if (!drafted) return "refused";
  await world.act(
    by,
    ["proposeAgreement", { versionId: ids[id] }],
    () => coordinates(h, by, from),
    (_, at) => {
      h.versions.push({
        id,
        from,
        to,
        number: 1 + h.versions.filter((v) => v.from === from && v.to === to).length,
        terms,
        proposedAt: at,
        effectiveFrom: effectiveFrom === null ? at : Date.parse(effectiveFrom),
        effectiveUntil: effectiveUntil === null ? Infinity : Date.parse(effectiveUntil),
        signWithin: times.signWithin * DAY,
        terminatedAt: Infinity,
      });
      return [ended(at), changed(h.versions.at(-1) as Version, at)];
    },
  );
  return id;
}

const changed = (v: Version, at: number): Entry => ({
  type: "AGREEMENT_CHANGED",
  at,
  groups: [v.from, v.to],
  subject: v.id,
});

export async function sign(world: World, organization: string, v: Version): Promise<boolean> {
  const { history: h } = world;
  const known = (s: History["signatures"][number]): boolean =>
    s.version === v.id && s.organization === organization;
  return world.act(
    organization,
    ["signAgreement", { versionId: world.id(v.id) }],
    (at) =>
      [v.from, v.to].some((g) => h.activeAt(organization, g, at)) &&
      ["PROPOSED", "IN_FORCE"].includes(h.stateOf(v, at)),
    (_, at) => {
      if (h.signatures.some(known)) return [];
      h.signatures.push({ organization, version: v.id, at });
      return [
        ...opened(h, at),
        { type: "AGREEMENT_SIGNED", at, groups: [v.from, v.to], subject: v.id },
      ];
    },
  );
}

export async function terminate(world: World, by: string, v: Version): Promise<boolean> {
  const { history: h } = world;
  return world.act(
    by,
    ["terminateAgreement", { versionId: world.id(v.id), reason: "Over" }],
    (at) =>
      [v.from, v.to].some((g) => coordinates(h, by, g)) &&
      ["PROPOSED", "IN_FORCE"].includes(h.stateOf(v, at)),
    (_, at) => {
      v.terminatedAt = at;
      return [ended(at), changed(v, at)];
    },
  );
}

// ── Memberships ──

export type MembershipVerb = "invite" | "request" | "accept" | "suspend" | "resume" | "end";

export async function changeMembership(
  world: World,
  verb: MembershipVerb,
  by: string,
  organization: string,
  group: string,
): Promise<boolean> {
  const { history: h, ids } = world;
  const known = h.membership(organization, group);
  const state = known?.states.at(-1) ?? "NONE";
  const id = `${organization} in ${group}`;
  const byOperator = by === "operator";
  const own = by === organization;
  const inCharge = coordinates(h, by, group);
  const forOther = inCharge && (byOperator || h.viewers[by]?.organization !== organization);
  const changes = h.memberChanges.filter((c) => c.id === id);
  const last = changes.findLast((c) => ["ACTIVE", "SUSPENDED"].includes(c.state));
  // What the operator suspended only the operator resumes, or admits again.
  const suspended = last?.state === "SUSPENDED" && last.byOperator && !byOperator;
  const free = state === "NONE" || state === "ENDED";
  const rules: Record<MembershipVerb, [string, string, boolean]> = {
    invite: ["inviteMember", "INVITED", forOther && free && !suspended],
    request: ["requestMembership", "REQUESTED", own && free],
    accept: [
      "acceptMembership",
      "ACTIVE",
      state === "INVITED" ? own : state === "REQUESTED" && forOther && !suspended,
    ],
    suspend: ["suspendMembership", "SUSPENDED", inCharge && state === "ACTIVE"],
    resume: ["resumeMembership", "ACTIVE", forOther && state === "SUSPENDED" && !suspended],
    end: ["endMembership", "ENDED", (own || inCharge) && !free],
  };
  const [field, next, allowed] = rules[verb];
  const reason = verb === "suspend" || verb === "end" ? { reason: "A reason" } : {};
  const begins = verb === "invite" || verb === "request";
  const args = begins
    ? {
        groupId: world.id(group),
        ...(verb === "invite" && { organizationId: world.id(organization) }),
      }
    : { id: ids[id] ?? "membership_00000000-0000-4000-8000-000000000000", ...reason };
  return world.act(
    by,
    [field, args],
    () => allowed,
    (answer, at) => {
      if (!known) h.memberships.push({ id, organization, group });
      ids[id] = answer.id;
      h.memberChanges.push({ id, state: next, at, byOperator });
      return [ended(at), { type: "MEMBERSHIP_CHANGED", at, organization, group, subject: id }];
    },
  );
}
