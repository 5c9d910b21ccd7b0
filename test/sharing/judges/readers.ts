import { endedFor } from "../../../src/sharing/ended";
import type { StoredKind } from "../../../src/sharing/facts";
import { scopeOf } from "../../../src/sharing/policy";
import { Reader } from "../../../src/sharing/reader";
import { tlpOf } from "../../../src/sharing/tlp";
import { rfc3339 } from "../worlds/time";
import type { Disagreements, Question } from "./disagreements";
import { type Kind, ofKind, type Seen, type Sight } from "./expected";
import type { HubOfWorlds } from "./hub-of-worlds";

/** Lists and counts, by the SQL of the reader. @param length of a page */
export async function judgeLists(
  question: Question,
  hub: HubOfWorlds,
  sight: Sight,
  kinds: readonly Kind[],
  length: number,
  found: Disagreements,
): Promise<void> {
  const { viewer, now } = question;
  const scope = scopeOf(viewer, hub.hub.directory, now);
  await Promise.all(
    kinds.map(async (kind) => {
      const reader = new Reader(hub.at(now), scope, "query", kind as StoredKind);
      const must = ofKind(sight, kind).map(brief);
      found.expect("SQL: list", question, { kind }, await listed(reader, length), must);
      found.expect("SQL: count", question, { kind }, await reader.count(null), must.length);
    }),
  );
}

/** What ended at the very instant of the question. @param before what was seen a millisecond earlier */
export async function judgeEnded(
  question: Question,
  hub: HubOfWorlds,
  before: Sight,
  sight: Sight,
  found: Disagreements,
): Promise<void> {
  const { viewer, now } = question;
  const ended = (await endedFor(hub.at(now), viewer, now)).map(({ id }) => id);
  const lost = [...before.keys()].filter((id) => !sight.has(id)).toSorted();
  found.expect("SQL: access ended", question, {}, ended, lost);
}

/** All of a list, page by page. */
async function listed(reader: Reader, length: number): Promise<string[]> {
  const views: string[] = [];
  for (let after: string | null = null; ;) {
    const page = await reader.page({ first: length, after, where: null });
    views.push(...page.views.map((v) => `${v.uuid} ${v.updatedAt.toISOString()} ${v.tlp}`));
    const last = page.views.at(-1);
    if (!page.hasNextPage || !last || views.length > 1000) return views;
    after = reader.cursorOf(last);
  }
}

const brief = ({ item, verdict }: Seen): string =>
  `${item.id} ${rfc3339(verdict.updatedAt)} ${tlpOf(verdict.tlp)}`;
