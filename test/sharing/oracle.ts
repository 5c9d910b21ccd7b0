import type { AgreementFact, MaybeViewer, VersionFact } from "../../src/sharing/parties";
import type { Terms } from "../../src/sharing/terms";
import type { World, WorldAudience, WorldItem, WorldSighting } from "./generated-world";
import { FIELDS, withholds, WORDING } from "./worlds/consent";

/** Section 4 of the sharing model once more: naive, slow, and sharing no code with `src/`. Types alone are shared. */
export type Present = Pick<World, "operatorId" | "memberships" | "agreements" | "now">;

export interface Verdict {
  visible: boolean;
  paths: string[];
  fields: Set<string>;
  tlp: number;
  pap: number;
  attribution: number;
  createdAt: number;
  updatedAt: number;
  /** Whether the item itself is seen, with the owner's wording, rather than releases of it. */
  whole: boolean;
  /** The releases' audiences that reach the viewer. */
  audiences: WorldAudience[];
  /** Whether one of the paths is of the item itself. */
  own: boolean;
  access: Path[];
  /** The group by whose sector the source is described. */
  sourceGroup: string | null;
  /** Those that count for the viewer, if it sees the item. */
  sightings: WorldSighting[];
}

interface Path {
  kind: string;
  shows: (field: string) => boolean;
  attribution: number;
  audience: WorldAudience | null;
  /** When it ends, as far as is known now. */
  until: number;
}

const TLPS = ["CLEAR", "GREEN", "AMBER", "AMBER_STRICT", "RED"];
const PAPS = ["CLEAR", "GREEN", "AMBER", "RED"];
const TELLS = ["ANONYMOUS", "SECTOR_ONLY", "NAMED"];
/** The version in force: begun, not ended, not terminated, and no later one has ever come into force. */
export function versionInForce(agreement: AgreementFact, now: number): VersionFact | undefined {
  const cameIntoForce = agreement.versions.filter(
    (v) => v.proposedAt !== null && v.effectiveFrom <= now && v.terminatedAt > v.effectiveFrom,
  );
  const latest = cameIntoForce.at(-1);
  return latest && now < latest.effectiveUntil && now < latest.terminatedAt ? latest : undefined;
}

const signed = (
  a: AgreementFact,
  organization: string,
  version: VersionFact,
  now: number,
): boolean =>
  (a.signatures.get(organization) ?? []).some((s) => s.versionId === version.id && s.at <= now);

/** The terms that bind an organization at an instant, narrowest in all of them; null where its signature does not stand. */
export function standingAt(a: AgreementFact, organization: string, now: number): Terms[] | null {
  const version = versionInForce(a, now);
  if (!version) return null;
  if (signed(a, organization, version, now)) return [version.terms];
  if (now >= version.effectiveFrom + version.signWithinMs) return null;
  const before = standingAt(a, organization, version.effectiveFrom - 1);
  return before && [...before, version.terms];
}

export function activeAt(world: Present, organization: string, group: string, at: number): boolean {
  const changes = world.memberships.find(
    (m) => m.organizationId === organization && m.groupId === group,
  )?.changes;
  return changes?.findLast((c) => c.at <= at)?.state === "ACTIVE";
}

function endedBetween(
  world: Present,
  org: string,
  group: string,
  from: number,
  to: number,
): boolean {
  return world.memberships.some(
    (m) =>
      m.organizationId === org &&
      m.groupId === group &&
      m.changes.some((c) => c.state === "ENDED" && c.at > from && c.at <= to),
  );
}

const days = (retention: string): number =>
  Number(/\d+/.exec(retention)?.[0]) * (retention.endsWith("Y") ? 365 : 1) * 86_400_000;

/** What is read of a release's audience, or of a sighting as if it were one. */
type Sent = Pick<
  WorldAudience,
  "ownerId" | "versionId" | "target" | "tlp" | "pap" | "releasedAt" | "liveFrom" | "liveUntil"
