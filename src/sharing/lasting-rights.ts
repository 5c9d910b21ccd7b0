import { type Grant, grantsOf, periodsInForce, termsOf } from "./agreement-periods";
import { ANY } from "./condition";
import { EVERYONE, type ReleasePath } from "./facts";
import { type FieldMask, WITHHOLD_NOTHING } from "./fields";
import type { AgreementFact, Instant, Parties, Period, VersionFact } from "./parties";
import { type EffectiveTerms, narrower } from "./terms";
import { TLP_RED } from "./tlp";
import { AccessPathKind, ItemKind } from "./vocabulary";

/** What opens releases, as it is for a stretch of time, whichever account of the organization asks. */
export interface LastingRight {
  path: ReleasePath;
  target: string;
  kinds: readonly ItemKind[];
  tlpCeiling: number;
  papCeiling: number;
  heldFrom: Instant;
  heldUntil: Instant;
  owners: readonly string[] | typeof ANY;
  versions: readonly string[] | typeof ANY;
  /** What the path gives where it holds. */
  withheld: FieldMask;
  attribution: number;
  retentionMs: number;
  grant: Grant | null;
}

/** The rights of an organization under agreements, and for how long they are these. */
interface Window extends Period {
  rights: readonly LastingRight[];
}

/** By the edition of the parties, then by organization; a few each, as replays ask about the past. */
const kept = new WeakMap<object, Map<string, Window[]>>();
const WINDOWS = 4;

/**
 * What an organization's grants open at an instant. It depends on parties and agreements alone and changes only with them or
 * where a period begins or ends, so it is computed once for each stretch between.
 */
export function rightsUnderAgreements(
  parties: Parties,
  organizationId: string,
  now: Instant,
): readonly LastingRight[] {
  const compute = (): readonly LastingRight[] =>
    grantsOf(parties, organizationId, now).flatMap((grant) => rightsUnder(parties, grant, now));
  if (!parties.edition) return compute();
  let windows = kept.get(parties.edition);
  if (!windows) kept.set(parties.edition, (windows = new Map<string, Window[]>()));
  let own = windows.get(organizationId);
  if (!own) windows.set(organizationId, (own = []));
  const known = own.find(({ from, until }) => from <= now && now < until);
  if (known) return known.rights;
  const window = { ...windowAround(parties, organizationId, now), rights: compute() };
  own.unshift(window);
  own.splice(WINDOWS);
  return window.rights;
}

/** The stretch around an instant in which no period of the organization's memberships and agreements begins or ends. */
function windowAround(parties: Parties, organizationId: string, now: Instant): Period {
  const window = { from: -Infinity, until: Infinity };
  const mark = (at: Instant): void => {
    if (at <= now) window.from = Math.max(window.from, at);
    else window.until = Math.min(window.until, at);
  };
  for (const agreement of parties.agreementsTo(organizationId)) {
    for (const { at } of parties.membershipChanges(organizationId, agreement.toGroupId)) mark(at);
    for (const version of agreement.versions) {
      mark(version.proposedAt ?? Infinity);
      mark(version.effectiveFrom);
      mark(version.effectiveFrom + version.signWithinMs);
      mark(version.effectiveUntil);
      mark(version.terminatedAt);
    }
    for (const signatures of agreement.signatures.values())
      for (const { at } of signatures) mark(at);
  }
  return window;
}

/** What one grant opens: a right for each period in which it was held and for each of the terms that bind owners. */
function rightsUnder(parties: Parties, grant: Grant, now: Instant): LastingRight[] {
  const agreement = parties.agreement(grant.agreementId);
  if (!agreement) return [];
  return bindings(agreement, parties.operatorId, now).flatMap(
    ({ owners, versions, terms: bound }) => {
      const terms = narrower(grant.terms, bound);
      const periods = terms.retroactive ? [{ from: -Infinity, until: Infinity }] : grant.held;
      return periods.map((period) => ({
        path: AccessPathKind.AGREEMENT as const,
        target: agreement.id,
        kinds: terms.kinds,
        tlpCeiling: terms.tlpCeiling,
        papCeiling: terms.papCeiling,
        heldFrom: period.from,
        heldUntil: period.until,
        owners,
        versions,
        withheld: terms.withheld,
        attribution: terms.attribution,
        retentionMs: terms.retentionMs,
        grant,
      }));
    },
  );
}

/** Terms that bind some owners' releases, of those released under some versions. */
interface Binding {
  owners: readonly string[] | typeof ANY;
  versions: readonly string[] | typeof ANY;
  terms: EffectiveTerms;
}

/**
 * By which terms released items are bound: the latest version in force by now that their owner signed. What was released
 * under a later one, while the older signature still counted, is bound by all of them. So a new version never widens an
 * old release without its owner.
 */
function bindings(agreement: AgreementFact, operatorId: string | null, now: Instant): Binding[] {
  const begun = periodsInForce(agreement)
    .filter(({ period }) => period.from <= now)
    .map(({ version }) => version);
  const [only] = begun;
  if (begun.length === 1 && only) return [{ owners: ANY, versions: ANY, terms: termsOf(only) }];
  const result: Binding[] = [];
  begun.forEach((signed, i) => {
    const owners = lastSigners(agreement, begun, signed, operatorId, now);
    if (!owners.length) return;
    let terms = termsOf(signed);
    result.push({ owners, versions: begun.slice(0, i + 1).map((v) => v.id), terms });
    for (const later of begun.slice(i + 1)) {
      terms = narrower(terms, termsOf(later));
      result.push({ owners, versions: [later.id], terms });
    }
  });
  return result;
}

/** The owners whose latest signature by now is under this version. The operator counts as signatory of every version. */
function lastSigners(
  agreement: AgreementFact,
  begun: readonly VersionFact[],
  version: VersionFact,
  operatorId: string | null,
  now: Instant,
): string[] {
  const owners = version === begun.at(-1) && operatorId !== null ? [operatorId] : [];
  for (const [owner, signatures] of agreement.signatures) {
    const signed = new Set(signatures.filter((s) => s.at <= now).map((s) => s.versionId));
    if (owner !== operatorId && begun.findLast((v) => signed.has(v.id)) === version)
      owners.push(owner);
  }
  return owners;
}

const EVERY_KIND: readonly ItemKind[] = Object.values(ItemKind);

/** What opens releases to an organization, an account or everyone by name, without an agreement. */
const direct = (path: ReleasePath, target: string): LastingRight => ({
  path,
  target,
  kinds: EVERY_KIND,
  tlpCeiling: TLP_RED,
  papCeiling: 3,
  heldFrom: -Infinity,
  heldUntil: Infinity,
  owners: ANY,
  versions: ANY,
  withheld: WITHHOLD_NOTHING,
  attribution: 2,
  retentionMs: Infinity,
  grant: null,
});

export const PUBLIC_RIGHT = direct(AccessPathKind.PUBLIC, EVERYONE);
export const bilateralRight = (organizationId: string): LastingRight =>
  direct(AccessPathKind.BILATERAL, organizationId);
export const namedRight = (accountId: string): LastingRight =>
  direct(AccessPathKind.NAMED, accountId);
