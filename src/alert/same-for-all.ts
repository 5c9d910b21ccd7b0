import {
  type DocumentNode,
  getNamedType,
  type GraphQLSchema,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from "graphql";

/**
 * The fields that say the same to every viewer who is shown the same of an item: what the view itself holds, and what the
 * directory tells everybody. A field that asks who the viewer is (links, releases, scores, rosters) is none of them.
 */
const ITEM = [
  "id",
  "stixId",
  "kind",
  "tlp",
  "pap",
  "createdAt",
  "updatedAt",
  "source",
  "access",
  "redactions",
];
const SAME: Readonly<Record<string, readonly string[]>> = {
  Subscription: ["alerts"],
  Alert: ["cursor", "type", "at", "group", "item", "itemId", "count", "subject"],
  Node: ["id"],
  SharedItem: ITEM,
  Incident: [
    ...ITEM,
    "state",
    "title",
    "summary",
    "description",
    "category",
    "severity",
    "occurredAt",
    "detectedAt",
    "awareAt",
    "victim",
    "contact",
    "affectedSystems",
    "dataStolen",
  ],
  Indicator: [
    ...ITEM,
    "name",
    "description",
    "pattern",
    "patternType",
    "observables",
    "validFrom",
    "validUntil",
    "confidence",
    "labels",
    "warnings",
  ],
  Advisory: [...ITEM, "title", "summary", "body"],
  Observable: ["type", "value"],
  IndicatorWarning: ["list", "message"],
  Source: ["attribution", "organization", "sector"],
  Redaction: ["field", "reason"],
  AccessPath: ["kind", "agreementVersion", "group", "until"],
  AgreementVersion: ["id", "number", "effectiveFrom", "effectiveUntil", "signWithin"],
  Organization: ["id", "name", "nameJa", "kind", "country", "sectors"],
  SectorGroup: ["id", "name", "nameJa", "slug", "sector", "description"],
};

/** Whether all that a document asks of an alert is among them. What it is about (`subject`) is looked at per viewer anyway. */
export function sameForAll(schema: GraphQLSchema, document: DocumentNode): boolean {
  let same = true;
  const types = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(types, {
      Field: ({ name: { value } }) => {
        const parent = getNamedType(types.getParentType())?.name ?? "";
        if (value === "__typename") return undefined;
        if (!SAME[parent]?.includes(value)) same = false;
        return parent === "Alert" && value === "subject" ? false : undefined;
      },
    }),
  );
  return same;
}

/** For the test that compares the names with the schema. */
export const SAME_FIELDS = SAME;
