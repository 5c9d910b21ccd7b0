import { type WatchedItem, WatchIndex } from "../src/alert/watch-index";
import type { Watch } from "../src/alert/watch-store";
import { parseNetwork, unmapped } from "../src/observable/ip-address";
import { normalizeObservable, type Observable } from "../src/observable/observable";

/**
 * One item against the watches of all organizations: the index, and beside it the loop over every watch. Both in turns on
 * the same watches and items; medians of the rounds.
 * Usage: node dist/bench/watches.js [watched values]
 */
const VALUES = Number(process.argv[2] ?? 100_000);
const PER_WATCH = 100;
const WORDS = VALUES / 10;
const ROUNDS = 7;
const ITEMS = 20;

let state = 1;
/** Pseudo-random and the same in every run: 0 to below `n`. */
const random = (n: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * n);
};
const address = (): string => `${11 + random(200)}.${random(256)}.${random(256)}.${random(256)}`;
const name = (): string => Array.from({ length: 8 }, () => "abcdefghij"[random(10)]).join("");

function observable(): Observable {
  const kinds = [
    address,
    address,
    () => `${address()}/${16 + random(16)}`,
    () => `2001:db8:${random(65_536).toString(16)}::/48`,
    () => `${name()}.example`,
    () => `${name()}.${name()}.example`,
    () =>
      random(2 ** 31)
        .toString(16)
        .padStart(64, "0"),
  ];
  return normalizeObservable(kinds[random(kinds.length)]?.() ?? "")!;
}

function watch(n: number, of: Partial<Watch>): Watch {
  const base = { watched: [], sectors: [], text: null, minScore: null, createdAt: new Date(n) };
  return { ...base, uuid: String(n), organizationId: `organization ${n % 200}`, ...of } as Watch;
}

interface Item extends WatchedItem {
  seen: Observable[];
}

function item(): Item {
  const seen = Array.from({ length: 3 }, observable);
  const texts = [Array.from({ length: 150 }, name).join(" ")];
  const nothing = { kind: "INDICATOR", sector: null, score: async () => 50 };
  return { ...nothing, seen, texts, observables: async () => seen };
}

/** What the index stands in for, without the score: one watch after the other. */
function byLoop(watches: readonly Watch[], { seen, texts }: Item): number {
  const text = texts.map((t) => t.toLowerCase());
  return watches.filter((one) =>
    one.text
      ? text.some((t) => t.includes(one.text?.toLowerCase() ?? ""))
      : seen.some((s) => one.watched.some((w) => covers(w, s))),
  ).length;
}

function covers(watched: Observable, seen: Observable): boolean {
  if (watched.type === seen.type && watched.value === seen.value) return true;
  if (watched.type === "domain-name")
    return seen.type === "domain-name" && seen.value.endsWith(`.${watched.value}`);
  if (!watched.type.startsWith("ipv") || !seen.type.startsWith("ipv")) return false;
  const [outer, inner] = [parseNetwork(watched.value), parseNetwork(seen.value)];
  if (!outer || !inner) return false;
  const [a, b] = [unmapped(outer), unmapped(inner)];
  return a.version === b.version && a.first <= b.first && b.last <= a.last;
}

async function main(): Promise<void> {
  const watches = [
    ...Array.from({ length: VALUES / PER_WATCH }, (_, n) =>
      watch(n, { watched: Array.from({ length: PER_WATCH }, observable) }),
    ),
    ...Array.from({ length: WORDS }, (_, n) => watch(n, { text: name() + name().slice(3) })),
  ];
  const began = performance.now();
  const index = WatchIndex.of(watches);
  await index.matching(item()).all();
  const built = performance.now() - began;
  const rounds: { index: number; loop: number }[] = [];
  let found = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const items = Array.from({ length: ITEMS }, item);
    const loopFrom = performance.now();
    const loop = items.map((one) => byLoop(watches, one));
    const indexFrom = performance.now();
    for (const [i, one] of items.entries()) {
      const all = [...(await index.matching(one).all()).values()].flat();
      if (all.length !== loop[i]) throw new Error("the index and the loop do not agree");
      found += all.length;
    }
    const end = performance.now();
    rounds.push({ index: end - indexFrom, loop: indexFrom - loopFrom });
  }
  const perItem = (of: "index" | "loop"): number =>
    ((rounds.map((r) => r[of]).toSorted((a, b) => a - b)[ROUNDS >> 1] ?? 0) / ITEMS) * 1_000;
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  console.log(
    [
      `${VALUES.toLocaleString("en")} watched values and ${WORDS.toLocaleString("en")} words in ${watches.length.toLocaleString("en")} watches`,
      `built in ${built.toFixed(0)} ms; ${((heapUsed + arrayBuffers) / 2 ** 20).toFixed(0)} MiB in use, watches included; ${found} matches`,
      `index ${perItem("index").toFixed(0)} µs an item, loop ${perItem("loop").toFixed(0)} µs: ${(perItem("loop") / perItem("index")).toFixed(0)} times`,
    ].join("\n"),
  );
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
