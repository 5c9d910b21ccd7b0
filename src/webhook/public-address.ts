import { BlockList, isIP } from "node:net";

/**
 * Addresses that do not lead to the public internet, or not to the host that their name says (IANA special-purpose
 * registries). Of IPv6 only 2000::/3 is public at all.
 */
const NOT_PUBLIC_V4 = [
  ["0.0.0.0", 8], // this network
  ["10.0.0.0", 8],
  ["100.64.0.0", 10], // carrier-grade NAT
  ["127.0.0.0", 8],
  ["169.254.0.0", 16], // link-local, and the metadata of clouds
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4], // multicast
  ["240.0.0.0", 4], // reserved, and broadcast
] as const;
const NOT_PUBLIC_V6 = [
  ["2001::", 23], // Teredo and other protocols
  ["2001:db8::", 32],
  ["2002::", 16], // 6to4: an IPv4 address within
  ["3fff::", 20], // documentation
] as const;

const refusedV4 = new BlockList();
for (const [network, prefix] of NOT_PUBLIC_V4) refusedV4.addSubnet(network, prefix, "ipv4");
const refusedV6 = new BlockList();
for (const [network, prefix] of NOT_PUBLIC_V6) refusedV6.addSubnet(network, prefix, "ipv6");
const unicast = new BlockList();
unicast.addSubnet("2000::", 3, "ipv6");

/** Whether an IP address, without brackets, leads to the public internet. Everything that is no address does not. */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address);
  if (version === 4) return !refusedV4.check(address, "ipv4");
  // IPv4-mapped, NAT64, unique-local, link-local, multicast and loopback addresses are all outside 2000::/3.
  return version === 6 && isUnicast(address) && !refusedV6.check(address, "ipv6");
}

/** WHY not the list alone: it takes an IPv4-mapped address for the IPv4 address. */
const isUnicast = (address: string): boolean =>
  unicast.check(address, "ipv6") && /^[23][0-9a-f]{3}:/i.test(address);

/** The host of a URL as an address, where it is one. */
export function addressIn({ hostname }: URL): string | null {
  const host = hostname.replace(/^\[|\]$/g, "");
  return isIP(host) ? host : null;
}
