import { parseNetwork, unmapped, type Network } from "../observable/ip-address";

/** One list as MISP publishes it (misp-warninglists `schema.json`). */
export interface Warninglist {
  name: string;
  type: "string" | "substring" | "hostname" | "cidr" | "regex";
  list: string[];
  /** MISP attribute types that the list speaks of; absent where it speaks of all. */
  matching_attributes?: string[];
}

/** Is this value, in canonical form, on the list? */
export type Matcher = (value: string) => boolean;

function anyParent(value: string, names: ReadonlySet<string>): boolean {
  for (let dot = value.indexOf("."); dot >= 0; dot = value.indexOf(".", dot + 1)) {
    if (names.has(value.slice(dot + 1))) return true;
  }
  return false;
}

/**
 * Names and other words without regard to case. An entry with a leading dot stands for every name below it, in a list of
 * `hostname` any entry does.
 * WHY: in a list of `string` such an entry (`.google.ad`) could match nothing as it stands.
 */
function matchNames(list: string[], type: "string" | "hostname"): Matcher {
  const entries = list.map((entry) => entry.toLowerCase());
  const exact = new Set(entries.filter((entry) => !entry.startsWith(".")));
  const dotted = entries.filter((entry) => entry.startsWith(".")).map((entry) => entry.slice(1));
  const above = new Set(type === "hostname" ? [...exact, ...dotted] : dotted);
  return (value) => {
    const name = value.toLowerCase();
    return exact.has(name) || (above.size > 0 && anyParent(name, above));
  };
}

/** Disjoint blocks in ascending order. */
function merged(blocks: Network[]): Network[] {
  const sorted = blocks.toSorted((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const result: Network[] = [];
  for (const block of sorted) {
    const last = result.at(-1);
    if (last && block.first <= last.last)
      last.last = block.last > last.last ? block.last : last.last;
    else result.push({ ...block });
  }
  return result;
}

/** Binary search for the first block that does not end before the value begins. */
function overlaps(blocks: Network[], { first, last }: Network): boolean {
  let low = 0;
  let high = blocks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((blocks[middle] as Network).last < first) low = middle + 1;
    else high = middle;
  }
  const candidate = blocks[low];
  return candidate !== undefined && candidate.first <= last;
}

/** An address on the list, and a block that shares an address with it: blocking the block would block what is listed. */
function matchCidr(list: string[]): Matcher {
  const blocks = list.flatMap((entry) => parseNetwork(entry) ?? []).map(unmapped);
  const byVersion = {
    4: merged(blocks.filter(({ version }) => version === 4)),
    6: merged(blocks.filter(({ version }) => version === 6)),
  };
  return (value) => {
    const network = parseNetwork(value);
    if (network === null) return false;
    const plain = unmapped(network);
    return overlaps(byVersion[plain.version], plain);
  };
}

/** The lists come with this code, so their expressions are trusted; written as PHP does, `/…/i`. */
function matchRegex(list: string[]): Matcher {
  const expressions = list.flatMap((entry) => {
    const parts = /^\/(.*)\/([a-z]*)$/.exec(entry);
    return parts
      ? [new RegExp(parts[1] ?? "", (parts[2] ?? "").replace(/[^imsu]/g, ""))]
      : [new RegExp(entry)];
  });
  return (value) => expressions.some((expression) => expression.test(value));
}

/** One pass over the value a distinct length of entry, so the number of entries does not count. */
function matchSubstring(list: string[]): Matcher {
  const entries = new Set(list.map((entry) => entry.toLowerCase()));
  const lengths = [...new Set([...entries].map((entry) => entry.length))];
  return (value) => {
    const text = value.toLowerCase();
    return lengths.some((length) => {
      for (let at = 0; at + length <= text.length; at++)
        if (entries.has(text.slice(at, at + length))) return true;
      return false;
    });
  };
}

const MATCHERS: Readonly<Record<Warninglist["type"], (list: string[]) => Matcher>> = {
  string: (list) => matchNames(list, "string"),
  hostname: (list) => matchNames(list, "hostname"),
  cidr: matchCidr,
  regex: matchRegex,
  substring: matchSubstring,
};

/** Compiles a list once; a question then costs a few look-ups, whatever the list's length. */
export const matcherOf = ({ type, list }: Warninglist): Matcher => MATCHERS[type](list);
