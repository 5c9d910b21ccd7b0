import { canonicalAddress, canonicalDomain, splitPort } from "./host";

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  http: 80,
  https: 443,
  ws: 80,
  wss: 443,
  ftp: 21,
};
const UNRESERVED = /[A-Za-z0-9._~-]/;

/** A path and query that are canonical as they stand: unreserved characters, and no segment that begins with a dot. Or nothing. */
export const PLAIN_PATH = "(?:(?:/(?!\\.)[A-Za-z0-9._~-]*)+(?:\\?[A-Za-z0-9._~/?=&-]+)?)?";
const PLAIN = new RegExp(`^${PLAIN_PATH}$`);

/** RFC 3986 §6.2.2: escapes in upper case, none for a character that needs none; a stray `%` is escaped, so that a second pass changes nothing. */
function canonicalEscapes(text: string): string {
  return text.replace(/%([0-9a-f]{2})?/gi, (_, hex: string | undefined) => {
    if (hex === undefined) return "%25";
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return UNRESERVED.test(character) ? character : `%${hex.toUpperCase()}`;
  });
}

/**
 * A URL in canonical form, or null: scheme and host in lower case, IDN host as ASCII, default port dropped, empty path `/`,
 * dot segments resolved, percent-encoding normalised (RFC 3986 §6.2.2). The query keeps its order. User information is kept.
 *
 * WHY: the fragment is kept. No sensor on the wire sees it, but on file and paste hosts (`mega.nz/#!…`) it is all that tells
 * the harmful page from the host's front page; dropping it would turn such an indicator into one for the whole site.
 */
export function canonicalUrl(text: string): string | null {
  const parts = /^([a-z][a-z0-9+.-]{0,30}):\/\/([^/?#\\\s]+)([\s\S]*)$/i.exec(text);
  const scheme = parts?.[1]?.toLowerCase();
  const authority = parts?.[2];
  if (scheme === undefined || authority === undefined) return null;
  const at = authority.lastIndexOf("@") + 1;
  const place = splitPort(authority.slice(at).replace(/:$/, ""));
  if (place === null) return null;
  const address = canonicalAddress(place.host);
  const host = address ?? canonicalDomain(place.host);
  if (host === null) return null;
  const where = address?.includes(":") ? `[${host}]` : host;
  const port = place.port === null || place.port === DEFAULT_PORTS[scheme] ? "" : `:${place.port}`;
  const rest = parts?.[3] ?? "";
  if (at === 0 && PLAIN.test(rest)) return `${scheme}://${where}${port}${rest === "" ? "/" : rest}`;
  // WHY: a stand-in host lets WHATWG resolve the path of every scheme, and of hosts that its IDNA step would refuse.
  const base = `http://${authority.slice(0, at)}host.invalid`;
  const url = URL.canParse(base + rest) ? new URL(base + rest) : null;
  if (url === null) return null;
  const user = url.password === "" ? url.username : `${url.username}:${url.password}`;
  const path = canonicalEscapes(url.pathname + url.search + url.hash);
  return `${scheme}://${user === "" ? "" : `${canonicalEscapes(user)}@`}${where}${port}${path}`;
}

/** The host of a canonical URL, without the brackets of an IPv6 address. */
export function hostOfUrl(url: string): string {
  const authority = /^[^:]*:\/\/([^/?#]*)/.exec(url)?.[1] ?? "";
  return splitPort(authority.slice(authority.lastIndexOf("@") + 1))?.host ?? "";
}
