import { EVERYONE } from "../../src/sharing/facts";
import { maskOf, WITHHELD_BY_DEFAULT } from "../../src/sharing/fields";
import type { AgreementFact, MaybeViewer, VersionFact } from "../../src/sharing/parties";
import { Pap, papRank } from "../../src/sharing/pap";
import type { Terms } from "../../src/sharing/terms";
import { Tlp, tlpRank } from "../../src/sharing/tlp";
import {
  AccessPathKind,
  Affiliation,
  Attribution,
  attributionRank,
  ItemKind,
  type MembershipState,
  OrganizationKind,
  Role,
} from "../../src/sharing/vocabulary";
import type { WorldAudience, WorldItem } from "./generated-world";
import { InMemoryParties, type MembershipFacts, type PartyFacts } from "./in-memory-parties";
import { versionInForce } from "./oracle";

type Many<T> = T | T[];
/** Whole days since the first; "never". */
type Day = number;

interface VersionOf {
  from?: Day;
  until?: Day;
  proposed?: Day;
  terminated?: Day;
  /** Days. */
  signWithin?: number;
  terms?: Partial<Terms>;
  /** Organization: day. */
  signed?: Record<string, Day>;
}

export interface ReleaseOf {
  item: string;
  day: Day;
  from?: string;
  to?: Many<string>;
  "to-organization"?: string;
  "to-account"?: string;
  "to-everyone"?: boolean;
  tlp?: Tlp;
  pap?: Pap;
  withheld?: string[];
  title?: string;
  expires?: Day;
  withdrawn?: Day;
}

interface ItemOf {
  of: string;
  kind?: ItemKind;
  tlp?: Tlp;
  pap?: Pap;
  attribution?: Attribution;
  /** Day, or not at all. */
  submitted?: Day | false;
}

/** A world of a few lines, and what follows for it from the sharing model. */
export interface Scenario {
  says: string;
  /** The sentence of the model that it shows. */
  model: string;
  now?: Day;
  /** Members that are active from day 0 on. */
  groups?: Record<string, string[]>;
  /** `Botan in power`: day: state. */
  history?: Record<string, Record<Day, MembershipState>>;
  /** `power → water`: versions. */
  agreements?: Record<string, VersionOf[]>;
  accounts?: Record<string, string>;
  items: Record<string, ItemOf>;
  releases?: ReleaseOf[];
  sees?: Record<string, Many<string>>;
  "does-not-see"?: Record<string, Many<string>>;
  fields?: Record<string, ShownFields>;
  because?: Record<string, string>;
}

interface ShownFields extends Record<string, unknown> {
  shows?: Many<string>;
  hides?: Many<string>;
  title?: string;
  source?: Attribution;
  sector?: string | null;
  created?: Day;
  updated?: Day;
}

export const DAY = 86_400_000;
export const instantOf = (day: Day): number => Date.UTC(2026, 0, 1) + day * DAY;
const orNever = (day: Day | undefined): number => (day === undefined ? Infinity : instantOf(day));
export const listed = <T>(many: Many<T> | undefined): T[] =>
  many === undefined ? [] : Array.isArray(many) ? many : [many];

/** The id of a release in its scenario's world. */
export const releaseIdOf = (r: ReleaseOf): string => `${r.item} on day ${r.day}`;

/** Everything up to AMBER_STRICT and PAP:RED, by name; nothing withheld, no limit of time. */
const TERMS: Terms = {
  kinds: [ItemKind.INCIDENT, ItemKind.INDICATOR, ItemKind.ADVISORY],
  tlpCeiling: Tlp.AMBER_STRICT,
  papCeiling: Pap.RED,
  attribution: Attribution.NAMED,
  withheldFields: [],
  onward: false,
  requiresApproval: true,
  retroactive: false,
  retention: null,
  purposes: [],
};

const CONTENT: Record<string, Record<string, unknown>> = {
  INCIDENT: {
    category: "ransomware",
    severity: "HIGH",
    victim: "a plant",
    contact: "soc@example.org",
    affectedSystems: ["mail"],
    dataStolen: ["mails"],
    occurredAt: "2026-01-01T00:00:00Z",
  },
  INDICATOR: {
    pattern: "[domain-name:value = 'evil.example']",
    observables: [{ type: "domain-name", value: "evil.example" }],
    confidence: 80,
    labels: ["c2"],
  },
  ADVISORY: {},
};

