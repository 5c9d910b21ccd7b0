import type { ItemRow } from "../../src/sharing/disclosure";
import type { AudienceFacts } from "../../src/sharing/facts";
import type { MaybeViewer, Viewer } from "../../src/sharing/parties";
import type { OrganizationKind } from "../../src/sharing/vocabulary";
import type { PartyFacts } from "./in-memory-parties";

/** A row of `release_audience`, with what its release says in words. */
export interface WorldAudience extends AudienceFacts {
  /** The version in force at the release; null but for AGREEMENT. */
  versionId: string | null;
  withheldFields: string[];
}

export interface WorldItem extends ItemRow {
  audiences: WorldAudience[];
  /** When each release expires unless another takes its place, by its id. */
  expiries?: ReadonlyMap<string, number>;
  /** Of an INDICATOR. */
  observables: { type: string; value: string }[];
  links: string[];
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
