import { badInput } from "../../errors";
import type { IndicatorInput } from "../../indicator/indicator.type";
import { Tlp } from "../../sharing/tlp";
import { readInstant } from "../../scalars";
import { danglingSelector, definitionsIn, type Marking, markingOf } from "./markings";

/** One object of a bundle: an indicator as an input, or why it is none. */
export type ReadObject = { objectId: string | null } & (
  | {
      input: IndicatorInput;
      /** Whether the object itself, or the submitter, says its TLP. */
      marked: boolean;
    }
  | { problem: string }
);

const MAX_OBJECTS = 10_000;
const ID = /^indicator--[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/**
 * Reads a STIX 2.1 bundle. Indicators become inputs; each other object is named with the reason.
 * @param unmarked the TLP of objects that bear no marking; null: RED
 */
export function readBundle(bundle: unknown, unmarked: Tlp | null): ReadObject[] {
  if (!isRecord(bundle) || bundle.type !== "bundle" || !Array.isArray(bundle.objects)) {
    throw badInput(
      "bundle",
      "must be a STIX 2.1 bundle: an object of type `bundle` with a list of objects",
    );
  }
  if (bundle.objects.length > MAX_OBJECTS) {
    throw badInput(
      "bundle.objects",
      `must have at most ${MAX_OBJECTS} entries, has ${bundle.objects.length}`,
    );
  }
  const definitions = definitionsIn(bundle.objects);
  return bundle.objects.map((object: unknown) => readObject(object, unmarked, definitions));
}

function readObject(
  object: unknown,
  unmarked: Tlp | null,
  definitions: ReadonlyMap<string, Marking>,
): ReadObject {
  if (!isRecord(object)) return { objectId: null, problem: "is no object" };
  const objectId = typeof object.id === "string" ? object.id.slice(0, 200) : null;
  const refuse = (problem: string): ReadObject => ({ objectId, problem });
  if (object.type === "marking-definition")
    return refuse("marking definitions are read for what they mark, and not stored");
  if (object.type !== "indicator") {
    return refuse(
      `objects of type ${String(object.type).slice(0, 50)} are not taken from bundles; only indicators are`,
    );
  }
  if (!objectId || !ID.test(objectId)) return refuse("id: must be indicator-- and a UUID");
  if (typeof object.pattern !== "string") return refuse("pattern: is required");
  const validFrom = instant(object.valid_from);
  const validUntil = instant(object.valid_until);
  if (validFrom === "wrong" || validUntil === "wrong")
    return refuse("valid_from, valid_until: must be RFC 3339 instants");
  if (object.revoked === true) return refuse("revoked: a revoked indicator is not taken");
  const dangling = danglingSelector(object);
  if (dangling !== undefined)
    return refuse(
      `granular_markings: the selector ${dangling.slice(0, 100)} names no property of the object`,
    );
  const { tlp, pap } = markingOf(object, definitions);
  const labels = [...texts(object.labels), ...texts(object.indicator_types)];
  return {
    objectId,
    marked: tlp !== null || unmarked !== null,
    input: {
      pattern: object.pattern,
      patternType: typeof object.pattern_type === "string" ? object.pattern_type : "stix",
      name: text(object.name),
      description: text(object.description),
      tlp: tlp ?? unmarked ?? Tlp.RED,
      pap,
      validFrom,
      validUntil,
      confidence: typeof object.confidence === "number" ? Math.round(object.confidence) : null,
      labels: [...new Set(labels)],
    },
  };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const text = (value: unknown): string | null => (typeof value === "string" ? value : null);
const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((v): v is string => typeof v === "string") : [];

function instant(value: unknown): Date | null | "wrong" {
  if (value === undefined) return null;
  return (typeof value === "string" && readInstant(value)) || "wrong";
}
