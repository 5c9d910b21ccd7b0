import type { StoredKind } from "../../../src/sharing/facts";
import { ItemKind } from "../../../src/sharing/vocabulary";
import type { Plan } from "../arbitraries";
import { at, rfc3339 } from "./time";

type ItemPlan = Plan["items"][number];

/** WHY no value is null: a field that holds nothing would look the same withheld. */
export function contentOf(i: ItemPlan, address: string): Record<string, unknown> {
  const day = (n: number): string => rfc3339(at(n) + i.content);
  const content: Record<StoredKind, Record<string, unknown>> = {
    INCIDENT: {
      category: i.content & 1 ? "phishing" : "ransomware",
      severity: i.content & 2 ? "HIGH" : "LOW",
      victim: "The victim",
      contact: "The contact",
      occurredAt: day(i.content),
      detectedAt: day(20),
      awareAt: day(21),
      affectedSystems: ["mail"],
      dataStolen: ["addresses"],
    },
    INDICATOR: {
      pattern: `[ipv4-addr:value = '${address}']`,
      patternType: "stix",
      validFrom: day(i.content),
      validUntil: day(i.content + 4),
      confidence: 30 + i.content * 10,
      labels: i.content & 1 ? ["c2"] : ["scanner"],
      warnings: i.content & 4 ? [{ list: "Public resolvers", message: "Harmless" }] : [],
      observables: observablesOf(i, address),
    },
    ADVISORY: {},
  };
  return content[i.kind];
}

export const observablesOf = (
  { kind }: ItemPlan,
  address: string,
): { type: string; value: string }[] =>
  kind === ItemKind.INDICATOR ? [{ type: "ipv4-addr", value: address }] : [];

type Words = { title: string; summary: string | null; description: string | null };

/** An indicator has no summary. */
export const ownWords = ({ kind }: ItemPlan): Words => ({
  title: "The owner's title",
  summary: kind === ItemKind.INDICATOR ? null : "The owner's summary",
  description: "The owner's own words",
});

export function releasedWords(
  { kind }: ItemPlan,
  { day, worded: [title, summary, description] }: ItemPlan["releases"][number],
): Words {
  return {
    title: title ? `Released ${day}` : `Sanitised ${day}`,
    summary: summary && kind !== ItemKind.INDICATOR ? `In short, day ${day}` : null,
    description: description ? `Told on day ${day}` : null,
  };
}
