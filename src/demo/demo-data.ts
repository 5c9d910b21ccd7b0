import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../project-root";
import type { Pap } from "../sharing/pap";
import type { Terms } from "../sharing/terms";
import type { Tlp } from "../sharing/tlp";
import type { Affiliation, Attribution, OrganizationKind, Role } from "../sharing/vocabulary";
import type { Roster } from "../sharing/vocabulary";

/** The files under `demo/`; demo/README.md describes them. */
export interface Community {
  operator: DemoOrganization;
  organizations: DemoOrganization[];
  accounts: {
    key: string;
    organization: string;
    email: string;
    displayName: string;
    roles: Role[];
    affiliation: Affiliation;
  }[];
  groups: {
    key: string;
    slug: string;
    name: string;
    nameJa: string;
    sector: string;
    description: string;
    roster: Roster;
    coordinators: string[];
  }[];
  memberships: { organization: string; group: string; state: string; reason?: string }[];
  agreements: {
    key: string;
    title: string;
    fromGroup: string;
    toGroup: string;
    terms: Terms;
    signWithin: string;
    signedBy: { organization: string; account: string }[];
  }[];
  /** By organization: who writes its items, and who releases them. */
  actors: Record<string, { author: string; publisher: string }>;
  analyst: string;
}

interface DemoOrganization {
  key: string;
  name: string;
  nameJa: string;
  kind: OrganizationKind;
  sectors: string[];
  country: string;
}

export interface DemoRelease {
  by: "owner" | "analyst";
  approval?: "none";
  state: "released" | "proposed" | "rejected" | "withdrawn";
  fromGroup?: string;
  groups?: string[];
  organizations?: string[];
  accounts?: string[];
  toEveryone?: boolean;
  tlp: Tlp;
  title?: string;
  summary?: string;
  description?: string;
  withheldFields?: string[];
  reason?: string;
}

interface DemoItem {
  key: string;
  owner: string;
  tlp: Tlp;
  pap: Pap;
  attribution: Attribution;
  submitted?: boolean;
  releases: DemoRelease[];
}

export interface DemoIndicator extends DemoItem {
  name: string;
  description: string;
  pattern: string;
  labels: string[];
  confidence: number;
  validFrom: string;
}

export interface DemoIncident extends DemoItem {
  title: string;
  summary: string;
  description: string;
  category: string;
  severity: string;
  occurredAt: string;
  detectedAt: string;
  awareAt: string;
  victim: string;
  contact: string;
  affectedSystems: string[];
  dataStolen: string[];
  indicators: string[];
}

export interface DemoAdvisory extends DemoItem {
  title: string;
  summary: string;
  body: string;
  about: string[];
}

const read = (file: string): string => readFileSync(join(projectRoot, "demo", file), "utf8");
const lines = <T>(file: string): T[] =>
  read(file)
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);

export const readCommunity = (): Community => JSON.parse(read("community.json")) as Community;
export const readIndicators = (): DemoIndicator[] => lines("indicators.ndjson");
export const readIncidents = (): DemoIncident[] => lines("incidents.ndjson");
export const readAdvisories = (): DemoAdvisory[] => lines("advisories.ndjson");
