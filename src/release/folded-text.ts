import { normalized } from "../observable/normalized";

/** A text as it is searched: compatibility forms made plain, nothing invisible, nothing defanged, lower case. */
export interface FoldedText {
  plain: string;
  /** Its letters and digits alone: what is not in here is not in the text. */
  letters: string;
}

const INVISIBLE = /\p{Default_Ignorable_Code_Point}/gu;
/** One character each that stands for a whole formula: up to 18 times longer once folded, and nobody's name. */
const FORMULAS = /[\ufdf0-\ufdfd]/g;

/** Each expression is linear: none has a quantifier beside another that could match the same characters. */
const PLAINER: readonly (readonly [RegExp, string])[] = [
  [/[\u2010-\u2015\u2212\u2500]/g, "-"],
  // The long vowel mark, which Japanese input methods give for a hyphen.
  [/(?<=\d)\u30fc(?=\d)/g, "-"],
  [/[[({] ?(?:\.|dot|\u3002) ?[\])}]/g, "."],
  [/[[({] ?(?:@|at) ?[\])}]/g, "@"],
];

export function folded(text: string): FoldedText {
  let plain = normalized(text.replace(INVISIBLE, "").replace(FORMULAS, " "), "NFKC")
    .replace(INVISIBLE, "")
    .toLowerCase();
  for (const [written, meant] of PLAINER) plain = plain.replace(written, meant);
  return { plain, letters: lettersOf(plain) };
}

export const lettersOf = (plain: string): string => plain.replace(/[^\p{L}\p{N}]+/gu, "");