> & { path: string; kind: string };

/** The terms under which the viewer's organization receives a release; null where it does not. */
function underAgreement(world: Present, org: string, r: Sent): Terms[] | null {
  const { now } = world;
  const a = world.agreements.find((x) => x.id === r.target);
  if (!a || !activeAt(world, org, a.toGroupId, now)) return null;
  const granted = standingAt(a, org, now);
  if (!granted) return null;
  // The version recorded on the release, or a later one that came into force and that its owner has signed.
  const recorded = a.versions.find((v) => v.id === r.versionId)!;
  const later = a.versions.findLast(
    (v) =>
      v.number >= recorded.number &&
      v.effectiveFrom <= now &&
      versionInForce(a, v.effectiveFrom) === v &&
      (r.ownerId === world.operatorId || signed(a, r.ownerId, v, now)),
  );
  const owners = later ? [later.terms] : standingAt(a, r.ownerId, r.releasedAt)!;
  const terms = [...granted, ...owners];
  const held =
    activeAt(world, org, a.toGroupId, r.releasedAt) &&
    !endedBetween(world, org, a.toGroupId, r.releasedAt, now) &&
    standingAt(a, org, r.releasedAt) !== null;
  const covered = terms.every(
    (t) =>
      t.kinds.some((kind) => kind === r.kind) &&
      r.tlp <= TLPS.indexOf(t.tlpCeiling) &&
      r.pap <= PAPS.indexOf(t.papCeiling) &&
      (t.retention === null || now < r.releasedAt + days(t.retention)),
  );
  if (!covered || !(held || terms.every((t) => t.retroactive))) return null;
  return terms;
}

/** When a release ceases to reach the viewer, if nobody does anything: tried at each instant at which something changes. */
function reachesUntil(world: Present, viewer: MaybeViewer, r: Sent): number {
  const { now } = world;
  const a = world.agreements.find((x) => x.id === r.target);
  const instants = [
    r.liveUntil,
    ...(a?.versions ?? []).flatMap((v) => [
      v.effectiveFrom,
      v.effectiveFrom + v.signWithinMs,
      v.effectiveUntil,
      v.terminatedAt,
      r.releasedAt + (v.terms.retention === null ? Infinity : days(v.terms.retention)),
    ]),
    ...[...(a?.signatures.values() ?? [])].flatMap((signatures) => signatures.map((s) => s.at)),
  ];
  // What will become of memberships nobody knows.
  const memberships = world.memberships.map((m) => ({
    ...m,
    changes: m.changes.filter((c) => c.at <= now),
  }));
  const ends = instants.filter(
    (at) => at > now && at < Infinity && !received({ ...world, memberships, now: at }, viewer, r),
  );
  return Math.min(Infinity, ...ends);
}

/** Whether a release reaches the viewer, by its kind of audience. */
function received(world: Present, viewer: MaybeViewer, r: Sent): Terms[] | null {
  if (world.now < r.liveFrom || world.now >= r.liveUntil || !admitted(viewer, r)) return null;
  const named = r.path === "BILATERAL" ? viewer?.organizationId : viewer?.accountId;
  if (r.path === "AGREEMENT") return viewer && underAgreement(world, viewer.organizationId, r);
  const own = r.path !== "NAMED" || viewer?.ownCredential;
  return r.path === "PUBLIC" || (own && r.target === named) ? [] : null;
}

/** Whether the release's TLP lets it go to this kind of account. */
export const admitted = (viewer: MaybeViewer, { path, tlp }: Sent): boolean =>
  path === "PUBLIC" ? tlp === 0 : admits(viewer, tlp) || (path === "NAMED" && tlp === 4);

/** CONTRACTOR and CLIENT accounts up to AMBER, employees up to AMBER_STRICT. */
const admits = (viewer: MaybeViewer, tlp: number): boolean =>
  tlp <= 2 || (tlp === 3 && viewer?.affiliation === "EMPLOYEE");

