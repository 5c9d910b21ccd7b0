import { normalized } from "./normalized";

/** Characters that show nothing: soft hyphen, zero-width and direction marks, byte order mark. */
const INVISIBLE =
  /[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/g;

/** Has nothing invisible, and is its own compatibility form. */
const ASCII = /^[\x00-\x7f]*$/;
/** Has no bracket, quote, bullet or space either: at the most its scheme is defanged. */
const BARE = /^[a-z0-9][a-z0-9._~:/?#@!$&*=%-]*[a-z0-9/]$/i;

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
type Refang = readonly [RegExp, string];
const BRACKET = /[[({]/;
const BRACKETED: readonly Refang[] = [
  [/[[({] ?(?:\.|dot|\u3002) ?[\])}]/gi, "."],
  [/[[({] ?(?:@|at) ?[\])}]/gi, "@"],
  [/[[({]:\/\/[\])}]/g, "://"],
  [/[[({]:[\])}]/g, ":"],
  [/[[({]\/[\])}]/g, "/"],
];
const SCHEME = /^(?!http)(?:(h[xt*]{2}p|meow)|fxp)(s?):/i;

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
  if (BARE.test(raw)) return withScheme(raw);
  let text = unwrap(ASCII.test(raw) ? raw : normalized(raw.replace(INVISIBLE, ""), "NFKC"));
  if (/^[-*\u2022] /.test(text)) text = unwrap(text.slice(2));
  if (BRACKET.test(text)) for (const refang of BRACKETED) text = text.replace(...refang);
  return unwrap(withScheme(text));
}

function withScheme(text: string): string {
  return text.replace(SCHEME, (_, http: string | undefined, s: string) =>
    http === undefined ? `ftp${s}:` : `http${s}:`,
  );
}
