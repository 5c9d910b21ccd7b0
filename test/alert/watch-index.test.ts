import fc from "fast-check";
import { type WatchedItem, WatchIndex } from "../../src/alert/watch-index";
import type { Watch } from "../../src/alert/watch-store";
import { WordFinder } from "../../src/alert/word-finder";
import { parseNetwork, unmapped } from "../../src/observable/ip-address";
import { normalizeObservable, type Observable } from "../../src/observable/observable";

/** What matching means, one watch at a time: the index must say the same of all at once. */
async function matches(watch: Watch, item: WatchedItem): Promise<boolean> {
  if (watch.watched.length) {
    const seen = item.kind === "INDICATOR" ? await item.observables() : [];
    if (!seen.some((o) => watch.watched.some((w) => covers(w, o)))) return false;
  }
  if (watch.sectors.length && !(item.sector && watch.sectors.includes(item.sector))) return false;
  const text = watch.text?.toLowerCase();
  if (text && !item.texts.some((t) => t.toLowerCase().includes(text))) return false;
  if (watch.minScore === null) return true;
  const score = item.kind === "INDICATOR" ? await item.score() : null;
  return score !== null && score >= watch.minScore;
}

function covers(watched: Observable, seen: Observable): boolean {
  if (watched.type === seen.type && watched.value === seen.value) return true;
  if (watched.type === "domain-name") {
    const host = hostOf(seen);
    return host !== null && (host === watched.value || host.endsWith(`.${watched.value}`));
  }
  const [outer, inner] = [networkOf(watched), networkOf(seen)];
  if (!outer || !inner || outer.version !== inner.version) return false;
  return outer.first <= inner.first && inner.last <= outer.last;
}

function networkOf({ type, value }: Observable) {
  const network = /^ipv[46]-addr$/.test(type) ? parseNetwork(value) : null;
  return network && unmapped(network);
}

function hostOf({ type, value }: Observable): string | null {
  if (type === "domain-name") return value;
  if (type === "url") return URL.canParse(value) ? new URL(value).hostname : null;
  return type === "email-addr" ? (value.split("@")[1] ?? null) : null;
}

/** Few different values, so that they meet. */
const octet = fc.constantFrom(0, 1, 2, 127, 128, 255);
const address4 = fc.tuple(octet, octet).map(([c, d]) => `198.51.${c}.${d}`);
const group = fc.constantFrom("0", "1", "8000", "ffff");
const address6 = fc.tuple(group, group, group).map(([a, b, c]) => `2001:db8:${a}:0:0:0:${b}:${c}`);
const domain = fc
  .array(fc.constantFrom("a", "b", "evil", "notevil"), { minLength: 1, maxLength: 3 })
  .map((labels) => `${labels.join(".")}.example`);
const value = fc.oneof(
  address4,
  fc.tuple(address4, fc.constantFrom(0, 8, 16, 23, 24, 31, 32)).map((a) => a.join("/")),
  address6,
  fc.tuple(address6, fc.constantFrom(0, 32, 33, 48, 49, 112, 128)).map((a) => a.join("/")),
  address4.map((a) => `::ffff:${a}`),
  fc.tuple(address4, fc.constantFrom(96, 112, 127)).map(([a, n]) => `::ffff:${a}/${n}`),
  domain,
  domain.map((d) => `https://${d}/x`),
  fc.constant("http://198.51.1.1/x"),
  domain.map((d) => `taro@${d}`),
  fc.constantFrom("a", "b").map((c) => c.repeat(64)),
);
const observables = (maxLength: number) =>
  fc
    .array(value, { maxLength })
    .map((values) => values.flatMap((one) => normalizeObservable(one) ?? []));

const word = fc
  .array(fc.constantFrom("a", "b", "A", "É", "é", "İ", "Σ", "ς", "波", "𠮷"), {
    minLength: 1,
    maxLength: 4,
  })
  .map((letters) => letters.join(""));
const sector = fc.constantFrom("power", "finance");
const watch = fc
  .record({
    organizationId: fc.constantFrom("acme", "beta", "gamma"),
    watched: fc.oneof(fc.constant([]), observables(4)),
    sectors: fc.oneof(fc.constant([]), fc.uniqueArray(sector)),
    text: fc.oneof(fc.constant(null), fc.constant(""), word),
    minScore: fc.oneof(fc.constant(null), fc.constantFrom(0, 50, 100)),
    createdAt: fc.constantFrom(new Date(1), new Date(2)),
  })
  .map((of) => of as Watch);
const watches = fc
  .array(watch, { maxLength: 30 })
  .map((all) => all.map((one, i) => Object.assign(one, { uuid: String(i).padStart(3, "0") })));
