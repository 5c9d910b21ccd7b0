import { globalId } from "../../../src/ids";
import { Tlp } from "../../../src/sharing/tlp";
import type { World } from "../generated-world";
import { at, rfc3339 } from "../worlds/time";
import { analyses } from "../oracle";
import type { Question } from "./disagreements";
import type { Kind, Seen, Shown, Sight } from "./expected";

/** A filter of a list, and whether what is shown of an item matches it. */
export interface Filtered {
  kind: Kind;
  law: string;
  filter: Record<string, unknown>;
  matches: (shown: Shown) => boolean;
}

export function filtersOf(world: World): Filtered[] {
  const tlp = [Tlp.CLEAR, Tlp.AMBER, Tlp.RED];
  const groupId = globalId("group", world.groups[0] ?? "");
  const throughGroup = ({ access }: Shown): boolean =>
    (access as { group: { id: string } | null }[]).some((a) => a.group?.id === groupId);
  const byTlp = (shown: Shown): boolean => tlp.includes(shown.tlp as Tlp);
  const says = (kind: Kind, text: string, field: string): Filtered => ({
    kind,
    law: `${kind} ${field}`,
    filter: { text },
    matches: (shown) =>
      SPOKEN[kind].some((f) => ((shown[f] as string | null) ?? "").toLowerCase().includes(text)),
  });
  const is = (field: string, value: unknown): Filtered => ({
    kind: "INCIDENT",
    law: `INCIDENT ${field}`,
    filter: { [field]: value },
    matches: (shown) => shown[field] === value,
  });
  const instant = (day: number, by = 0): string => rfc3339(at(day) + by);
  const value = `${world.network}.3`;
  return [
    { kind: "INCIDENT", law: "INCIDENT tlp", filter: { tlp }, matches: byTlp },
    { kind: "INDICATOR", law: "INDICATOR tlp", filter: { tlp }, matches: byTlp },
    { kind: "INCIDENT", law: "INCIDENT group", filter: { groupId }, matches: throughGroup },
    { kind: "INDICATOR", law: "INDICATOR group", filter: { groupId }, matches: throughGroup },
    is("category", "phishing"),
    is("severity", "HIGH"),
    says("INCIDENT", "sanitised", "title"),
    says("INCIDENT", "told on", "description"),
    says("INCIDENT", "in short", "summary"),
    says("INCIDENT", "owner's", "own words"),
    says("INDICATOR", "sanitised", "name"),
    says("INDICATOR", "told on", "description"),
    says("ADVISORY", "told on", "body"),
    says("ADVISORY", "sanitised", "title"),
    {
      kind: "INCIDENT",
      law: "INCIDENT occurredAt",
      filter: { occurredAfter: instant(2, 2), occurredBefore: instant(5, 5) },
      matches: ({ occurredAt: when }) =>
        typeof when === "string" && when > instant(2, 2) && when < instant(5, 5),
    },
    {
      kind: "INDICATOR",
      law: "INDICATOR value",
      filter: { value },
      matches: ({ observables }) =>
        (observables as { value: string }[]).some((o) => o.value === value),
    },
    {
      kind: "INDICATOR",
      law: "INDICATOR type",
      filter: { type: "ipv4-addr" },
      matches: ({ observables }) => (observables as object[]).length > 0,
    },
    {
      kind: "INDICATOR",
      law: "INDICATOR labels",
      filter: { labels: ["c2"] },
      matches: ({ labels }) => (labels as string[]).includes("c2"),
    },
    {
      kind: "INDICATOR",
      law: "INDICATOR score",
      filter: { minScore: 60 },
      matches: ({ score }) => score !== null && (score as number) >= 60,
    },
    {
      kind: "INDICATOR",
      law: "INDICATOR validity",
      filter: { validAt: instant(4) },
      matches: ({ validFrom, validUntil }) =>
        typeof validFrom === "string" &&
        typeof validUntil === "string" &&
        validFrom <= instant(4) &&
        validUntil > instant(4),
    },
  ];
}

/**
 * Filters of what somebody sees, by turns. WHY few: what a filter asks is planned anew each time, and costs as much as all
 * the rest. WHY more for analysts: they are few, and only they see envelopes. All that ask for words where several releases
 * reach the viewer: one gives them.
 */
export function filtersFor({ world, viewer }: Question, sight: Sight, turn: number): Filtered[] {
  const kindsOf = (seen: Seen[]): Set<string> => new Set(seen.map(({ item }) => item.kind));
  const seen = [...sight.values()];
  const kinds = kindsOf(seen);
  const several = kindsOf(seen.filter((s) => !s.verdict.own && s.verdict.audiences.length > 1));
  const all = filtersOf(world).filter(({ kind }) => kinds.has(kind));
  const many = analyses(viewer) ? 4 : turn % 3 ? 0 : 1;
  const first = Math.floor(turn / 3) % Math.max(1, all.length);
  const inTurn = [...all.slice(first), ...all.slice(0, first)].slice(0, many);
  return all.filter((f) => inTurn.includes(f) || (several.has(f.kind) && "text" in f.filter));
}

const SPOKEN: Record<Kind, readonly string[]> = {
  INCIDENT: ["title", "summary", "description"],
  INDICATOR: ["name", "description"],
  ADVISORY: ["title", "summary", "body"],
};
