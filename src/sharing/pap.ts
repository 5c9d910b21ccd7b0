/** Permissible Actions Protocol, from least to most restrictive. */
export enum Pap {
  CLEAR = "CLEAR",
  GREEN = "GREEN",
  AMBER = "AMBER",
  RED = "RED",
}

const ORDER = [Pap.CLEAR, Pap.GREEN, Pap.AMBER, Pap.RED] as const;

/** 0 (CLEAR) to 3 (RED). */
export const papRank = (pap: Pap): number => ORDER.indexOf(pap);

/** The label of a rank. Throws on a number that is none. */
export function papOf(rank: number): Pap {
  const pap = ORDER[rank];
  if (!pap) throw new RangeError(`No PAP has rank ${rank}`);
  return pap;
}
