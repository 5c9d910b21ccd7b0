import { ANY } from "./condition";
import { type LastingRight, rightsAround } from "./lasting-rights";
import type { Instant, Parties, Period, Viewer } from "./parties";

/**
 * How a viewer stands to what names neither it nor its organization. Two viewers with the same `key` are shown the same of
 * every item that is not owned by, released to or acted on by one of them by name, within the period, where they held
 * their rights alike when it was released (`heldAlike`).
 */
export interface Standing extends Period {
  key: string;
  /** Since when a right that is still held is held, by its target; the one thing in which equal standings differ. */
  since: ReadonlyMap<string, readonly Instant[]>;
}

export function standingOf(viewer: Viewer, parties: Parties, now: Instant): Standing {
  const window = rightsAround(parties, viewer.organizationId, now);
  const since = new Map<string, Instant[]>();
  const shapes = window.rights.map((right) => {
    if (isOpen(right, now)) {
      const own = since.get(right.target);
      if (own) own.push(right.heldFrom);
      else since.set(right.target, [right.heldFrom]);
    }
    return `${shapeOf(right, now)} ${ahead(parties, right, viewer.organizationId, now)}`;
  });
  return {
    key: [viewer.affiliation, ...shapes.toSorted()].join("\n"),
    since,
    from: window.from,
    until: window.until,
  };
}

/** Whether a right is held now, since an instant. */
const isOpen = ({ heldFrom, heldUntil }: LastingRight, now: Instant): boolean =>
  Number.isFinite(heldFrom) && heldFrom <= now && now < heldUntil;

/** All that a right says, but for since when it is held where that lasts. */
const shapeOf = (right: LastingRight, now: Instant): string =>
  [
    right.path,
    right.target,
    right.kinds.join(),
    right.tlpCeiling,
    right.papCeiling,
    isOpen(right, now) ? "held" : right.heldFrom,
    right.heldUntil,
    right.owners === ANY ? "any" : identity(right.owners),
    right.versions === ANY ? "any" : right.versions.join(),
    right.withheld,
    right.attribution,
    right.retentionMs,
    right.grant?.version.id,
    right.grant?.until,
  ].join(" ");

/** Which versions were signed, where one is to come: whoever signed it may keep what others will lose (`path-end`). */
function ahead(
  parties: Parties,
  { grant }: LastingRight,
  organizationId: string,
  now: Instant,
): string {
  const agreement = grant && parties.agreement(grant.agreementId);
  if (!agreement?.versions.some((v) => v.proposedAt !== null && v.effectiveFrom > now)) return "";
  const signatures = agreement.signatures.get(organizationId) ?? [];
  return signatures
    .map(({ versionId }) => versionId)
    .toSorted()
    .join();
}

/** WHY by identity: whom terms bind is one list for all organizations (`lasting-rights`), and may be long. */
function identity(list: readonly string[]): number {
  let known = identities.get(list);
  if (known === undefined) identities.set(list, (known = ++lists));
  return known;
}
const identities = new WeakMap<readonly string[], number>();
let lists = 0;

/** What was released to a target at an instant fell into which of the standing's open rights: as a text to compare by. */
export function heldAlike(
  { since }: Standing,
  audiences: readonly { target: string; releasedAt: Instant }[],
): string {
  let held = "";
  for (const { target, releasedAt } of audiences) {
    for (const from of since.get(target) ?? []) held += releasedAt >= from ? "+" : "-";
  }
  return held;
}
