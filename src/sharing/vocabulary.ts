/** The closed vocabularies of the policy. */
export enum ItemKind {
  INCIDENT = "INCIDENT",
  INDICATOR = "INDICATOR",
  ADVISORY = "ADVISORY",
  SIGHTING = "SIGHTING",
}
export enum OrganizationKind {
  MEMBER = "MEMBER",
  AUTHORITY = "AUTHORITY",
  OPERATOR = "OPERATOR",
  PEER_HUB = "PEER_HUB",
}
export enum Role {
  OPERATOR_ADMIN = "OPERATOR_ADMIN",
  ANALYST = "ANALYST",
  ORG_ADMIN = "ORG_ADMIN",
  PUBLISHER = "PUBLISHER",
  MEMBER = "MEMBER",
  READER = "READER",
  OFFICER = "OFFICER",
}
export enum Affiliation {
  EMPLOYEE = "EMPLOYEE",
  CONTRACTOR = "CONTRACTOR",
  CLIENT = "CLIENT",
}
/** Whether a group's members learn who the other members are. */
export enum Roster {
  OPEN = "OPEN",
  HIDDEN = "HIDDEN",
}
export enum MembershipState {
  INVITED = "INVITED",
  REQUESTED = "REQUESTED",
  ACTIVE = "ACTIVE",
  SUSPENDED = "SUSPENDED",
  ENDED = "ENDED",
}
export enum AgreementState {
  DRAFT = "DRAFT",
  PROPOSED = "PROPOSED",
  IN_FORCE = "IN_FORCE",
  SUPERSEDED = "SUPERSEDED",
  TERMINATED = "TERMINATED",
}
export enum Attribution {
  NAMED = "NAMED",
  SECTOR_ONLY = "SECTOR_ONLY",
  ANONYMOUS = "ANONYMOUS",
}
export enum AccessPathKind {
  OWNER = "OWNER",
  OPERATOR = "OPERATOR",
  AGREEMENT = "AGREEMENT",
  BILATERAL = "BILATERAL",
  NAMED = "NAMED",
  PUBLIC = "PUBLIC",
  AUTHORITY = "AUTHORITY",
}

const ATTRIBUTION_ORDER = [
  Attribution.ANONYMOUS,
  Attribution.SECTOR_ONLY,
  Attribution.NAMED,
] as const;

/** 0 (ANONYMOUS) to 2 (NAMED): how much is told of the source. */
export const attributionRank = (attribution: Attribution): number =>
  ATTRIBUTION_ORDER.indexOf(attribution);

/** The word of a rank; the least telling one for anything that is no rank. */
export const attributionOf = (rank: number): Attribution =>
  ATTRIBUTION_ORDER[rank] ?? Attribution.ANONYMOUS;
