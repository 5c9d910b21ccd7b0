import type { World } from "../generated-world";
import { DAY, START } from "../worlds/time";

export const when = (at: number): string =>
  at === Infinity ? "never" : at === -Infinity ? "always" : `day ${days(at)}`;

/** Days since the first, and the milliseconds before or after. */
function days(at: number): string {
  const day = Math.round((at - START) / DAY);
  const by = at - START - day * DAY;
  return by === 0 ? `${day}` : `${day} ${by > 0 ? "+" : "-"} ${Math.abs(by)} ms`;
}

/** A world in a few lines: what matters of each record. */
export function show(world: World): string {
  return [
    `now ${when(world.now)}, and ${when(world.another)}`,
    ...world.organizations.map((o) => `${o.kind} ${o.id}`),
    ...world.memberships.map(
      (m) =>
        `${m.organizationId} in ${m.groupId}: ${m.changes.map((c) => `${c.state} ${when(c.at)}`).join(", ")}`,
    ),
    ...world.agreements.flatMap(showAgreement),
    ...world.accounts.map(
      ({ id, viewer: v }) =>
        `account ${id}: ${v.affiliation} of ${v.organizationId}, ${v.roles.join("+") || "no role"}, ${v.ownCredential ? "own" : "foreign"} key`,
    ),
    ...world.items.flatMap(showItem),
  ].join("\n  ");
}

function showAgreement(a: World["agreements"][number]): string[] {
  const number = (id: string): number | undefined => a.versions.find((v) => v.id === id)?.number;
  return [
    `agreement ${a.id}: ${a.fromGroupId} → ${a.toGroupId}`,
    ...a.versions.map(
      (v) =>
        `  v${v.number} proposed ${v.proposedAt === null ? "never" : when(v.proposedAt)}, from ${when(v.effectiveFrom)} until ${when(v.effectiveUntil)}, terminated ${when(v.terminatedAt)}, signWithin ${v.signWithinMs / DAY} days, ${JSON.stringify(v.terms)}`,
    ),
    ...[...a.signatures].map(
      ([organization, signatures]) =>
        `  signed by ${organization}: ${signatures.map((s) => `v${number(s.versionId)} ${when(s.at)}`).join(", ")}`,
    ),
  ];
}

const showItem = (i: World["items"][number]): string[] => [
  `${i.kind} ${i.id} of ${i.ownerId}: TLP ${i.tlp}, PAP ${i.pap}, attribution ${i.attribution}, submitted ${when(i.submittedAt)}, updated ${when(i.updatedAt)}, links to ${i.links.join() || "nothing"}`,
  ...i.sightings.map(
    (s) =>
      `  seen ${s.count} times${s.falsePositive ? " in error" : ""} by ${s.accountId} of ${s.organizationId}, told ${s.path} ${s.target ?? "alone"}: TLP ${s.tlp}, PAP ${s.pap}, recorded ${when(s.recordedAt)}`,
  ),
  ...i.audiences.map(
    (r) =>
      `  ${r.releaseId} ${r.path} to ${r.toGroupId ?? r.target} from ${r.fromGroupId ?? "no group"}: TLP ${r.tlp}, PAP ${r.pap}, withheld ${r.withheldFields.join() || "nothing"}, released ${when(r.releasedAt)}, live ${when(r.liveFrom)} to ${when(r.liveUntil)}`,
  ),
];

/** Short names for ids, in the order in which they occur. */
export function named(text: string): string {
  const names = new Map<string, string>();
  return text.replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f-]{21}/g, (id) => {
    if (!names.has(id)) names.set(id, `#${names.size + 1}`);
    return names.get(id) ?? id;
  });
}