/** To the indicator's owner, to its author's organization and along its path: each as its TLP lets it go. */
function sightingReaches(
  world: Present,
  viewer: MaybeViewer,
  item: WorldItem,
  s: WorldSighting,
): boolean {
  const own = viewer?.organizationId;
  const red = viewer?.affiliation === "EMPLOYEE" && viewer.ownCredential;
  if (own === item.ownerId && (admits(viewer, s.tlp) || red)) return true;
  if (own === s.organizationId && admits(viewer, s.tlp)) return true;
  if (s.target === null) return false;
  const asRelease = {
    path: s.path,
    kind: "SIGHTING",
    ownerId: s.organizationId,
    target: s.target,
    versionId: s.versionId,
    tlp: s.tlp,
    pap: s.pap,
    releasedAt: s.recordedAt,
    liveFrom: s.recordedAt,
    liveUntil: Infinity,
  };
  return received(world, viewer, asRelease) !== null;
}

export const analyses = (viewer: MaybeViewer): boolean =>
  viewer?.organizationKind === "OPERATOR" && viewer.roles.some((r) => r === "ANALYST");

export function oracle(world: Present, viewer: MaybeViewer, item: WorldItem): Verdict {
  const { now } = world;
  const red = viewer?.affiliation === "EMPLOYEE" && viewer.ownCredential;
  const paths: Path[] = [];
  const all = (): boolean => true;
  const ofItem = { attribution: 2, audience: null, until: Infinity };
  if (viewer?.organizationId === item.ownerId && (admits(viewer, item.tlp) || red)) {
    paths.push({ kind: "OWNER", shows: all, ...ofItem });
  }
  if (analyses(viewer) && item.submittedAt <= now && (admits(viewer, item.tlp) || red)) {
    const shows = item.tlp < 4 ? all : (field: string) => field === "source";
    paths.push({ kind: "OPERATOR", shows, ...ofItem });
  }
  for (const r of item.audiences) {
    const terms = received(world, viewer, r);
    if (!terms) continue;
    const withheld = [...r.withheldFields, ...terms.flatMap((t) => t.withheldFields)];
    const tells = Math.min(item.attribution, ...terms.map((t) => TELLS.indexOf(t.attribution)));
    paths.push({
      kind: r.path,
      shows: (field) => !withholds(withheld, field),
      attribution: withholds(withheld, "source") ? Math.min(tells, 1) : tells,
      audience: r,
      until: reachesUntil(world, viewer, r),
    });
  }
  const whole = paths.some((p) => !p.audience && p.shows("title"));
  const released = paths.flatMap((p) => p.audience ?? []);
  const newest = Math.max(...released.map((r) => r.releasedAt));
  const own = paths.some((p) => !p.audience);
  const attribution = Math.max(...paths.map((p) => p.attribution));
  const [telling] = paths
    .filter((p) => p.attribution === attribution && p.audience?.fromGroupId)
    .toSorted((a, b) => (b.audience?.releasedAt ?? 0) - (a.audience?.releasedAt ?? 0));
  return {
    visible: paths.length > 0,
    paths: paths.map((p) => p.kind).toSorted(),
    fields: new Set(
      FIELDS.filter((field) =>
        paths.some(
          (p) =>
            p.shows(field) &&
            (whole || !WORDING.includes(field) || !p.audience || p.audience.releasedAt === newest),
        ),
      ),
    ),
    tlp: own ? item.tlp : Math.max(...released.map((r) => r.tlp)),
    pap: own ? item.pap : Math.max(...released.map((r) => r.pap)),
    attribution,
    createdAt: own ? item.createdAt : Math.min(...released.map((r) => r.releasedAt)),
    updatedAt: own ? item.updatedAt : newest,
    whole,
    audiences: released,
    own,
    access: paths,
    sourceGroup: attribution > 0 ? (telling?.audience?.fromGroupId ?? null) : null,
    sightings: item.sightings.filter((s) => sightingReaches(world, viewer, item, s)),
  };
}
