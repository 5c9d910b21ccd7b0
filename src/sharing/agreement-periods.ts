import type {
  AgreementFact,
  Instant,
  MembershipChangeFact,
  Parties,
  Period,
  VersionFact,
} from "./parties";
import { type EffectiveTerms, effectiveTerms, narrower, type Terms } from "./terms";
import { AgreementState, MembershipState } from "./vocabulary";

const terms = new WeakMap<Terms, EffectiveTerms>();

export function termsOf(version: VersionFact): EffectiveTerms {
  let known = terms.get(version.terms);
  if (!known) terms.set(version.terms, (known = effectiveTerms(version.terms)));
  return known;
}

/** When each proposed version is in force: from its date until its end, its termination or the next version's date. */
export function periodsInForce(
  agreement: AgreementFact,
): { version: VersionFact; period: Period }[] {
  const proposed = agreement.versions.filter((v) => v.proposedAt !== null);
  return proposed
    .map((version) => {
      const until = proposed
        .filter((next) => next.number > version.number && next.terminatedAt > next.effectiveFrom)
        .reduce(
          (min, next) => Math.min(min, next.effectiveFrom),
          Math.min(version.effectiveUntil, version.terminatedAt),
        );
      return { version, period: { from: version.effectiveFrom, until } };
    })
    .filter(({ period }) => period.from < period.until);
}

export const contains = ({ from, until }: Period, at: Instant): boolean => from <= at && at < until;

export const inForceAt = (agreement: AgreementFact, now: Instant): VersionFact | undefined =>
  periodsInForce(agreement).find(({ period }) => contains(period, now))?.version;

/** The state of a version at an instant; a version whose time is up counts as TERMINATED. */
export function stateOf(
  agreement: AgreementFact,
  version: VersionFact,
  now: Instant,
): AgreementState {
  if (version.proposedAt === null || version.proposedAt > now) {
    return version.terminatedAt <= now ? AgreementState.TERMINATED : AgreementState.DRAFT;
  }
  if (version.terminatedAt <= now || version.effectiveUntil <= now)
    return AgreementState.TERMINATED;
  const superseded = agreement.versions.some(
    (next) =>
      next.number > version.number &&
      next.proposedAt !== null &&
      next.effectiveFrom <= now &&
      next.terminatedAt > next.effectiveFrom,
  );
  if (superseded) return AgreementState.SUPERSEDED;
  return version.effectiveFrom <= now ? AgreementState.IN_FORCE : AgreementState.PROPOSED;
}

/** A stretch of time in which an organization's signature stood, and what it then stood for. */
export interface Standing extends Period {
  version: VersionFact;
  terms: EffectiveTerms;
}

/**
 * When an organization's signature under an agreement stands. Under the version it signed: from the signature.
 * When a new version comes into force over one that stood: for `signWithin` of the new one, the narrower of the two.
 */
export function standings(agreement: AgreementFact, organizationId: string): Standing[] {
  const signedAt = new Map(
    agreement.signatures.get(organizationId)?.map((s) => [s.versionId, s.at]),
  );
  const result: Standing[] = [];
  if (!signedAt.size) return result;
  for (const { version, period } of periodsInForce(agreement)) {
    const own = termsOf(version);
    const from = Math.max(period.from, signedAt.get(version.id) ?? Infinity);
    const before = result.at(-1);
    if (before && before.until === period.from) {
      const until = Math.min(from, period.until, period.from + version.signWithinMs);
      push(result, { from: period.from, until, version, terms: narrower(before.terms, own) });
    }
    push(result, { from, until: period.until, version, terms: own });
  }
  return result;
}

/** The periods in which a membership was ACTIVE, after its last ENDED. */
export function activePeriods(changes: readonly MembershipChangeFact[], now: Instant): Period[] {
  let result: Period[] = [];
  let from: Instant | null = null;
  for (const { state, at } of changes) {
    if (at > now) break;
    if (from !== null && at > from) result.push({ from, until: at });
    from = state === MembershipState.ACTIVE ? at : null;
    if (state === MembershipState.ENDED) result = [];
  }
  if (from !== null) result.push({ from, until: Infinity });
  return result;
}

/** A right to receive what is released from one group to another, at an instant, with the periods in which it was held. */
export interface Grant {
  agreementId: string;
  fromGroupId: string;
  toGroupId: string;
  version: VersionFact;
  terms: EffectiveTerms;
  held: Period[];
  /** When it ends, as far as is known now. */
  until: Instant;
}

/**
 * The organization's grant under one agreement; null where it has none at that instant.
 * @param known the instant until which changes of memberships count, for an instant that is still to come
 */
export function grantUnder(
  parties: Parties,
  agreement: AgreementFact,
  organizationId: string,
  now: Instant,
  known: Instant = now,
): Grant | null {
  const changes = parties.membershipChanges(organizationId, agreement.toGroupId);
  const active = activePeriods(changes, known);
  if (!active.some((period) => contains(period, now))) return null;
  const stood = standings(agreement, organizationId);
  const standing = stood.find((s) => contains(s, now));
  if (!standing) return null;
  const held = joined(active.flatMap((a) => stood.flatMap((s) => intersection(a, s))));
  const until = held.find((period) => contains(period, now))?.until ?? standing.until;
  return {
    agreementId: agreement.id,
    fromGroupId: agreement.fromGroupId,
    toGroupId: agreement.toGroupId,
    version: standing.version,
    terms: standing.terms,
    held,
    until,
  };
}

/** All grants of an organization at an instant. They depend on parties and agreements only, never on an item. */
export function grantsOf(parties: Parties, organizationId: string, now: Instant): Grant[] {
  return parties
    .agreementsTo(organizationId)
    .flatMap((agreement) => grantUnder(parties, agreement, organizationId, now) ?? []);
}

function intersection(a: Period, b: Period): Period[] {
  const from = Math.max(a.from, b.from);
  const until = Math.min(a.until, b.until);
  return from < until ? [{ from, until }] : [];
}

function joined(periods: Period[]): Period[] {
  const result: Period[] = [];
  for (const period of periods.toSorted((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last && period.from <= last.until) last.until = Math.max(last.until, period.until);
    else result.push({ ...period });
  }
  return result;
}

function push(standings: Standing[], standing: Standing): void {
  if (standing.from < standing.until) standings.push(standing);
}
