import { Pap, papOf, papRank } from "../../sharing/pap";
import { Tlp, tlpOf, tlpRank } from "../../sharing/tlp";

/** What an object's markings say on each axis, who may see it and what may be done with it; null where they say nothing. */
export interface Marking {
  tlp: Tlp | null;
  pap: Pap | null;
}

const of = (tlp: Tlp | null, pap: Pap | null = null): Marking => ({ tlp, pap });
/** A marking that is not known may forbid anything. */
const UNKNOWN = of(Tlp.RED, Pap.RED);
const NOTHING = of(null);

/** STIX ids of TLP 2.0, of TLP 1.0 (STIX 2.1 §7.2.1.4; TLP:WHITE became TLP:CLEAR) and of the OASIS PAP extension. */
const KNOWN: ReadonlyMap<string, Marking> = new Map(
  Object.entries({
    "94868c89-83c2-464b-929b-a1a8aa3c8487": of(Tlp.CLEAR),
    "bab4a63c-aed9-4cf5-a766-dfca5abac2bb": of(Tlp.GREEN),
    "55d920b0-5e8b-4f79-9ee9-91f868d9b421": of(Tlp.AMBER),
    "939a9414-2ddd-4d32-a0cd-375ea402b003": of(Tlp.AMBER_STRICT),
    "e828b379-4e03-4974-9ac4-e53a884c97c1": of(Tlp.RED),
    "613f2e26-407d-48c7-9eca-b8e91df99dc9": of(Tlp.CLEAR),
    "34098fce-860f-48ae-8e50-ebd3cc5e41da": of(Tlp.GREEN),
    "f88d31f6-486f-44da-b317-01333bde0b82": of(Tlp.AMBER),
    "5e57c739-391a-4eb3-b6be-7d15ca92d5ed": of(Tlp.RED),
    "ad15a0cd-55b6-4588-a14c-a66105329b92": of(null, Pap.CLEAR),
    "a3bea94c-b469-41dc-9cfe-d6e7daba7730": of(null, Pap.CLEAR),
    "c43594d1-4b11-4c59-93ab-1c9b14d53ce9": of(null, Pap.GREEN),
    "60f8932b-e51e-4458-b265-a2e8be9a80ab": of(null, Pap.AMBER),
    "740d36e5-7714-4c30-961a-3ae632ceee0e": of(null, Pap.RED),
  }).map(([uuid, marking]) => [`marking-definition--${uuid}`, marking]),
);

const TLP_2 = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";
const PAP = "extension-definition--f8d78575-edfd-406e-8e84-6162a8450f5b";
const IEP = "extension-definition--762e2e97-ee51-43e5-a9ea-165fbb862c4a";

const TLPS: Record<string, Tlp> = {
  clear: Tlp.CLEAR,
  white: Tlp.CLEAR,
  green: Tlp.GREEN,
  amber: Tlp.AMBER,
  "amber+strict": Tlp.AMBER_STRICT,
  red: Tlp.RED,
};
const PAPS: Record<string, Pap> = {
  clear: Pap.CLEAR,
  white: Pap.CLEAR,
  green: Pap.GREEN,
  amber: Pap.AMBER,
  red: Pap.RED,
};
/** IEP 2.0 permitted_actions, by the PAP that permits no more. */
const ACTIONS: Record<string, Pap> = {
  none: Pap.RED,
  "contact-for-instruction": Pap.RED,
  "internally-visible-actions": Pap.RED,
  "externally-visible-indirect-actions": Pap.AMBER,
  "externally-visible-direct-actions": Pap.GREEN,
};

/** The marking definitions that a bundle brings. Of one id the well-known meaning stands, whatever the bundle says. */
export function definitionsIn(objects: readonly unknown[]): Map<string, Marking> {
  const definitions = new Map<string, Marking>();
  for (const object of objects) {
    if (!isRecord(object) || object.type !== "marking-definition") continue;
    const { id } = object;
    if (typeof id !== "string") continue;
    const known = definitions.get(id);
    const marking = definedBy(object);
    definitions.set(id, known ? strictest([known, marking]) : marking);
  }
  for (const [id, marking] of KNOWN) definitions.set(id, marking);
  return definitions;
}