export class ScenarioWorld {
  readonly parties: InMemoryParties;
  readonly facts: PartyFacts;
  private readonly ids = new Map<string, string>();
  private readonly items = new Map<string, WorldItem>();
  private readonly agreements: AgreementFact[];

  constructor(readonly scenario: Scenario) {
    this.agreements = Object.entries(scenario.agreements ?? {}).map(([name, versions]) =>
      this.agreement(name, versions),
    );
    this.facts = {
      operatorId: this.id("Operator"),
      memberships: this.memberships(),
      agreements: this.agreements,
    };
    this.parties = new InMemoryParties(this.facts);
    for (const [name, item] of Object.entries(scenario.items))
      this.items.set(name, this.made(name, item));
    for (const release of scenario.releases ?? []) this.release(release);
  }

  /** The id of an organization, group, account or item. */
  id(name: string): string {
    const known = this.ids.get(name) ?? `${name} (${this.ids.size})`;
    this.ids.set(name, known);
    return known;
  }

  item(name: string): WorldItem {
    const item = this.items.get(name);
    if (!item) throw new Error(`The scenario has no item ${name}`);
    return item;
  }

  /** `Botan`, `Botan's contractor`, `Botan with a key made by another`, an account's name, `anybody`; `… on day 3`. */
  viewer(text: string): { viewer: MaybeViewer; now: number } {
    const [who = "", on, before] = text.split(/ (?:on day (\d+)|just before day (\d+))$/);
    const now =
      on !== undefined
        ? instantOf(Number(on))
        : before !== undefined
          ? instantOf(Number(before)) - 1
          : instantOf(this.scenario.now ?? 9);
    if (who === "anybody") return { viewer: null, now };
    const [name = "", foreign] = who.split(" with a key made by another");
    const account = this.scenario.accounts?.[name] ?? name;
    const [organization = "", kind = ""] = account.split("'s ");
    const affiliation = kind.includes("contractor")
      ? Affiliation.CONTRACTOR
      : kind.includes("client")
        ? Affiliation.CLIENT
        : Affiliation.EMPLOYEE;
    const operator = organization === "Operator";
    const viewer = {
      organizationId: this.id(organization),
      organizationKind: operator ? OrganizationKind.OPERATOR : OrganizationKind.MEMBER,
      accountId: this.id(`account ${name}`),
      roles: kind.includes("analyst") ? [Role.ANALYST] : [Role.MEMBER],
      affiliation,
      ownCredential: foreign === undefined,
    };
    return { viewer, now };
  }

  private memberships(): MembershipFacts[] {
    const of = new Map<string, MembershipFacts>();
    for (const [group, members] of Object.entries(this.scenario.groups ?? {})) {
      for (const member of members) {
        const changes = [{ state: "ACTIVE" as MembershipState, at: instantOf(0) }];
        const fact = { organizationId: this.id(member), groupId: this.id(group), changes };
        of.set(`${member} in ${group}`, fact);
      }
    }
    for (const [name, history] of Object.entries(this.scenario.history ?? {})) {
      const [member = "", group = ""] = name.split(" in ");
      const changes = Object.entries(history).map(([day, state]) => ({
        state,
        at: instantOf(Number(day)),
      }));
      const known = of.get(name)?.changes ?? [];
      const fact = { organizationId: this.id(member), groupId: this.id(group) };
      of.set(name, { ...fact, changes: [...known, ...changes] });
    }
    return [...of.values()];
  }

