import { normalizeObservable, normalizeTyped, type Observable } from "../observable/observable";
import {
  comparisonsOf,
  type Comparison,
  type Literal,
  type ObjectPath,
  type Observation,
} from "./pattern-tree";

/** Types whose only contributing property is `value` (STIX 2.1 §6). */
const VALUED = new Set(["ipv4-addr", "ipv6-addr", "domain-name", "url", "email-addr", "mac-addr"]);

const NAMED: Readonly<Record<string, string>> = {
  "file:name": "file-name",
  "mutex:name": "mutex",
  "windows-registry-key:key": "windows-registry-key",
  "win-registry-key:key": "windows-registry-key",
  "autonomous-system:number": "autonomous-system",
  "email-message:from_ref.value": "email-addr",
  "email-message:sender_ref.value": "email-addr",
  "network-traffic:extensions.http-request-ext.request_header.User-Agent": "user-agent",
};

/**
 * References to an address or a name, told apart by their look.
 * WHY: the receivers of a mail (`to_refs`, `cc_refs`) are not here: they are the victims, not what to look for.
 */
const BY_LOOK = new Set([
  "network-traffic:dst_ref.value",
  "network-traffic:src_ref.value",
  "domain-name:resolves_to_refs.value",
]);

const HASHES: Readonly<Record<string, string>> = {
  MD5: "md5",
  SHA1: "sha1",
  SHA224: "sha224",
  SHA256: "sha256",
  SHA384: "sha384",
  SHA512: "sha512",
  SHA3256: "sha3-256",
  SHA3512: "sha3-512",
  SSDEEP: "ssdeep",
};
const HASH_TYPES = new Set(Object.values(HASHES));

/** Hashes of a whole file, its own or that of a file referred to; not those of a section or a certificate. */
function hashOf(path: ObjectPath, value: string): Observable | null {
  const last = path.steps.filter((step) => step !== "[]");
  const owner = last.at(path.steps.at(-1) === "[]" ? -2 : -3);
  const whole =
    owner === undefined ? path.type === "file" || path.type === "artifact" : /_refs?$/.test(owner);
  if (!whole) return null;
  if (path.steps.at(-1) === "[]") {
    const found = normalizeObservable(value);
    return found !== null && HASH_TYPES.has(found.type) ? found : null;
  }
  const type = HASHES[(last.at(-1) ?? "").toUpperCase().replace(/[-_]/g, "")];
  return type === undefined ? null : normalizeTyped(type, value);
}

function observableOf(path: ObjectPath, literal: Literal): Observable | null {
  if (literal.kind !== "string" && literal.kind !== "integer") return null;
  const value = String(literal.value);
  const steps = path.steps.filter((step) => step !== "[]").join(".");
  const name = `${path.type}:${steps}`;
  if (steps === "value" && VALUED.has(path.type)) return normalizeTyped(path.type, value);
  const type = NAMED[name] ?? (steps.endsWith("body_raw_ref.name") ? "file-name" : undefined);
  if (type !== undefined) return normalizeTyped(type, value);
  if (BY_LOOK.has(name))
    return (
      ["ipv4-addr", "ipv6-addr", "mac-addr", "domain-name"]
        .map((look) => normalizeTyped(look, value))
        .find(Boolean) ?? null
    );
  return /(?:^|\.)hashes(?:\.[^.]+)?$/.test(steps) ? hashOf(path, value) : null;
}

/** Says what is looked for, not what is left out: `=`, `IN`, and ISSUBSET, by which STIX names a network. */
function isPositive({ operator, negated }: Comparison): boolean {
  return !negated && (operator === "=" || operator === "IN" || operator === "ISSUBSET");
}

/** The values that an indicator with this pattern stands for, canonical, each once, in the order written. */
export function observablesOf(root: Observation): Observable[] {
  const found = new Map<string, Observable>();
  for (const comparison of comparisonsOf(root).filter(isPositive)) {
    for (const literal of comparison.values) {
      const observable = observableOf(comparison.path, literal);
      if (observable) found.set(`${observable.type} ${observable.value}`, observable);
    }
  }
  return [...found.values()];
}
