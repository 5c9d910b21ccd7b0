import { type Network, parseNetwork, unmapped } from "../observable/ip-address";
import type { Observable } from "../observable/observable";

/** By which networks are found: version, length of the prefix in bits, and those bits. */
interface Prefix {
  version: 4 | 6;
  length: number;
  key: string;
}

const WIDTH = { 4: 32, 6: 128 } as const;
const LONGEST = 129;
const ADDRESSES = new Set(["ipv4-addr", "ipv6-addr"]);

/**
 * What is watched, found by what is seen: the value itself, a domain's subdomains and the URLs and addresses of mail in
 * it, or a network's addresses and the networks in it. The cost grows with what is seen, not with what is watched.
 */
export class ValueIndex<T> {
  private readonly exact = new Map<string, Set<T>>();
  private readonly networks = new Map<string, Set<T>>();
  /** How many networks there are of each length of prefix, by version. */
  private readonly lengths = { 4: new Int32Array(LONGEST), 6: new Int32Array(LONGEST) };

  get isEmpty(): boolean {
    return this.exact.size === 0;
  }

  add(watched: Observable, owner: T): void {
    put(this.exact, keyOf(watched), owner);
    const prefix = prefixOf(watched);
    if (prefix && put(this.networks, prefix.key, owner)) this.count(prefix, 1);
  }

  remove(watched: Observable, owner: T): void {
    take(this.exact, keyOf(watched), owner);
    const prefix = prefixOf(watched);
    if (prefix && take(this.networks, prefix.key, owner)) this.count(prefix, -1);
  }

  /** Adds to `found` whoever watches a value that covers what is seen. */
  covering(seen: Observable, found: Set<T>): void {
    const into = (owners: Iterable<T> = []): void => {
      for (const owner of owners) found.add(owner);
    };
    into(this.exact.get(keyOf(seen)));
    for (let domain = hostOf(seen); domain !== null; domain = domainAbove(domain))
      into(this.exact.get(keyOf({ type: "domain-name", value: domain })));
    const network = networkOf(seen);
    if (!network) return;
    const lengths = this.lengths[network.version];
    for (let length = 0; length <= network.prefix; length++)
      if (lengths[length]) into(this.networks.get(prefixKey(network, length)));
  }

  private count({ version, length }: Prefix, by: 1 | -1): void {
    this.lengths[version][length] = (this.lengths[version][length] ?? 0) + by;
  }
}

const keyOf = ({ type, value }: Observable): string => `${type}\0${value}`;

/** The host itself, if it is a name, and each domain that it lies in. */
const domainAbove = (host: string): string | null => {
  const dot = host.indexOf(".");
  return dot < 0 ? null : host.slice(dot + 1);
};

function hostOf({ type, value }: Observable): string | null {
  if (type === "domain-name") return value;
  if (type === "url") return URL.canParse(value) ? new URL(value).hostname : null;
  return type === "email-addr" ? (value.split("@")[1] ?? null) : null;
}

function networkOf({ type, value }: Observable): Network | null {
  const network = ADDRESSES.has(type) ? parseNetwork(value) : null;
  return network && unmapped(network);
}

function prefixOf(watched: Observable): Prefix | null {
  const network = networkOf(watched);
  if (!network) return null;
  const { version, prefix } = network;
  return { version, length: prefix, key: prefixKey(network, prefix) };
}

// WHY text: the engine hashes a bigint by its low 64 bits, which many networks have in common.
const prefixKey = ({ version, first }: Network, length: number): string =>
  `${version}/${length}/${(first >> BigInt(WIDTH[version] - length)).toString(36)}`;

/** @returns whether the key is new */
function put<T>(map: Map<string, Set<T>>, key: string, one: T): boolean {
  const there = map.get(key);
  if (there) there.add(one);
  else map.set(key, new Set([one]));
  return !there;
}

/** @returns whether the key is gone with it */
function take<T>(map: Map<string, Set<T>>, key: string, one: T): boolean {
  const there = map.get(key);
  if (!there?.delete(one) || there.size) return false;
  return map.delete(key);
}
