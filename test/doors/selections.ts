/** Kinds of items, with the names of their lists. */
export const LISTS = {
  INCIDENT: "incidents",
  INDICATOR: "indicators",
  ADVISORY: "advisories",
} as const;
export type Kind = keyof typeof LISTS;
export const KINDS = Object.keys(LISTS) as Kind[];

const COMMON = `__typename id stixId kind tlp pap createdAt updatedAt source { attribution organization { id } sector }
  access { kind group { id } agreementVersion { id } until } redactions { field reason } releases { id }`;

/** Every field of an item of a kind. */
export const ITEM: Record<Kind, string> = {
  INCIDENT: `${COMMON} state title summary description category severity occurredAt detectedAt awareAt victim contact
    affectedSystems dataStolen indicators { totalCount nodes { id } }`,
  INDICATOR: `${COMMON} name description pattern patternType validFrom validUntil confidence labels score sightingCount
    observables { type value } warnings { list }`,
  ADVISORY: `${COMMON} title summary body about { id }`,
};

/** Every field of an item of any kind. */
export const ANY_ITEM = `... on Incident { ${ITEM.INCIDENT} } ... on Indicator { ${ITEM.INDICATOR} }
  ... on Advisory { ${ITEM.ADVISORY} }`;

/** An item as a client is shown it. */
export interface Shown extends Record<string, unknown> {
  __typename: string;
  id: string;
  stixId: string;
  createdAt: string;
  updatedAt: string;
  source: { attribution: string; organization: { id: string } | null; sector: string | null };
  access: { kind: string }[];
  redactions: { field: string }[];
  releases: object[];
}
