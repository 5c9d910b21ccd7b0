import type { Observable } from "../observable/observable";
import { ItemKind } from "../sharing/vocabulary";
import { ValueIndex } from "./value-index";
import type { Watch } from "./watch-store";
import { WordFinder } from "./word-finder";

/** An item as the watchers are shown it. What costs a query is asked only where a watch needs it. */
export interface WatchedItem {
  kind: string;
  observables: () => Promise<readonly Observable[]>;
  /** Title, name, summary, description and body, where they are shown. */
  texts: readonly string[];
  /** Of the origin group, where it is shown. */
  sector: string | null;
  score: () => Promise<number | null>;
}

/** The watches that match one item. */
export interface Matches {
  /** Those of one organization, oldest first. */
  of(organizationId: string): Promise<Watch[]>;
  /** Those of all, by organization. */
  all(): Promise<Map<string, Watch[]>>;
}

/** So many new words are sought one by one before they are worth a new `WordFinder`. */
const FEW_WORDS = 100;

/**
 * All watches of all organizations. Each is found by the rarest thing that it asks for: values, else words, else
 * sectors, else a score; what else it asks is then checked.
 */
export class WatchIndex {
  private readonly values = new ValueIndex<Watch>();
  private readonly texts = new Map<string, Set<Watch>>();
  private readonly sectors = new Map<string, Set<Watch>>();
  /** Those that ask for a score alone, by organization. */
  private readonly scores = new Map<string, Set<Watch>>();
  private finder = new WordFinder([]);
  private found = 0;
  private readonly newTexts = new Set<string>();

  static of(watches: Iterable<Watch>): WatchIndex {
    const index = new WatchIndex();
    for (const watch of watches) index.add(watch);
    return index;
  }

  add(watch: Watch): void {
    if (watch.watched.length) for (const value of watch.watched) this.values.add(value, watch);
    else if (watch.text) {
      const text = watch.text.toLowerCase();
      if (!this.texts.has(text)) this.newTexts.add(text);
      put(this.texts, text, watch);
    } else if (watch.sectors.length)
      for (const sector of watch.sectors) put(this.sectors, sector, watch);
    else put(this.scores, watch.organizationId, watch);
  }

  /** @param watch the very one that was added */
  remove(watch: Watch): void {
    if (watch.watched.length) for (const value of watch.watched) this.values.remove(value, watch);
    else if (watch.text) take(this.texts, watch.text.toLowerCase(), watch);
    else if (watch.sectors.length)
      for (const sector of watch.sectors) take(this.sectors, sector, watch);
    else take(this.scores, watch.organizationId, watch);
  }

  /** One search for all organizations, begun when it is first asked. */
  matching(item: WatchedItem): Matches {
    let searched: Promise<Map<string, Watch[]>> | undefined;
    const found = (): Promise<Map<string, Watch[]>> => (searched ??= this.search(item));
    const of = async (organizationId: string): Promise<Watch[]> => {
      const candidates = (await found()).get(organizationId) ?? [];
      const all = [...candidates, ...(this.scores.get(organizationId) ?? [])];
      return (await scoring(all, item)).toSorted(byAge);
    };
    const all = async (): Promise<Map<string, Watch[]>> => {
      const matches = new Map<string, Watch[]>();
      for (const organizationId of new Set([...(await found()).keys(), ...this.scores.keys()])) {
        const watches = await of(organizationId);
        if (watches.length) matches.set(organizationId, watches);
      }
      return matches;
    };
    return { of, all };
  }

  /** What matches by everything but a score, by organization; without those that ask for nothing else. */
  private async search(item: WatchedItem): Promise<Map<string, Watch[]>> {
    const candidates = new Set<Watch>();
    if (item.kind === ItemKind.INDICATOR && !this.values.isEmpty)
      for (const seen of await item.observables()) this.values.covering(seen, candidates);
    const texts = item.texts.map((text) => text.toLowerCase());
    for (const text of texts)
      for (const word of this.wordsIn(text))
        for (const watch of this.texts.get(word) ?? []) candidates.add(watch);
    if (item.sector) for (const watch of this.sectors.get(item.sector) ?? []) candidates.add(watch);
    const matches = new Map<string, Watch[]>();
    for (const watch of candidates) {
      if (watch.sectors.length && !watch.sectors.includes(item.sector ?? "")) continue;
      const word = watch.watched.length ? watch.text?.toLowerCase() : null;
      if (word && !texts.some((text) => text.includes(word))) continue;
      const own = matches.get(watch.organizationId);
      if (own) own.push(watch);
      else matches.set(watch.organizationId, [watch]);
    }
    return matches;
  }

  /** Those that are watched for, and perhaps some that were. */
  private wordsIn(text: string): Iterable<string> {
    if (this.newTexts.size > Math.max(FEW_WORDS, this.found / 10)) {
      this.finder = new WordFinder([...this.texts.keys()]);
      this.found = this.texts.size;
      this.newTexts.clear();
    }
    const words = this.finder.in(text);
    for (const word of this.newTexts) if (text.includes(word)) words.add(word);
    return words;
  }
}

/** Of these, those that ask for no score, and those whose score the item has. */
async function scoring(watches: readonly Watch[], item: WatchedItem): Promise<Watch[]> {
  if (!watches.some((watch) => watch.minScore !== null)) return [...watches];
  const score = item.kind === ItemKind.INDICATOR ? await item.score() : null;
  return watches.filter(
    ({ minScore }) => minScore === null || (score !== null && score >= minScore),
  );
}

/** Oldest first, as an organization's watches are listed. */
export const byAge = (a: Watch, b: Watch): number =>
  a.createdAt.getTime() - b.createdAt.getTime() || (a.uuid < b.uuid ? -1 : 1);

function put<T>(map: Map<string, Set<T>>, key: string, one: T): void {
  const there = map.get(key);
  if (there) there.add(one);
  else map.set(key, new Set([one]));
}

function take<T>(map: Map<string, Set<T>>, key: string, one: T): void {
  const there = map.get(key);
  if (there?.delete(one) && !there.size) map.delete(key);
}