  private agreement(name: string, versions: VersionOf[]): AgreementFact {
    const [from = "", to = ""] = name.split(" → ");
    const signatures = new Map<string, { versionId: string; at: number }[]>();
    const facts = versions.map((v, i): VersionFact => {
      const id = `${name} v${i + 1}`;
      for (const [signer, day] of Object.entries(v.signed ?? {})) {
        const signed = signatures.get(this.id(signer)) ?? [];
        signatures.set(this.id(signer), [...signed, { versionId: id, at: instantOf(day) }]);
      }
      return {
        id,
        number: i + 1,
        terms: { ...TERMS, ...v.terms },
        signWithinMs: (v.signWithin ?? 30) * DAY,
        proposedAt: instantOf(v.proposed ?? v.from ?? 0),
        effectiveFrom: instantOf(v.from ?? 0),
        effectiveUntil: orNever(v.until),
        terminatedAt: orNever(v.terminated),
      };
    });
    return {
      id: name,
      fromGroupId: this.id(from),
      toGroupId: this.id(to),
      versions: facts,
      signatures,
    };
  }

  private made(name: string, item: ItemOf): WorldItem {
    const kind = (item.kind ?? ItemKind.INCIDENT) as WorldItem["kind"];
    return {
      id: this.id(`item ${name}`),
      kind,
      ownerId: this.id(item.of),
      tlp: tlpRank(item.tlp ?? Tlp.AMBER),
      pap: papRank(item.pap ?? Pap.GREEN),
      attribution: attributionRank(item.attribution ?? Attribution.NAMED),
      submittedAt: item.submitted === false ? Infinity : orNever(item.submitted),
      audiences: [],
      stixId: `${kind.toLowerCase()}--${name}`,
      state: (item.submitted ?? false) === false ? "DRAFT" : "SUBMITTED",
      createdAt: instantOf(0),
      updatedAt: instantOf(0),
      own: {
        title: "The owner's title",
        summary: "The owner's summary",
        description: "The owner's words",
      },
      wordings: new Map(),
      content: CONTENT[kind] ?? {},
      observables: [],
      links: [],
      sightings: [],
    };
  }

  private release(r: ReleaseOf): void {
    const item = this.item(r.item);
    const releasedAt = instantOf(r.day);
    const releaseId = releaseIdOf(r);
    const withheldFields = r.withheld ?? WITHHELD_BY_DEFAULT;
    const until = Math.min(orNever(r.expires), orNever(r.withdrawn));
    const common = {
      releaseId,
      kind: item.kind,
      ownerId: item.ownerId,
      fromGroupId: r.from === undefined ? null : this.id(r.from),
      tlp: r.tlp === undefined ? item.tlp : tlpRank(r.tlp),
      pap: r.pap === undefined ? item.pap : papRank(r.pap),
      withheld: maskOf(withheldFields),
      withheldFields,
      releasedAt,
      liveFrom: releasedAt,
      liveUntil: until,
    };
    const direct = { toGroupId: null, versionId: null };
    const audiences: WorldAudience[] = listed(r.to).map((to) => {
      const name = `${r.from} → ${to}`;
      const agreement = this.agreements.find((a) => a.id === name);
      const version = agreement && versionInForce(agreement, releasedAt);
      if (!version) throw new Error(`No agreement ${name} is in force on day ${r.day}`);
      const path = AccessPathKind.AGREEMENT as const;
      return { ...common, path, target: name, toGroupId: this.id(to), versionId: version.id };
    });
    const { "to-organization": organization, "to-account": account } = r;
    if (organization !== undefined)
      audiences.push({
        ...common,
        ...direct,
        path: AccessPathKind.BILATERAL,
        target: this.id(organization),
      });
    if (account !== undefined)
      audiences.push({
        ...common,
        ...direct,
        path: AccessPathKind.NAMED,
        target: this.id(`account ${account}`),
      });
    if (r["to-everyone"])
      audiences.push({ ...common, ...direct, path: AccessPathKind.PUBLIC, target: EVERYONE });
    const audienceOf = (a: WorldAudience): string => a.toGroupId ?? a.target;
    for (const older of item.audiences) {
      // The newer release takes the older one's place for good.
      if (audiences.some((a) => audienceOf(a) === audienceOf(older)))
        older.liveUntil = Math.min(older.liveUntil, releasedAt);
    }
    item.audiences.push(...audiences);
    const wordings = new Map(item.wordings);
    wordings.set(releaseId, { title: r.title ?? null, summary: null, description: null });
    item.wordings = wordings;
  }
}
