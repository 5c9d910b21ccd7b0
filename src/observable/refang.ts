import { normalized } from "./normalized";

/** Characters that show nothing: soft hyphen, zero-width and direction marks, byte order mark. */
const INVISIBLE =
  /[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/g;

const PAIRS: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  "`": "`",
  "\u201c": "\u201d",
  "\u2018": "\u2019",
  "\u00ab": "\u00bb",
  "\u300c": "\u300d",
  "\u300e": "\u300f",
  "(": ")",
  "[": "]",
  "{": "}",
  "<": ">",
  "+": "+",
  "|": "|",
};

/** Each expression is linear: no quantifier stands next to another that could match the same characters. */
const REFANGS: readonly (readonly [RegExp, string])[] = [
  [/[[({] ?(?:\.|dot|\u3002) ?[\])}]/gi, "."],
  [/[[({] ?(?:@|at) ?[\])}]/gi, "@"],
  [/[[({]:\/\/[\])}]/g, "://"],
  [/[[({]:[\])}]/g, ":"],
  [/[[({]\/[\])}]/g, "/"],
  [/^h[xt*]{2}p(s?):/i, "http$1:"],
  [/^fxp(s?):/i, "ftp$1:"],
  [/^meow(s?):/i, "http$1:"],
];

function unwrap(text: string): string {
  let from = 0;
  let to = text.length;
  for (;;) {
    while (from < to && /\s/.test(text.charAt(from))) from++;
    while (from < to && /[\s,;]/.test(text.charAt(to - 1))) to--;
    if (to - from < 2 || PAIRS[text.charAt(from)] !== text.charAt(to - 1))
      return text.slice(from, to);
    from++;
    to--;
  }
}

/**
 * What an analyst meant by a pasted value: invisible characters, list bullets, surrounding quotes and brackets, and the
 * brackets and letters that make a value harmless to click (`hxxp[:]//evil[.]example`) are taken away. Compatibility forms
 * (full-width Japanese input) become their plain twins by NFKC. A value that is not defanged comes back as it was, trimmed.
 */
export function refang(raw: string): string {
  let text = unwrap(normalized(raw.replace(INVISIBLE, ""), "NFKC"));
  if (/^[-*\u2022] /.test(text)) text = unwrap(text.slice(2));
  for (const [defanged, plain] of REFANGS) text = text.replace(defanged, plain);
  return unwrap(text);
}
