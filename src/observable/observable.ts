import { canonicalDomain, splitPort } from "./host";
import { formatNetwork, isIpv4, parseNetwork } from "./ip-address";
import { normalized } from "./normalized";
import { refang } from "./refang";
import { canonicalUrl, PLAIN_PATH } from "./url";

/**
 * A value that can be seen on a network or a machine, in canonical form. `type` is the STIX 2.1 SCO type (`ipv4-addr`,
 * `domain-name`, `url`, …); a file is told by one of its hashes (`md5`, `sha1`, …, `ssdeep`) or by its name (`file-name`).
 */
export interface Observable {
  type: string;
  value: string;
}

/** Longer values are no observable: no real one comes near, and every rule here stays cheap. */
export const LONGEST_VALUE = 4096;

/** Digits of a hexadecimal hash → its type. */
const HASH_BY_LENGTH: Readonly<Record<number, string>> = {
  32: "md5",
  40: "sha1",
  56: "sha224",
  64: "sha256",
  96: "sha384",
  128: "sha512",
};

const HIVES: Readonly<Record<string, string>> = {
  HKLM: "HKEY_LOCAL_MACHINE",
  HKCU: "HKEY_CURRENT_USER",
  HKCR: "HKEY_CLASSES_ROOT",
  HKU: "HKEY_USERS",
  HKCC: "HKEY_CURRENT_CONFIG",
};

/** Endings that are no top-level domain and do name files: `invoice.pdf` is a file, `invoice.zip` may well be a site. */
const FILE_ENDING =
  /\.(?:7z|apk|bat|bin|chm|cmd|cpl|dat|dll|dmg|docm?|docx|dotm|elf|eml|exe|gif|gz|hta|html?|img|iso|jar|jpe?g|jse?|jsp|lnk|log|msc|msg|msi|ocx|odt|pdf|php|pif|png|pptm?|pptx|ps1|psm1|rar|rtf|scr|svg|sys|tar|tmp|txt|vbe|vbs|vhdx?|wsf|xlam|xll|xlsb?|xlsm|xlsx|xml|xxe)$/i;

type Canonical = (text: string) => string | null;

const hexHash =
  (length: number): Canonical =>
  (text) =>
    text.length === length && /^[0-9a-f]+$/i.test(text) ? text.toLowerCase() : null;

const network =
  (version: 4 | 6): Canonical =>
  (text) => {
    if (isIpv4(text)) return version === 4 ? text : null;
    if (version === 6 && !text.includes(":")) return null;
    const block = parseNetwork(text.replace(/[\u3002\uff0e\uff61]/g, "."));
    return block?.version === version ? formatNetwork(block) : null;
  };

/** The local part keeps its case, which is the receiver's business (RFC 5321 §2.4); the domain does not. */
const email: Canonical = (text) => {
  const address = text.replace(/^mailto:/i, "");
  const at = address.lastIndexOf("@");
  const local = address.slice(0, Math.max(at, 0));
  if (!/^[^\s@<>()[\],;:\\"\x00-\x1f]{1,64}$/.test(local)) return null;
  const domain = canonicalDomain(address.slice(at + 1));
  return domain?.includes(".") ? `${local}@${domain}` : null;
};

/** Six octets in any usual notation → lower case with colons, as STIX 2.1 §6.9 writes them. */
const mac: Canonical = (text) => {
  const known =
    /^(?:[0-9a-f]{2}(?:(?::[0-9a-f]{2}){5}|(?:-[0-9a-f]{2}){5})|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4})$/i;
  return known.test(text) ? (text.toLowerCase().match(/[0-9a-f]{2}/g) ?? []).join(":") : null;
};

/** The hive by its long name, the rest in lower case: the registry does not tell case apart. */
const registryKey: Canonical = (text) => {
  const [hive = "", ...keys] = text.split("\\").filter((key) => key !== "");
  const known = HIVES[hive.toUpperCase()] ?? hive.toUpperCase();
  if (!Object.values(HIVES).includes(known)) return null;
  return [known, ...keys.map((key) => key.toLowerCase())].join("\\");
};

const autonomousSystem: Canonical = (text) => {
  const number = /^(?:AS[N ]?)?(\d{1,10})$/i.exec(text)?.[1];
  return number === undefined || Number(number) > 4294967295 ? null : `AS${Number(number)}`;
};

/** `blocksize:chunk:double-chunk`; the block size is 3 · 2ⁿ. Case counts. */
const ssdeep: Canonical = (text) => {
  const size = /^(\d{1,10}):[A-Za-z0-9+/]{3,64}:[A-Za-z0-9+/]{2,64}$/.exec(text)?.[1];
  const steps = Math.log2(Number(size) / 3);
  return size !== undefined && steps >= 0 && Number.isInteger(steps) ? text : null;
};

const exact: Canonical = (text) =>
  /[\x00-\x1f\x7f]/.test(text) ? null : normalized(text.trim(), "NFC") || null;

/** Network values are defanged also inside patterns; the others are taken to the letter. */
const REFANGED: Readonly<Record<string, Canonical>> = {
  "ipv4-addr": network(4),
  "ipv6-addr": network(6),
  "domain-name": canonicalDomain,
  url: canonicalUrl,
  "email-addr": email,
  "mac-addr": mac,
};

const LITERAL: Readonly<Record<string, Canonical>> = {
  ...Object.fromEntries(
    Object.entries(HASH_BY_LENGTH).map(([length, type]) => [type, hexHash(Number(length))]),
  ),
  "sha3-256": hexHash(64),
  "sha3-512": hexHash(128),
  ssdeep,
  "windows-registry-key": registryKey,
  "autonomous-system": autonomousSystem,
  mutex: exact,
  "file-name": exact,
  "user-agent": exact,
};

const as = (type: string, value: string | null): Observable | null =>
  value === null ? null : { type, value };

function typed(type: string, value: string): Observable | null {
  const refanged = Object.hasOwn(REFANGED, type) ? REFANGED[type] : undefined;
  const literal = Object.hasOwn(LITERAL, type) ? LITERAL[type] : undefined;
  return as(type, refanged ? refanged(refang(value)) : (literal?.(value.trim()) ?? null));
}

/** An address, a block, or a name, each with or without a port: the port is not part of what is looked up. */
function guessHost(text: string): Observable | null {
  const host = text.includes("/") ? text : splitPort(text)?.host;
  if (host === undefined) return null;
  const address = as("ipv4-addr", network(4)(host)) ?? as("ipv6-addr", network(6)(host));
  if (address !== null) return address;
  const domain = canonicalDomain(host);
  return domain !== null && /\.(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})$/.test(domain)
    ? { type: "domain-name", value: domain }
    : null;
}

