import { domainToUnicode } from "node:url";
import { folded, type FoldedText, lettersOf } from "./folded-text";

/** Legal forms that stand before or after a Japanese name without a space. */
const ATTACHED =
  /^(?:株式会社|有限会社|合同会社|合資会社|合名会社|相互会社|(?:一般|公益|特例)?(?:社団|財団)法人|(?:地方)?独立行政法人|国立研究開発法人|(?:国立|公立)大学法人|学校法人|医療法人(?:社団|財団)?|社会福祉法人|特定非営利活動法人|npo法人)|(?:株式会社|有限会社|合同会社)$/u;
/** Legal forms that are words of their own; `(株)` is one once its brackets are gone. */
const WORDS = new Set(
  (
    "株 有 合 同 資 名 社 財 独 学 医 福 一社 一財 公社 公財 inc incorporated co company corp corporation ltd limited " +
    "llc llp lp plc kk gk gmbh ag sa bv nv ab oy pte pty srl spa"
  ).split(" "),
);
/** The same with a dot after each letter: K.K. */
const SPELLED = new Set(["k k", "g k", "s a", "b v", "n v"]);

const SEPARATORS = /[\s\p{P}\p{S}]+/u;
const BETWEEN = "[\\s\\p{P}\\p{S}]{0,3}";
/** Scripts that put spaces between words: in these a name ends where its word does. */
const SPACED = "\\p{Script=Latin}\\p{Script=Greek}\\p{Script=Cyrillic}\\p{N}";
const ANY_FORM = `(?:株式会社|有限会社|合同会社|\\(?[株有同]\\)|(?<![${SPACED}])(?:inc|co|corp|ltd|llc|kk)(?![${SPACED}]))`;

/** The words of a name without its legal form: `株式会社アクメ`, `Acme Co., Ltd.` and `（株）ＡＣＭＥ` are all one. */
function coreOf(name: string): { words: string[]; stripped: boolean } {
  const all = folded(name).plain.split(SEPARATORS).filter(Boolean);
  let words = [...all];
  for (let length = -1; length !== words.length;) {
    length = words.length;
    if (SPELLED.has(words.slice(-2).join(" "))) words = words.slice(0, -2);
    if (WORDS.has(words.at(-1) ?? "")) words = words.slice(0, -1);
    if (WORDS.has(words[0] ?? "")) words = words.slice(1);
    words = words.map((word) => word.replace(ATTACHED, "").replace(ATTACHED, "")).filter(Boolean);
  }
  return words.length
    ? { words, stripped: words.join() !== all.join() }
    : { words: all, stripped: false };
}

const spaced = new RegExp(`[${SPACED}]`, "u");
const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

/**
 * Finds a name in any width, case and legal form, its words apart or together. What is left of a very short one without its
 * legal form is a word like any other, so that it counts with the form alone.
 */
function nameFinder(name: string): (text: FoldedText) => string[] {
  const { words, stripped } = coreOf(name);
  const letters = lettersOf(words.join(""));
  if (!letters) return () => [];
  const first = spaced.test(words[0]?.[0] ?? "") ? `(?<![${SPACED}])` : "";
  const last = spaced.test(words.at(-1)?.at(-1) ?? "") ? `(?![${SPACED}])` : "";
  const core = first + words.map(escaped).join(BETWEEN) + last;
  const short = letters.length < (first ? 3 : 2);
  const pattern =
    short && stripped ? `${ANY_FORM}${BETWEEN}${core}|${core}${BETWEEN}${ANY_FORM}` : core;
  const expression = new RegExp(pattern, "gu");
  return ({ plain, letters: all }) =>
    all.includes(letters) ? (plain.match(expression) ?? []) : [];
}

export const namesIn = (text: FoldedText, names: readonly string[]): string[] =>
  names.flatMap((name) => nameFinder(name)(text));

/** Domains and what lies below them; in ASCII and as people write them, with a dot of either kind. */
export function domainsIn({ plain, letters }: FoldedText, domains: readonly string[]): string[] {
  const forms = new Set(domains.flatMap((domain) => [domain, domainToUnicode(domain)]));
  return [...forms]
    .filter((domain) => domain && letters.includes(lettersOf(domain)))
    .flatMap((domain) => {
      const dotted = domain.split(".").map(escaped).join("[.\u3002]");
      return plain.match(new RegExp(`(?<![a-z0-9-])${dotted}(?![a-z0-9-])`, "g")) ?? [];
    });
}

/** What a field says of somebody, part by part: `Acme Co., Ltd.; Tokyo` are two, and a legal form is none. */
export const partsOf = (text: string): string[] =>
  folded(text)
    .plain.split(/[;\n\u3001]|,\s/)
    .filter((part) => {
      const words = part.split(SEPARATORS).filter(Boolean);
      return lettersOf(part).length > 1 && !words.every((word) => WORDS.has(word));
    });