/**
 * The marking of an object: on each axis the strictest of its marking references, its granular markings (which the hub
 * applies to the whole object) and its labels in the form of MISP's tags (`tlp:amber`, `PAP:RED`).
 */
export function markingOf(
  object: Readonly<Record<string, unknown>>,
  definitions: ReadonlyMap<string, Marking>,
): Marking {
  const meant = (ref: unknown): Marking =>
    (typeof ref === "string" && definitions.get(ref)) || UNKNOWN;
  const granular = listed(object.granular_markings).map((marking) => {
    if (!isRecord(marking)) return UNKNOWN;
    const ofLanguage = marking.marking_ref === undefined && typeof marking.lang === "string";
    return ofLanguage ? NOTHING : meant(marking.marking_ref);
  });
  return strictest([
    ...listed(object.object_marking_refs).map(meant),
    ...granular,
    ...listed(object.labels).map(ofTag),
  ]);
}

/** A selector of a granular marking that names no property of the object; undefined: each does. */
export function danglingSelector(object: Readonly<Record<string, unknown>>): string | undefined {
  return listed(object.granular_markings)
    .flatMap((marking) => (isRecord(marking) ? listed(marking.selectors) : []))
    .map(String)
    .find((selector) => !selects(object, selector));
}

function selects(object: unknown, selector: string): boolean {
  const at = selector.split(".").reduce<unknown>((value, step) => {
    const index = /^\[(\d+)\]$/.exec(step)?.[1];
    if (index !== undefined)
      return Array.isArray(value) ? (value as unknown[])[Number(index)] : undefined;
    return isRecord(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }, object);
  return at !== undefined;
}

function definedBy({ definition_type, definition, extensions }: Record<string, unknown>): Marking {
  const extended = isRecord(extensions) ? extensions : {};
  const defined = isRecord(definition) ? definition : {};
  const found: Marking[] = [];
  for (const [id, extension] of Object.entries(extended)) {
    const says = isRecord(extension) ? extension : {};
    if (id === TLP_2) found.push(of(read(TLPS, says.tlp_2_0, Tlp.RED)));
    else if (id === PAP) found.push(of(null, read(PAPS, says.pap, Pap.RED)));
    else if (id === IEP) found.push(ofPolicy(says));
    else found.push(UNKNOWN);
  }
  if (definition_type === "tlp") found.push(of(read(TLPS, defined.tlp, Tlp.RED)));
  else if (definition_type !== undefined) {
    const tag = ofTag(defined.statement);
    found.push(tag === NOTHING ? UNKNOWN : tag);
  }
  return found.length ? strictest(found) : UNKNOWN;
}

/** IEP 2.0: both properties are required there. */
const ofPolicy = ({ tlp, permitted_actions }: Record<string, unknown>): Marking =>
  of(read(TLPS, tlp, Tlp.RED), read(ACTIONS, permitted_actions, Pap.RED));

function ofTag(tag: unknown): Marking {
  const [, axis, level = ""] =
    (typeof tag === "string" && /^(tlp|pap):(.*)$/i.exec(tag.trim())) || [];
  // The Chatham House Rule: about names, and no level.
  if (axis === undefined || level.toLowerCase() === "ex:chr") return NOTHING;
  return axis.toLowerCase() === "tlp"
    ? of(read(TLPS, level, Tlp.RED))
    : of(null, read(PAPS, level, Pap.RED));
}

const read = <T>(levels: Record<string, T>, level: unknown, otherwise: T): T => {
  const word = typeof level === "string" ? level.toLowerCase() : "";
  return Object.hasOwn(levels, word) ? (levels[word] ?? otherwise) : otherwise;
};

function strictest(markings: readonly Marking[]): Marking {
  const tlp = Math.max(...markings.map((m) => (m.tlp === null ? -1 : tlpRank(m.tlp))));
  const pap = Math.max(...markings.map((m) => (m.pap === null ? -1 : papRank(m.pap))));
  return of(tlp < 0 ? null : tlpOf(tlp), pap < 0 ? null : papOf(pap));
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const listed = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];
