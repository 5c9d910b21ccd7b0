import type { Heard } from "./ears";
import type { Act } from "./journal";
import type { Due, Row } from "./oracle";

/** What is wrong with what somebody heard; nothing where all is well. */
export function faultsOf(
  heard: readonly Heard[],
  due: readonly Due[],
  titles: ReadonlyMap<string, ReadonlySet<string>>,
  groups: Readonly<Record<string, string>>,
): string[] {
  const faults: string[] = [];
  if (new Set(heard.map((h) => h.cursor)).size !== heard.length) faults.push("a cursor came twice");
  let next = 0;
  for (const one of heard) {
    const found = due.findIndex(
      (d, i) =>
        i >= next &&
        d.type === one.type &&
        d.itemId === one.itemId &&
        (d.group === null ? null : groups[d.group]) === one.groupId,
    );
    if (found < 0) {
      faults.push(`came undue, twice or out of order: ${one.type} ${one.itemId}`);
      continue;
    }
    faults.push(...lost(due.slice(next, found)));
    next = found + 1;
    if (one.title !== null && !titles.get(one.itemId ?? "")?.has(one.title))
      faults.push(`shows a wording that never reached it: ${one.title}`);
  }
  return [...faults, ...lost(due.slice(next))];
}

const lost = (due: readonly Due[]): string[] =>
  due.flatMap((d) => (d.held === "always" ? [`lost: ${d.seq} ${d.type} ${d.itemId}`] : []));

/** What is wrong with the log, by what the writers know. */
export function faultsOfLog(log: readonly Row[], acts: readonly Act[]): string[] {
  const faults: string[] = [];
  const places = new Map<string, number>();
  for (const row of log) {
    const kind = ENTRIES[row.type];
    if (!kind) continue;
    const name = nameOf(kind, row.itemId ?? "", row.title);
    if (places.has(name)) faults.push(`happened twice: ${name}`);
    places.set(name, row.seq);
  }
  const placed = acts.map((act) => ({
    act,
    place: places.get(nameOf(act.kind, act.itemId, act.title)),
  }));
  for (const { act, place } of placed) {
    if (act.known !== null && place === undefined)
      faults.push(`known to its writer, and gone: ${act.kind} ${act.title}`);
  }
  const known = new Set(acts.map((act) => nameOf(act.kind, act.itemId, act.title)));
  for (const name of places.keys()) if (!known.has(name)) faults.push(`nobody did it: ${name}`);
  // Whatever began after something else was known stands behind it.
  let behind = 0;
  const ended = placed.filter((p) => p.act.known !== null && p.place !== undefined);
  const byEnd = ended.toSorted((a, b) => (a.act.known ?? 0) - (b.act.known ?? 0));
  const byStart = placed.toSorted((a, b) => a.act.sent - b.act.sent);
  let i = 0;
  for (const { act, place } of byStart) {
    for (; (byEnd[i]?.act.known ?? Infinity) < act.sent; i++)
      behind = Math.max(behind, byEnd[i]?.place ?? 0);
    if (place !== undefined && place <= behind) faults.push(`stands before its time: ${act.title}`);
  }
  return faults;
}

const ENTRIES: Readonly<Record<string, Act["kind"]>> = {
  ITEM_RELEASED: "release",
  ITEM_UPDATED: "edit",
  ITEM_WITHDRAWN: "withdraw",
};

const nameOf = (kind: Act["kind"], itemId: string, title: string | null): string =>
  kind === "edit" ? `${kind} ${itemId}` : `${kind} ${title}`;
