import { domainToASCII } from "node:url";
import { formatNetwork, isIpv4, parseNetwork } from "./ip-address";

/** The dots that UTS 46 treats as a full stop; Japanese input methods type the first. */
const FULL_STOPS = /[\u3002\uff0e\uff61]/g;

/** Of a name that reached a resolver: letters, digits, hyphen, and the underscore of service and malware names. */
const LABELS = /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/;

/**
 * A domain name in its canonical form: lower case, IDN as ASCII (`xn--…`), no trailing dot. Null where it could not stand in
 * the DNS (labels of 1..63, at most 253 characters) or where its last label is a number, which makes it a broken address.
 * A name already in ASCII is not decoded: malware uses `xn--` labels that IDNA refuses and resolvers answer.
 */
export function canonicalDomain(text: string): string | null {
  if (text.length > 1024) return null;
  let name = text.replace(FULL_STOPS, ".").toLowerCase();
  if (/[^\x00-\x7f]/.test(name)) {
    if (/[\x00-\x20%/?#:@[\]\\<>^|]/.test(name)) return null;
    name = domainToASCII(name);
  }
  if (name.endsWith(".")) name = name.slice(0, -1);
  if (name === "" || name.length > 253 || !LABELS.test(name)) return null;
  return /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/.test(name) ? null : name;
}

/** A single address in canonical form, without a port; full-width dots are accepted. */
export function canonicalAddress(text: string): string | null {
  if (isIpv4(text)) return text;
  const network = text.includes("/") ? null : parseNetwork(text.replace(FULL_STOPS, "."));
  return network && formatNetwork(network);
}

export interface HostPort {
  host: string;
  /** 0..65535, null where the text names none. */
  port: number | null;
}

/** Splits `host:port`, `[ipv6]:port` and MISP's `ip|port`. A bare IPv6 address is a host. Null where the port is no port. */
export function splitPort(text: string): HostPort | null {
  const bracket = text.startsWith("[") ? text.indexOf("]") : -1;
  if (bracket < 0 && text.indexOf(":") !== text.lastIndexOf(":")) return { host: text, port: null };
  const mark = bracket >= 0 ? bracket + 1 : Math.max(text.lastIndexOf(":"), text.lastIndexOf("|"));
  const host = bracket >= 0 ? text.slice(1, bracket) : mark < 0 ? text : text.slice(0, mark);
  if (bracket >= 0 && !host.includes(":")) return null;
  if (mark < 0 || mark >= text.length) return { host, port: null };
  const digits = text.slice(mark + 1);
  if (!/^[:|]$/.test(text.charAt(mark)) || !/^\d{1,5}$/.test(digits) || Number(digits) > 65535)
    return null;
  return { host, port: Number(digits) };
}
