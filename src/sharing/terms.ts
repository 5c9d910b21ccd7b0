import { type FieldMask, maskOf } from "./fields";
import { Pap, papRank } from "./pap";
import { Tlp, tlpRank } from "./tlp";
import { Attribution, attributionRank, type ItemKind } from "./vocabulary";
import { durationMs } from "./duration";

/** The terms of an agreement version as people write them, and as the database keeps them. */
export interface Terms {
  kinds: ItemKind[];
  tlpCeiling: Tlp;
  papCeiling: Pap;
  attribution: Attribution;
  withheldFields: string[];
  onward: boolean;
  requiresApproval: boolean;
  retroactive: boolean;
  /** ISO 8601; null: no limit. */
  retention: string | null;
  /** Empty: any purpose. */
  purposes: string[];
}

/** The terms as the policy computes with them: ranks, a mask, milliseconds. */
export interface EffectiveTerms {
  kinds: readonly ItemKind[];
  tlpCeiling: number;
  papCeiling: number;
  attribution: number;
  withheld: FieldMask;
  onward: boolean;
  requiresApproval: boolean;
  retroactive: boolean;
  /** Infinity: no limit. */
  retentionMs: number;
  /** null: any purpose. */
  purposes: readonly string[] | null;
}

export function effectiveTerms(terms: Terms): EffectiveTerms {
  return {
    kinds: terms.kinds,
    tlpCeiling: tlpRank(terms.tlpCeiling),
    papCeiling: papRank(terms.papCeiling),
    attribution: attributionRank(terms.attribution),
    withheld: maskOf(terms.withheldFields),
    onward: terms.onward,
    requiresApproval: terms.requiresApproval,
    retroactive: terms.retroactive,
    // INVARIANT: a retention that cannot be read grants nothing.
    retentionMs: terms.retention === null ? Infinity : (durationMs(terms.retention) ?? 0),
    purposes: terms.purposes.length ? terms.purposes : null,
  };
}

/** What both terms allow (sharing model, section 3). Commutative, associative and idempotent. */
export function narrower(a: EffectiveTerms, b: EffectiveTerms): EffectiveTerms {
  if (a === b) return a;
  return {
    kinds: a.kinds.filter((kind) => b.kinds.includes(kind)),
    tlpCeiling: Math.min(a.tlpCeiling, b.tlpCeiling),
    papCeiling: Math.min(a.papCeiling, b.papCeiling),
    attribution: Math.min(a.attribution, b.attribution),
    withheld: a.withheld | b.withheld,
    onward: a.onward && b.onward,
    requiresApproval: a.requiresApproval || b.requiresApproval,
    retroactive: a.retroactive && b.retroactive,
    retentionMs: Math.min(a.retentionMs, b.retentionMs),
    purposes:
      a.purposes && b.purposes
        ? a.purposes.filter((p) => b.purposes?.includes(p))
        : (a.purposes ?? b.purposes),
  };
}
