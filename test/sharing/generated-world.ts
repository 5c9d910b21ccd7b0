import type { ItemRow } from "../../src/sharing/disclosure";
import type { AudienceFacts } from "../../src/sharing/facts";
import type { MaybeViewer, Viewer } from "../../src/sharing/parties";
import type { AccessPathKind, OrganizationKind } from "../../src/sharing/vocabulary";
import type { PartyFacts } from "./in-memory-parties";

/** A row of `release_audience`, with what its release says in words. */
export interface WorldAudience extends AudienceFacts {
  /** The version in force at the release; null but for AGREEMENT. */
  versionId: string | null;
  withheldFields: string[];
}

/** A row of `sighting`. */
export interface WorldSighting {
  accountId: string;
  organizationId: string;
  recordedAt: number;
  count: number;
  falsePositive: boolean;
  tlp: number;
  pap: number;
  /** The path along which it goes, besides to the indicator's owner. */
  path: AccessPathKind;
  target: string | null;
  versionId: string | null;
}

export interface WorldItem extends ItemRow {
  audiences: WorldAudience[];
  /** When each release expires unless another takes its place, by its id. */
  expiries?: ReadonlyMap<string, number>;
  /** Of an INDICATOR. */
  observables: { type: string; value: string }[];
  links: string[];
  /** Of an INDICATOR. */
  sightings: WorldSighting[];
}

/** A small community: parties with their history, items with their releases, and those who ask. */
export interface World extends PartyFacts {
  operatorId: string;
  organizations: { id: string; kind: OrganizationKind }[];
  groups: string[];
  accounts: { id: string; viewer: Viewer }[];
  items: WorldItem[];
  viewers: MaybeViewer[];
  /** The instant of the question. */
  now: number;
  /** Another instant to ask about, before or after. */
  another: number;
  /** The first three bytes of the addresses that its indicators tell of. */
  network: string;
}
