import { isIPv6 } from "node:net";
import { parseNetwork } from "../observable/ip-address";

/**
 * What names a person or a machine in a folded text (`folded-text.ts`), wherever it stands. Each search looks at a bounded
 * stretch from each place where something may begin, so that its time is linear, whatever the text.
 */

/** A number written in groups of digits: how many each has, what stands before and after. */
interface Grouped {
  digits: string;
  groups: readonly number[];
  before: string;
  after: string;
}

/** How a kind of number is written. */
interface Shape {
  /** What may stand between two groups. */
  between: RegExp;
  /** How many digits it has in all. */
  least: number;
  most: number;
  /** Whether it may have these groups; asked first, for it costs nothing. */
  grouped: (groups: readonly number[]) => boolean;
  passes: (number: Grouped) => boolean;
}

/** Of the numbers of a kind that begin at each group of digits, the longest. */
function numbersIn(text: string, { between, least, most, grouped, passes }: Shape): string[] {
  const all = [...text.matchAll(/\d+/g)].map(({ 0: group, index }) => ({
    from: index,
    to: index + group.length,
  }));
  const joined = all.map(({ to }, i) => {
    const next = all[i + 1]?.from ?? Infinity;
    return next - to <= 3 && between.test(text.slice(to, next));
  });
  const found: string[] = [];
  all.forEach(({ from }, first) => {
    let longest = from;
    let length = 0;
    const groups: number[] = [];
    for (let i = first; i === first || joined[i - 1]; i++) {
      const end = all[i]?.to ?? 0;
      const size = end - (all[i]?.from ?? 0);
      length += size;
      if (length > most) break;
      groups.push(size);
      if (length < least || !grouped(groups)) continue;
      const digits = text.slice(from, end).replace(/\D/g, "");
      const before = text.slice(Math.max(0, from - 2), from);
      if (passes({ digits, groups, before, after: text.charAt(end) })) longest = end;
    }
    if (longest > from) found.push(text.slice(from, longest));
  });
  return found;
}

/** Not part of a word or of a hash. */
const standsAlone = ({ before, after }: Grouped): boolean =>
  !/[a-z_]$/.test(before) && !/^[a-z_]/.test(after);

const within = (value: number | undefined, least: number, most: number): boolean =>
  value !== undefined && value >= least && value <= most;

/** As it is dialled in Japan: 10 digits, or 11 for mobile, IP and some toll-free numbers. */
const DOMESTIC: Shape = {
  between: /^[- ()]{1,2}$/,
  least: 10,
  most: 11,
  grouped: (groups) =>
    groups.length === 1 ||
    (groups.length <= 4 && within(groups[0], 2, 5) && within(groups.at(-1), 3, 4)),
  passes: (number) =>
    /^0(?:[2-9]0\d{8}|800\d{7}|[1-9]\d{8})$/.test(number.digits) &&
    !number.before.endsWith("+") &&
    (number.groups.length > 1 || standsAlone(number)),
};

/** With the country's code (E.164), after `+`. */
const INTERNATIONAL: Shape = {
  between: /^[- ().]{1,3}$/,
  least: 8,
  most: 15,
  grouped: (groups) => groups.length <= 8,
  passes: ({ before, after }) => /(?:^|[^a-z0-9+])\+$/.test(before) && !/^[a-z]/.test(after),
};

/** The same after the `00` that is dialled for the `+`. */
const DIALLED: Shape = {
  between: /^[- ()]{1,2}$/,
  least: 11,
  most: 17,
  grouped: (groups) =>
    within(groups.length, 3, 5) &&
    within(groups[0], 2, 5) &&
    within(groups.at(-1), 3, 4) &&
    groups.every((size) => size <= 5),
  passes: ({ digits, before, after }) =>
    /^00[1-9]/.test(digits) && !/[a-z0-9.:]$/.test(before) && !/^[a-z]/.test(after),
};

export const telephoneNumbersIn = (text: string): string[] =>
  [DOMESTIC, INTERNATIONAL, DIALLED].flatMap((shape) => numbersIn(text, shape));

