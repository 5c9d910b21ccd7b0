import { isIPv6 } from "node:net";

/** A block of addresses, both ends included; a single address is a block whose ends are equal. */
export interface Network {
  version: 4 | 6;
  first: bigint;
  last: bigint;
  /** Prefix length in bits, 0..32 or 0..128. */
  prefix: number;
}

const WIDTH = { 4: 32, 6: 128 } as const;
const MAPPED = 0xffffn << 32n;

/** Dotted decimal only. `010.0.0.1` is refused: it means 8.0.0.1 to some programs and 10.0.0.1 to others. */
const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = new RegExp(`^(?:${OCTET}\\.){3}${OCTET}$`);

/** Whether a text is one IPv4 address, and so in canonical form: there is only one way to write it. */
export const isIpv4 = (text: string): boolean => text.length <= 15 && IPV4.test(text);

function ipv4Bits(text: string): bigint | null {
  if (!isIpv4(text)) return null;
  return BigInt(text.split(".").reduce((bits, octet) => bits * 256 + Number(octet), 0));
}

/** A zone (`fe80::1%eth0`) means something on one machine only and is dropped. */
function ipv6Bits(text: string): bigint | null {
  if (text.length > 64 || !isIPv6(text)) return null;
  let address = text.split("%", 1)[0] ?? "";
  let tail = 0n;
  const dotted = address.lastIndexOf(":") + 1;
  if (address.includes(".")) {
    const bits = ipv4Bits(address.slice(dotted));
    if (bits === null) return null;
    tail = bits;
    address = `${address.slice(0, dotted)}0:0`;
  }
  const [left = "", right] = address.split("::", 2);
  const head = left === "" ? [] : left.split(":");
  const rest = right === undefined || right === "" ? [] : right.split(":");
  const groups = [...head, ...Array<string>(8 - head.length - rest.length).fill("0"), ...rest];
  return groups.reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n) | tail;
}

function formatIpv4(bits: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 0xffn).join(".");
}

/** RFC 5952: lower case, the longest run of zero groups compressed, an IPv4-mapped address with its dotted tail. */
function formatIpv6(bits: bigint): string {
  if (bits >> 32n === 0xffffn) return `::ffff:${formatIpv4(bits & 0xffffffffn)}`;
  const groups = Array.from({ length: 8 }, (_, i) =>
    Number((bits >> BigInt(112 - 16 * i)) & 0xffffn),
  );
  let best = { at: -1, length: 1 };
  for (let at = 0; at < 8; at++) {
    let length = 0;
    while (groups[at + length] === 0) length++;
    if (length > best.length) best = { at, length };
  }
  const hex = groups.map((group) => group.toString(16));
  if (best.at < 0) return hex.join(":");
  return `${hex.slice(0, best.at).join(":")}::${hex.slice(best.at + best.length).join(":")}`;
}

/** An address or a block in CIDR notation, host bits cleared. Null where it is neither. */
export function parseNetwork(text: string): Network | null {
  const slash = text.indexOf("/");
  const address = slash < 0 ? text : text.slice(0, slash);
  const version = address.includes(":") ? 6 : 4;
  const bits = version === 6 ? ipv6Bits(address) : ipv4Bits(address);
  if (bits === null) return null;
  const width = WIDTH[version];
  const length = slash < 0 ? String(width) : text.slice(slash + 1);
  if (!/^(?:0|[1-9]\d{0,2})$/.test(length) || Number(length) > width) return null;
  const span = (1n << BigInt(width - Number(length))) - 1n;
  const first = bits & ~span;
  return { version, first, last: first | span, prefix: Number(length) };
}

/** The canonical text: `198.51.100.0/24`, or the bare address where the block holds only one. */
export function formatNetwork({ version, first, prefix }: Network): string {
  const address = version === 4 ? formatIpv4(first) : formatIpv6(first);
  return prefix === WIDTH[version] ? address : `${address}/${prefix}`;
}

/** The IPv4 block inside an IPv4-mapped IPv6 one (`::ffff:192.0.2.0/120`), else the block itself. */
export function unmapped(network: Network): Network {
  if (network.version === 4 || network.prefix < 96 || network.first >> 32n !== 0xffffn)
    return network;
  return {
    version: 4,
    first: network.first - MAPPED,
    last: network.last - MAPPED,
    prefix: network.prefix - 96,
  };
}
