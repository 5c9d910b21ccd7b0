import { EVERYONE } from "../../../src/sharing/facts";
import { maskOf } from "../../../src/sharing/fields";
import { AccessPathKind } from "../../../src/sharing/vocabulary";
import type { Plan } from "../arbitraries";
import type { World, WorldAudience, WorldItem } from "../generated-world";
import { standingAt, versionInForce } from "../oracle";
import { contentOf, observablesOf, ownWords, releasedWords } from "./content";
import { OPERATOR, pick } from "./pick";
import { at, DAY } from "./time";

type Parties = Pick<World, "organizations" | "agreements" | "accounts">;
type ItemPlan = Plan["items"][number];
type ReleasePlan = ItemPlan["releases"][number];

/** @param network the first three bytes of the address that an indicator tells of */
export function itemOf(
  i: ItemPlan,
  id: () => string,
  org: (n: number) => string,
  network: string,
  parties: Parties,
): WorldItem {
  const ownerId = org(i.owner);
  const itemId = id();
  let audiences: WorldAudience[] = [];
  const wordings: WorldItem["wordings"] & Map<string, ReturnType<typeof releasedWords>> = new Map();
  const expiries = new Map<string, number>();
  const raise = (): void => {
    if (i.raised !== null) audiences = narrowed(audiences, at(i.raised), i.tlp, i.pap);
  };
  let raised = i.raised === null;
  for (const r of i.releases.toSorted((a, b) => a.day - b.day)) {
    const releasedAt = at(r.day);
    // Acts on one item follow each other: no two of its releases are of the same instant.
    if (audiences.some((a) => a.releasedAt === releasedAt) || r.day === i.raised) continue;
    if (!raised && r.day > (i.raised ?? 0)) {
      raise();
      raised = true;
    }
    const release = { releaseId: id(), kind: i.kind, ownerId };
    const reached = audiencesOf(r, release, parties);
    for (const older of audiences) {
      // The newer release takes the place of the older, for good.
      const same = reached.some((a) => reachOf(a) === reachOf(older));
      if (same) older.liveUntil = Math.min(older.liveUntil, releasedAt);
    }
    audiences.push(...reached);
    if (!reached.length) continue;
    wordings.set(release.releaseId, releasedWords(i, r));
    expiries.set(release.releaseId, expiryOf(r));
  }
  if (!raised) raise();
  const address = `${network}.${i.content}`;
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
    own: ownWords(i),
    wordings,
    expiries,
    content: contentOf(i, address),
    observables: observablesOf(i, address),
    links: [],
    sightings: [],
  };
}

/** A group by whichever agreement, an organization, an account, or everyone. */
const reachOf = (a: Pick<WorldAudience, "toGroupId" | "target">): string => a.toGroupId ?? a.target;

/** The marking was raised: what is live then is from then on at least as strict. */
function narrowed(
  audiences: readonly WorldAudience[],
  when: number,
  tlp: number,
  pap: number,
): WorldAudience[] {
  return audiences.flatMap((a) => {
    const live = a.liveFrom <= when && when < a.liveUntil;
    if (!live || (a.tlp >= tlp && a.pap >= pap)) return [a];
    const stricter = { ...a, tlp: Math.max(a.tlp, tlp), pap: Math.max(a.pap, pap) };
    return [
      { ...a, liveUntil: when },
      { ...stricter, liveFrom: when },
    ];
  });
}

const expiryOf = (r: ReleasePlan): number =>
  r.lasts === null ? Infinity : at(r.day) + r.lasts * DAY;

/** Whom a release reaches: each audience once. */
function audiencesOf(
  r: ReleasePlan,
  release: Pick<WorldAudience, "releaseId" | "kind" | "ownerId">,
  parties: Parties,
): WorldAudience[] {
  const releasedAt = at(r.day);
  const reached = r.audiences.flatMap((a): WorldAudience[] => {
    const target = targetOf(a, r.tlp, release.ownerId, releasedAt, parties);
    if (!target) return [];
    return [
      {
        ...release,
        path: a.path,
        fromGroupId: r.origin ? pick(parties.agreements, a.to).fromGroupId : null,
        ...target,
        tlp: r.tlp,
        pap: r.pap,
        withheld: maskOf(r.withheldFields),
        withheldFields: r.withheldFields,
        releasedAt,
        liveFrom: releasedAt,
        liveUntil: expiryOf(r),
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
  return [...new Map(ofOrigin.map((a) => [reachOf(a), a])).values()];
}

/** Whom an audience reaches; null where the release would have been refused. */
function targetOf(
  { path, to }: ReleasePlan["audiences"][number],
  tlp: number,
  ownerId: string,
  releasedAt: number,
  { organizations, agreements, accounts }: Parties,
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
