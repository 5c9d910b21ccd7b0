import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { projectRoot } from "../project-root";
import { hostOfUrl } from "../observable/url";
import { parseNetwork } from "../observable/ip-address";
import type { Observable } from "../observable/observable";
import { matcherOf, type Matcher, type Warninglist } from "./warninglist-matcher";

export interface IndicatorWarning {
  /** MISP's short name of the list: `public-dns-v4`. */
  list: string;
  /** What being on it means. Never contains the value. */
  message: string;
}

interface CompiledList {
  id: string;
  name: string;
  attributes: ReadonlySet<string> | null;
  matches: Matcher;
}

/** Our types → the attribute types by which MISP's lists say what they speak of. */
const ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  "ipv4-addr": ["ip-src", "ip-dst"],
  "ipv6-addr": ["ip-src", "ip-dst"],
  "domain-name": ["domain", "hostname"],
  url: ["url", "uri"],
  "email-addr": ["email-src", "email-dst"],
  "file-name": ["filename"],
  // The lists name the usual hashes and hold the others as well; a hash can only equal one of its own length.
  sha224: ["sha224", "sha256"],
  sha384: ["sha384", "sha256"],
};

const folder = join(projectRoot, "src", "indicator", "warninglists");

function compile(file: string): CompiledList {
  const bytes = readFileSync(join(folder, file));
  const list = JSON.parse(
    (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8"),
  ) as Warninglist;
  return {
    id: file.replace(/\.json(?:\.gz)?$/, ""),
    name: list.name,
    attributes: list.matching_attributes ? new Set(list.matching_attributes) : null,
    matches: matcherOf(list),
  };
}

let compiled: CompiledList[] | undefined;

/** Read from disk at the first question, then kept: some ten megabytes. */
function lists(): CompiledList[] {
  return (compiled ??= readdirSync(folder)
    .filter((file) => /\.json(?:\.gz)?$/.test(file))
    .map(compile)
    .toSorted((a, b) => (a.id < b.id ? -1 : 1)));
}

/**
 * The value itself, and for a URL also its host.
 * WHY: MISP's lists of names and addresses seldom say `url`, and PyMISP looks at the host for some types of list only;
 * a URL on a private address is as much a mistake as the address.
 */
function subjectsOf({
  type,
  value,
}: Observable): { value: string; attributes: readonly string[] }[] {
  const itself = { value, attributes: ATTRIBUTES[type] ?? [type] };
  if (type !== "url") return [itself];
  const host = hostOfUrl(value);
  const kind = parseNetwork(host) ? "ipv4-addr" : "domain-name";
  return [itself, { value: host, attributes: [...(ATTRIBUTES[kind] ?? []), "url"] }];
}

/**
 * The warninglists that a canonical value is on, in the order of their names; usually none. A warning, never a refusal.
 * Differs from PyMISP in this: names and hashes are compared without regard to case, an IPv4-mapped IPv6 address counts as the
 * IPv4 one, and a block counts where it shares an address with the list.
 */
export function warningsFor(observable: Observable): IndicatorWarning[] {
  const subjects = subjectsOf(observable);
  return lists()
    .filter(({ attributes, matches }) =>
      subjects.some(
        (subject) =>
          (attributes === null || subject.attributes.some((type) => attributes.has(type))) &&
          matches(subject.value),
      ),
    )
    .map(({ id, name }) => ({
      list: id,
      message: `Often an indicator by mistake: “${name}” (MISP warninglist).`,
    }));
}