/** A scheme, or `host/path`, which browsers take for http. A number after an address is a mask. */
function guessUrl(text: string): Observable | null {
  if (/\s/.test(text)) return null;
  if (/^[a-z][a-z0-9+.-]{0,30}:\/\//i.test(text)) return as("url", canonicalUrl(text));
  const end = text.search(/[/?#]/);
  const host =
    end < 1 || FILE_ENDING.test(text.slice(0, end)) ? null : guessHost(text.slice(0, end));
  if (host === null || (host.type !== "domain-name" && /^\/\d+$/.test(text.slice(end))))
    return null;
  return as("url", canonicalUrl(`http://${text}`));
}

function guess(raw: string): Observable | null {
  const text = refang(raw);
  const hash = HASH_BY_LENGTH[text.length];
  return (
    (hash ? as(hash, hexHash(text.length)(text)) : null) ??
    (text.includes("\\") ? as("windows-registry-key", registryKey(text)) : null) ??
    (/^AS/i.test(text) ? as("autonomous-system", autonomousSystem(text)) : null) ??
    as("mac-addr", mac(text)) ??
    guessUrl(text) ??
    (text.includes("@") ? as("email-addr", email(text)) : null) ??
    (FILE_ENDING.test(text) && !/[/\\:*?"<>|@]/.test(text) && text.length <= 255
      ? as("file-name", exact(text))
      : null) ??
    guessHost(text) ??
    (/^Mozilla\/\d/.test(text) ? as("user-agent", exact(text)) : null) ??
    (text.length >= 20 ? as("ssdeep", ssdeep(text)) : null)
  );
}

const NAME = "(?:[a-z0-9_-]{1,63}\\.)+[a-z]{2,63}";
const PLAIN_NAME = new RegExp(`^${NAME}$`);
const PLAIN_URL = new RegExp(`^https?://${NAME}(?=/)${PLAIN_PATH}$`);

/** What most values are when they come from a machine: canonical as they stand, told at one look. INVARIANT: says what `guess` says, or null. */
function canonical(raw: string): Observable | null {
  const hash = HASH_BY_LENGTH[raw.length];
  if (hash !== undefined && /^[0-9a-f]+$/.test(raw)) return { type: hash, value: raw };
  if (isIpv4(raw)) return { type: "ipv4-addr", value: raw };
  // Names of up to 253 characters; one of 14 might be a MAC address.
  if (raw.length > 253 || raw.length === 14) return null;
  if (PLAIN_URL.test(raw)) return { type: "url", value: raw };
  return PLAIN_NAME.test(raw) && !FILE_ENDING.test(raw)
    ? { type: "domain-name", value: raw }
    : null;
}

/** INVARIANT: a canonical form is its own canonical form. What does not settle in a few rounds (brackets in brackets) is no value. */
function settled(raw: string, rule: (value: string) => Observable | null): Observable | null {
  let found = raw.length > LONGEST_VALUE ? null : rule(raw);
  // What came in canonical form has been asked already.
  if (found?.value === raw) return found;
  for (let round = 0; round < 4 && found !== null && found.value.length <= LONGEST_VALUE; round++) {
    const again = rule(found.value);
    if (again?.type === found.type && again.value === found.value) return found;
    found = again;
  }
  return null;
}

/** The canonical form of a value whose type is known, as from a pattern. Null where the value is none of that type, or the type unknown. */
export function normalizeTyped(type: string, value: string): Observable | null {
  return settled(value, (text) => typed(type, text));
}

/**
 * The type and canonical form of a value that an analyst pasted, defanged or not; null where it is no known observable.
 * Never throws. A scheme-less `host/path` counts as http; of `host:port` the host is taken; `name.exe` is a file name.
 */
export function normalizeObservable(raw: string): Observable | null {
  return canonical(raw) ?? settled(raw, guess);
}
