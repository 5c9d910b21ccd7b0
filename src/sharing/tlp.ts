/** Traffic Light Protocol 2.0 (FIRST), from least to most restrictive. */
export enum Tlp {
  CLEAR = "CLEAR",
  GREEN = "GREEN",
  AMBER = "AMBER",
  AMBER_STRICT = "AMBER_STRICT",
  RED = "RED",
}

const ORDER = [Tlp.CLEAR, Tlp.GREEN, Tlp.AMBER, Tlp.AMBER_STRICT, Tlp.RED] as const;

/** 0 (CLEAR) to 4 (RED): how the database and the policy hold a TLP. */
export const tlpRank = (tlp: Tlp): number => ORDER.indexOf(tlp);

/** The label of a rank. Throws on a number that is none: a marking is never guessed. */
export function tlpOf(rank: number): Tlp {
  const tlp = ORDER[rank];
  if (!tlp) throw new RangeError(`No TLP has rank ${rank}`);
  return tlp;
}

export const TLP_RED = 4;
export const TLP_AMBER_STRICT = 3;
export const TLP_AMBER = 2;
export const TLP_CLEAR = 0;