/** Twelve digits whose last is the check digit of the Japanese individual number (Cabinet Order 155 of 2014). */
const MY_NUMBER: Shape = {
  between: /^[- ]$/,
  least: 12,
  most: 12,
  grouped: (groups) =>
    groups.length === 1 || (within(groups[0], 3, 4) && groups.every((size) => size === groups[0])),
  passes: (number) => {
    let weighed = 0;
    for (let i = 0; i < 11; i++) weighed += Number(number.digits[i]) * (i < 5 ? 6 - i : 12 - i);
    const checkDigit = weighed % 11 <= 1 ? 0 : 11 - (weighed % 11);
    return standsAlone(number) && checkDigit === Number(number.digits[11]);
  },
};
export const myNumbersIn = (text: string): string[] => numbersIn(text, MY_NUMBER);

/** As they stand on payment cards. */
const CARD_GROUPS = new Set(["4,4,4,4", "4,6,5", "4,6,4", "4,4,4,4,3"]);

/** 13 to 19 digits of an issuer of payment cards (ISO/IEC 7812: 2 to 6) that pass the Luhn check. */
const CARD: Shape = {
  between: /^[- ]$/,
  least: 13,
  most: 19,
  grouped: (groups) =>
    groups.length === 1 || (groups[0] === 4 && CARD_GROUPS.has(groups.join(","))),
  passes: (number) => /^[2-6]/.test(number.digits) && standsAlone(number) && luhn(number.digits),
};
export const cardNumbersIn = (text: string): string[] => numbersIn(text, CARD);

function luhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    sum += i % 2 === 0 ? digit : digit > 4 ? 2 * digit - 9 : 2 * digit;
  }
  return sum % 10 === 0;
}

/** RFC 5321 §4.5.3.1: at most 64 characters before the sign, 255 after it. */
export function emailAddressesIn(text: string): string[] {
  const found: string[] = [];
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    const before = text.slice(Math.max(0, at - 64), at);
    const after = text.slice(at + 1, at + 256);
    const local = tail(before, /[a-z0-9.!#$%&'*+/=?^_`{|}~-]/) || tail(before, /[\p{L}\p{N}._-]/u);
    const domain =
      /^(?:[a-z0-9-]+[.\u3002])+(?:[a-z]{2,63}|xn--[a-z0-9-]+)/.exec(after)?.[0] ??
      /^[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*\.\p{L}{2,}/u.exec(after)?.[0];
    if (local && domain) found.push(`${local}@${domain}`);
  }
  return found;
}

/** The characters of one kind at the end of a text. */
function tail(text: string, kind: RegExp): string {
  let from = text.length;
  while (from > 0 && kind.test(text.charAt(from - 1))) from--;
  return text.slice(from);
}

/** RFC 1918, link-local, and the addresses of carriers' own networks (RFC 6598). */
const PRIVATE = [
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "169.254.0.0/16",
  "100.64.0.0/10",
].flatMap((block) => parseNetwork(block) ?? []);
const INTERNAL_NAME =
  /[.\u3002](?:local|internal|localdomain|intranet|lan|corp|home\.arpa)(?![a-z0-9_-])(?!\.[a-z0-9])/g;

/** Addresses and host names that mean something only within an organization, and show how its network is built. */
export function internalAddressesIn(text: string): string[] {
  const ipv4 = text.match(/(?<!\d)(?<!\d\.)\d{1,3}(?:\.\d{1,3}){3}(?!\.?\d)/g) ?? [];
  // Unique local and link-local ones, fc00::/7 and fe80::/10, that do not end one of 2000::/3.
  const ipv6 = [
    ...text.matchAll(/(?<![a-z0-9.])(?=(f(?:[cd][0-9a-f]{2}|e[89ab][0-9a-f]):[0-9a-f:]{1,36}))/g),
  ].flatMap(({ 1: found = "", index }) => {
    let address = found;
    while (address && !isIPv6(address)) address = address.replace(/:?[^:]*$/, "");
    const longer = tail(text.slice(Math.max(0, index - 40), index), /[a-z0-9:]/) + address;
    const isPublic = /^[23][0-9a-f]{3}:/.test(longer) && isIPv6(longer);
    return address && !isPublic ? [address] : [];
  });
  const names = [...text.matchAll(INTERNAL_NAME)].flatMap(({ 0: suffix, index }) => {
    const host = tail(text.slice(Math.max(0, index - 253), index), /[a-z0-9_.-]/);
    return host ? [host + suffix] : [];
  });
  return [...ipv4.filter(isPrivate), ...ipv6, ...names];
}

function isPrivate(address: string): boolean {
  const bits = parseNetwork(address.replace(/(?<=^|\.)0+(?=\d)/g, ""));
  return (
    bits !== null && PRIVATE.some(({ first, last }) => bits.first >= first && bits.last <= last)
  );
}
