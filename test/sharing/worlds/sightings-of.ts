import type { Viewer } from "../../../src/sharing/parties";
import {
  AccessPathKind,
  Affiliation,
  ItemKind,
  type OrganizationKind,
} from "../../../src/sharing/vocabulary";
import type { Plan } from "../arbitraries";
import type { World, WorldItem, WorldSighting } from "../generated-world";
import { oracle, standingAt, type Verdict, versionInForce } from "../oracle";
import { pick } from "./pick";
import { at } from "./time";

type SightingPlan = Plan["items"][number]["sightings"][number];

/** Those that could be recorded: until now, by accounts that saw the indicator then. */
export function sightingsOf(
  { kind, sightings }: Plan["items"][number],
  item: WorldItem,
  world: World,
): WorldSighting[] {
  if (kind !== ItemKind.INDICATOR) return [];
  return sightings.flatMap((s): WorldSighting[] => {
    const authors = [at(s.day), world.now - 1]
      .filter((now) => now <= world.now)
      .flatMap((now) => authorsOf(s, { ...world, now }, item));
    // WHY rather one who sees a release: what an owner saw it tells nobody.
    const author = authors.find(({ verdict }) => !verdict.own) ?? authors[0];
    if (!author) return [];
    const { viewer, verdict, now: recordedAt } = author;
    return [
      {
        accountId: viewer.accountId,
        organizationId: viewer.organizationId,
        recordedAt,
        count: s.count,
        falsePositive: s.falsePositive,
        tlp: verdict.tlp,
        pap: verdict.pap,
        ...along(s, { ...world, now: recordedAt }, viewer.organizationId, verdict),
      },
    ];
  });
}

/** Who could record it at an instant, by turns: the accounts, and others of their organizations. */
function authorsOf(
  { by }: SightingPlan,
  world: World,
  item: WorldItem,
): { viewer: Viewer; verdict: Verdict; now: number }[] {
  const employees = world.organizations.map(({ id, kind }) => employeeOf(id, kind));
  const all = [...world.accounts.map((a) => a.viewer), ...employees];
  return all
    .map((_, n) => pick(all, by + n))
    .map((viewer) => ({ viewer, verdict: oracle(world, viewer, item), now: world.now }))
    .filter(({ verdict }) => verdict.visible);
}

const employeeOf = (organizationId: string, organizationKind: OrganizationKind): Viewer => ({
  organizationId,
  organizationKind,
  accountId: organizationId,
  roles: [],
  affiliation: Affiliation.EMPLOYEE,
  ownCredential: true,
});

/** WHY any of the author's paths, not that which reaches the fewest: whom a sighting reaches is then asked of all kinds. */
function along(
  s: SightingPlan,
  world: World,
  organization: string,
  verdict: Verdict,
): Pick<WorldSighting, "path" | "target" | "versionId"> {
  const ownerAlone = { path: AccessPathKind.OWNER, target: null, versionId: null };
  const { audience } = pick(verdict.access, s.along);
  if (verdict.own || !audience) return ownerAlone;
  const { path, target } = audience;
  const agreement = world.agreements.find((a) => a.id === target);
  if (!agreement) return { path, target, versionId: null };
  const version = versionInForce(agreement, world.now);
  const covers = standingAt(agreement, organization, world.now)?.every((t) =>
    t.kinds.includes(ItemKind.SIGHTING),
  );
  return version && covers ? { path, target, versionId: version.id } : ownerAlone;
}
