import { type Grant, grantsOf, grantUnder, periodsInForce, termsOf } from "./agreement-periods";
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
export interface RightsWindow extends Period {
  rights: readonly LastingRight[];
}

/** By the edition of the parties, then by organization; a few each, as replays ask about the past. */
const kept = new WeakMap<object, Map<string, RightsWindow[]>>();
const WINDOWS = 4;

/**
 * What an organization's grants open at an instant. It depends on parties and agreements alone and changes only with them or
 * where a period begins or ends, so it is computed once for each stretch between.
 */
export const rightsUnderAgreements = (
  parties: Parties,
  organizationId: string,
  now: Instant,
): readonly LastingRight[] => rightsAround(parties, organizationId, now).rights;

/** As `rightsUnderAgreements`, with the stretch of time in which these are the rights. */
export function rightsAround(parties: Parties, organizationId: string, now: Instant): RightsWindow {
  const compute = (): RightsWindow => ({
    ...windowAround(parties, organizationId, now),
    rights: grantsOf(parties, organizationId, now).flatMap((grant) =>
      rightsUnder(parties, grant, now),
    ),
  });
  if (!parties.edition) return compute();
  let windows = kept.get(parties.edition);
  if (!windows) kept.set(parties.edition, (windows = new Map<string, RightsWindow[]>()));
  let own = windows.get(organizationId);
  if (!own) windows.set(organizationId, (own = []));
  const known = own.find(({ from, until }) => from <= now && now < until);
  if (known) return known;
  const window = compute();
  own.unshift(window);
  own.splice(WINDOWS);
  return window;
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
    instantsOf(agreement).forEach(mark);
  }
  return window;
}

/** When something of an agreement begins or ends, or is signed. */
const instantsOf = (agreement: AgreementFact): Instant[] => [
  ...agreement.versions.flatMap((version) => [
    version.proposedAt ?? Infinity,
    version.effectiveFrom,
    version.effectiveFrom + version.signWithinMs,
    version.effectiveUntil,
    version.terminatedAt,
  ]),
  ...[...agreement.signatures.values()].flatMap((signatures) => signatures.map(({ at }) => at)),
];

/** The instants after now at which an agreement is known to become another, in order. */
export const changesAhead = (agreement: AgreementFact, now: Instant): Instant[] =>
  [...new Set(instantsOf(agreement))]
    .filter((at) => at > now && Number.isFinite(at))
    .toSorted((a, b) => a - b);

/** What an organization's grant under one agreement will open at an instant to come, by what is known now. */
export function rightsUnderAgreement(
  parties: Parties,
  agreement: AgreementFact,
  organizationId: string,
  at: Instant,
  now: Instant,
): LastingRight[] {
  const grant = grantUnder(parties, agreement, organizationId, at, now);
  return grant ? rightsUnder(parties, grant, at) : [];
}

/** What one grant opens: a right for each period in which it was held and for each of the terms that bind owners. */
function rightsUnder(parties: Parties, grant: Grant, now: Instant): LastingRight[] {
  const agreement = parties.agreement(grant.agreementId);
  if (!agreement) return [];
  return keptBindings(parties, agreement, now).flatMap(({ owners, versions, terms: binding }) => {
    const terms = narrower(grant.terms, binding);
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
  });
}

/** Terms that bind some owners' releases, of those released under some versions. */
interface Binding {
  owners: readonly string[] | typeof ANY;
  versions: readonly string[] | typeof ANY;
  terms: EffectiveTerms;
}

/** By the edition of the parties: the bindings of each agreement, by how much of it has happened. */
const bound = new WeakMap<object, Map<string, readonly Binding[]>>();

/** `bindings`, the very same for every organization: they depend on the agreement alone. */
function keptBindings(
  parties: Parties,
  agreement: AgreementFact,
  now: Instant,
): readonly Binding[] {
  const { edition, operatorId } = parties;
  if (!edition) return bindings(agreement, operatorId, now);
  let known = bound.get(edition);
  if (!known) bound.set(edition, (known = new Map<string, readonly Binding[]>()));
  const key = `${agreement.id} ${instantsOf(agreement).filter((at) => at <= now).length}`;
  let own = known.get(key);
  if (!own) known.set(key, (own = bindings(agreement, operatorId, now)));
  return own;
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
