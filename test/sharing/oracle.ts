import type { AgreementFact, MaybeViewer, VersionFact } from "../../src/sharing/parties";
import type { Terms } from "../../src/sharing/terms";
import type { World, WorldAudience, WorldItem } from "./generated-world";

/** Section 4 of the sharing model once more: naive, slow, and sharing no code with `src/`. Types alone are shared. */
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
}

interface Path {
  kind: string;
  shows: (field: string) => boolean;
  attribution: number;
  audience: WorldAudience | null;
}

const TLPS = ["CLEAR", "GREEN", "AMBER", "AMBER_STRICT", "RED"];
const PAPS = ["CLEAR", "GREEN", "AMBER", "RED"];
const TELLS = ["ANONYMOUS", "SECTOR_ONLY", "NAMED"];
const WORDING = ["title", "name", "summary", "description", "body"];
const DAMAGE = ["victim", "affectedSystems", "dataStolen", "severity", "awareAt"];
const IDENTITY = ["contact", "source"];
// Score, warnings and sightingCount are derived from the technical fields.
const TECHNICAL =
  "category occurredAt detectedAt pattern patternType observables validFrom validUntil confidence labels indicators about score warnings sightingCount".split(
    " ",
  );
export const FIELDS = [...WORDING, ...DAMAGE, ...IDENTITY, ...TECHNICAL];
const ALIASES = [
  ["title", "name"],
  ["description", "body"],
];

export function withholds(names: readonly string[], field: string): boolean {
  const group = DAMAGE.includes(field)
    ? "damage"
    : IDENTITY.includes(field)
      ? "identity"
      : TECHNICAL.includes(field)
        ? "technical"
        : "";
  const same = ALIASES.find((pair) => pair.includes(field)) ?? [field];
  return names.includes(group) || names.some((name) => same.includes(name));
}

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

function activeAt(world: World, organization: string, group: string, at: number): boolean {
  const changes = world.memberships.find(
    (m) => m.organizationId === organization && m.groupId === group,
  )?.changes;
  return changes?.findLast((c) => c.at <= at)?.state === "ACTIVE";
}

function endedBetween(world: World, org: string, group: string, from: number, to: number): boolean {
  return world.memberships.some(
    (m) =>
      m.organizationId === org &&
      m.groupId === group &&
      m.changes.some((c) => c.state === "ENDED" && c.at > from && c.at <= to),
  );
}

const days = (retention: string): number =>
  Number(/\d+/.exec(retention)?.[0]) * (retention.endsWith("Y") ? 365 : 1) * 86_400_000;

/** The terms under which the viewer's organization receives a release; null where it does not. */
function termsFor(world: World, org: string, r: WorldAudience, now: number): Terms[] | null {
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
  return covered && (held || terms.every((t) => t.retroactive)) ? terms : null;
}

export function oracle(world: World, viewer: MaybeViewer, item: WorldItem): Verdict {
  const { now } = world;
  const employee = viewer?.affiliation === "EMPLOYEE";
  const admits = (tlp: number): boolean => tlp <= 2 || (tlp === 3 && employee);
  const red = employee && viewer.ownCredential;
  const paths: Path[] = [];
  const all = (): boolean => true;
  if (viewer?.organizationId === item.ownerId && (admits(item.tlp) || red)) {
    paths.push({ kind: "OWNER", shows: all, attribution: 2, audience: null });
  }
  const analyst =
    viewer?.organizationKind === "OPERATOR" && viewer.roles.some((r) => r === "ANALYST");
  if (analyst && item.submittedAt <= now && (admits(item.tlp) || red)) {
    const shows = item.tlp < 4 ? all : (field: string) => field === "source";
    paths.push({ kind: "OPERATOR", shows, attribution: 2, audience: null });
  }
  for (const r of item.audiences) {
    if (now < r.liveFrom || now >= r.liveUntil) continue;
    let terms: Terms[] | null = null;
    if (r.path === "PUBLIC" && r.tlp === 0) terms = [];
    if (r.path === "BILATERAL" && r.target === viewer?.organizationId && admits(r.tlp)) terms = [];
    if (r.path === "NAMED" && r.target === viewer?.accountId && viewer.ownCredential)
      terms = admits(r.tlp) || r.tlp === 4 ? [] : null;
    if (r.path === "AGREEMENT" && viewer && admits(r.tlp))
      terms = termsFor(world, viewer.organizationId, r, now);
    if (!terms) continue;
    const withheld = [...r.withheldFields, ...terms.flatMap((t) => t.withheldFields)];
    const tells = Math.min(item.attribution, ...terms.map((t) => TELLS.indexOf(t.attribution)));
    paths.push({
      kind: r.path,
      shows: (field) => !withholds(withheld, field),
      attribution: withholds(withheld, "source") ? Math.min(tells, 1) : tells,
      audience: r,
    });
  }
  const whole = paths.some((p) => !p.audience && p.shows("title"));
  const released = paths.flatMap((p) => p.audience ?? []);
  const newest = Math.max(...released.map((r) => r.releasedAt));
  const own = paths.some((p) => !p.audience);
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
    attribution: Math.max(...paths.map((p) => p.attribution)),
    createdAt: own ? item.createdAt : Math.min(...released.map((r) => r.releasedAt)),
    updatedAt: own ? item.updatedAt : newest,
    whole,
    audiences: released,
  };
}