const item = fc.record({
  kind: fc.constantFrom("INDICATOR", "INDICATOR", "INCIDENT"),
  seen: observables(5),
  texts: fc.array(
    fc.array(word, { maxLength: 6 }).map((words) => words.join("")),
    { maxLength: 3 },
  ),
  sector: fc.oneof(fc.constant(null), sector),
  score: fc.constantFrom(null, 0, 49, 50, 100),
});
interface Item {
  kind: string;
  seen: Observable[];
  texts: string[];
  sector: string | null;
  score: number | null;
}
const asked = (of: Item): WatchedItem => ({
  ...of,
  observables: async () => of.seen,
  score: async () => of.score,
});

const watchOf = (of: Partial<Watch>): Watch =>
  ({
    watched: [],
    sectors: [],
    text: null,
    minScore: null,
    createdAt: new Date(0),
    ...of,
  }) as Watch;

async function byLoop(all: Watch[], of: WatchedItem): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  const oldestFirst = all.toSorted(
    (a, b) => a.createdAt.getTime() - b.createdAt.getTime() || (a.uuid < b.uuid ? -1 : 1),
  );
  for (const one of oldestFirst)
    if (await matches(one, of)) (found[one.organizationId] ??= []).push(one.uuid);
  return found;
}

async function byIndex(index: WatchIndex, of: WatchedItem): Promise<Record<string, string[]>> {
  const found = await index.matching(of).all();
  for (const organizationId of ["acme", "beta", "gamma"])
    expect(await index.matching(of).of(organizationId)).toEqual(found.get(organizationId) ?? []);
  return Object.fromEntries([...found].map(([id, all]) => [id, all.map((one) => one.uuid)]));
}

test("the index finds exactly what asking one watch after the other finds", () =>
  fc.assert(
    fc.asyncProperty(watches, fc.array(item, { maxLength: 5 }), async (all, items) => {
      const index = WatchIndex.of(all);
      for (const of of items)
        expect(await byIndex(index, asked(of))).toEqual(await byLoop(all, asked(of)));
    }),
    { numRuns: 300, seed: 12 },
  ));

test("watches that come and go leave nothing behind", () =>
  fc.assert(
    fc.asyncProperty(watches, watches, item, async (gone, kept, of) => {
      const index = WatchIndex.of(gone);
      for (const one of kept) index.add(one);
      for (const one of gone) index.remove(one);
      expect(await byIndex(index, asked(of))).toEqual(await byLoop(kept, asked(of)));
    }),
    { numRuns: 200, seed: 13 },
  ));

test("many words are found in one walk, those that end and begin in each other too", () =>
  fc.assert(
    fc.property(
      fc.uniqueArray(word, { maxLength: 200 }),
      fc.array(word, { maxLength: 20 }),
      (words, parts) => {
        const text = parts.join("");
        expect([...new WordFinder(words).in(text)].toSorted()).toEqual(
          words.filter((one) => text.includes(one)).toSorted(),
        );
      },
    ),
    { numRuns: 500, seed: 14 },
  ));

test("more new words than are sought one by one are found all the same", async () => {
  const index = new WatchIndex();
  const named = (text: string): Watch => watchOf({ organizationId: "acme", uuid: text, text });
  const item = asked({
    kind: "INCIDENT",
    seen: [],
    texts: ["Word 7 and WORD 250"],
    sector: null,
    score: null,
  });
  for (let n = 0; n < 300; n++) {
    index.add(named(`word ${n}.`));
    index.add(named(`word ${n} `));
    if (n % 50 === 0) await index.matching(item).all();
  }
  index.add(named("word 250"));
  expect((await index.matching(item).of("acme")).map((one) => one.uuid)).toEqual([
    "word 250",
    "word 7 ",
  ]);
});

test("observables and score are asked once, and only where a watch needs them", async () => {
  const calls: string[] = [];
  const item: WatchedItem = {
    kind: "INDICATOR",
    observables: async () => (calls.push("observables"), []),
    score: async () => (calls.push("score"), 90),
    texts: ["emotet"],
    sector: null,
  };
  const index = WatchIndex.of([
    watchOf({ uuid: "1", organizationId: "acme", text: "emotet" }),
    watchOf({ uuid: "2", organizationId: "beta", text: "qakbot", minScore: 50 }),
    watchOf({ uuid: "3", organizationId: "gamma", minScore: 50 }),
  ]);
  const found = index.matching(item);
  expect(await found.of("acme")).toHaveLength(1);
  expect(await found.of("beta")).toEqual([]);
  expect(calls).toEqual([]);
  expect(await found.of("gamma")).toHaveLength(1);
  expect(calls).toEqual(["score"]);
  index.add(
    watchOf({ uuid: "4", organizationId: "acme", watched: [{ type: "mutex", value: "x" }] }),
  );
  await index.matching(item).of("acme");
  expect(calls).toEqual(["score", "observables"]);
});
