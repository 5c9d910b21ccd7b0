import { randomUUID } from "node:crypto";
import type { MaybeViewer, Viewer } from "../../src/sharing/parties";
import { tlpOf } from "../../src/sharing/tlp";
import { papOf } from "../../src/sharing/pap";
import { attributionOf } from "../../src/sharing/vocabulary";
import type { WorldItem } from "../sharing/generated-world";
import type { Present } from "../sharing/oracle";
import {
  DAY,
  instantOf,
  listed,
  type ReleaseOf,
  releaseIdOf,
  ScenarioWorld,
  type Scenario,
} from "../sharing/scenario-world";
import type { Arguments, Client } from "../support/client";
import type { TestHub } from "../support/hub";
import { insertKeys, insertPeople } from "../support/people";

/** Somebody who asks: an account with one of its keys, or the anonymous viewer. */
export interface Asker {
  who: string;
  viewer: MaybeViewer;
  client: Client;
}

const FOREIGN = " with a key made by another";
/** `Botan of outage on day 3`: who, and about what. */
export const askedBy = (text: string): string =>
  (text.split(" of ")[0] ?? "").split(/ (?=on day|just before)/)[0] ?? "";
export const of = (text: string): string =>
  text.split(" of ")[1]?.split(/ (?=on day|just before)/)[0] ?? "";

/** Whom, of what, and when a scenario speaks of: `Botan on day 3`, `Botan of outage`. */
export const spokenOf = ({ sees, fields, because, ...s }: Scenario): string[] =>
  [sees, s["does-not-see"], fields, because].flatMap((says) => Object.keys(says ?? {}));

/** A scenario as a community of the running hub. Its day 0 is `start`; what it writes bears its `tag`. */
export class Community {
  readonly world: ScenarioWorld;
  readonly askers: Asker[] = [];
  /** Of incidents and advisories that everybody sees and that link to the scenario's items. */
  readonly frames: { ownerId: string; incident: string; advisory: string }[] = [];
  /** The PAP of items that were changed since the scenario began, by their world's id. */
  readonly marked = new Map<string, number>();
  private readonly ids = new Map<string, string>();
  private readonly people = new Map<string, Viewer>();
  private readonly clients = new Map<string, Client>();

  private constructor(
    readonly hub: TestHub,
    readonly scenario: Scenario,
    readonly tag: string,
    readonly start: number,
  ) {
    this.world = new ScenarioWorld(scenario);
  }

  /** People with their keys, groups, and items with the frames that link to them: all that there is before day 0's acts. */
  static async found(hub: TestHub, scenario: Scenario, tag: string): Promise<Community> {
    const community = new Community(hub, scenario, tag, hub.clock.now());
    await community.addPeople();
    for (const name of Object.keys(scenario.groups ?? {})) await community.addGroup(name);
    await community.addElsewhere();
    for (const name of Object.keys(scenario.items)) await community.addItem(name);
    for (const owner of new Set(community.items.map((i) => i.ownerId)))
      await community.addFrames(owner);
    return community;
  }

  get items(): WorldItem[] {
    return Object.keys(this.scenario.items).map((name) => this.world.item(name));
  }

  get releases(): readonly ReleaseOf[] {
    return this.scenario.releases ?? [];
  }

  /** The world as the oracle takes it, at an instant of the scenario. */
  at(now: number): Present {
    const { operatorId } = this.world.facts;
    return { ...this.world.facts, operatorId: operatorId ?? "", now };
  }

  /** The global id of what has this id in the world. */
  idOf(worldId: string): string {
    const id = this.ids.get(worldId);
    if (id === undefined) throw new Error(`the community has no ${worldId}`);
    return id;
  }

  knows(worldId: string, id: string): void {
    this.ids.set(worldId, id);
  }

  uuidOf(worldId: string): string {
    return this.idOf(worldId).replace(/^\w+_/, "");
  }

  /** An instant of the scenario as the hub's clock has it. */
  real(instant: number): number {
    return this.start + instant - instantOf(0);
  }

  /** What somebody wrote, so that no other community has the same; nothing stays nothing. */
  said(text: string | null): string | null {
    return text === null ? null : `${text} ${this.tag}`;
  }

  /** The wording of a release. WHY never none: with none of its own a release carries the owner's. */
  wordingOf(
    item: WorldItem,
    releaseId: string,
  ): { title: string | null; description: string | null } {
    const title = this.said(item.wordings.get(releaseId)?.title ?? null);
    return { title, description: title === null ? this.said("Told") : null };
  }

  /** The value that the scenario's indicators assert. */
  get value(): string {
    return `evil-${this.tag}.example`;
  }

  /** What an item's owner says of it, by contract names. */
  contentOf({ kind, content, own }: WorldItem): Record<string, unknown> {
    const title = this.said(own.title);
    const description = this.said(own.description);
    const summary = this.said(own.summary);
    if (kind === "ADVISORY") return { title, summary, body: description };
    if (kind === "INCIDENT")
      return {
        ...content,
        title,
        summary,
        description,
        category: `${String(content.category)}-${this.tag}`,
        severity: `${String(content.severity)}-${this.tag}`,
      };
    const { confidence } = content;
    const pattern = `[domain-name:value = '${this.value}']`;
    return { name: title, description, pattern, confidence, labels: [`c2-${this.tag}`] };
  }

  /** The client of an organization's employee with a key of its own, by the world's id. */
  clientOf(organizationId: string): Client {
    const name = [...this.people].find(
      ([who, v]) => v.organizationId === organizationId && this.world.id(who) === organizationId,
    );
    const client = name && this.clients.get(name[0]);
    if (!client) throw new Error(`nobody acts for ${organizationId}`);
    return client;
  }

  get accounts(): Viewer[] {
    return [...this.people.values()];
  }

  private async addPeople(): Promise<void> {
    const { scenario, world } = this;
    const organizations = [
      ...Object.values(scenario.groups ?? {}).flat(),
      ...Object.keys(scenario.history ?? {}).map((name) => name.split(" in ")[0] ?? ""),
      ...Object.values(scenario.items).map((item) => item.of),
      ...this.releases.flatMap((r) => r["to-organization"] ?? []),
    ];
    const accounts = this.releases.flatMap((r) => r["to-account"] ?? []);
    const texts = new Set([
      ...organizations,
      ...accounts,
      ...spokenOf(scenario).map(askedBy),
      "anybody",
    ]);
    for (const who of texts) {
      const { viewer } = world.viewer(who);
      if (viewer) this.people.set(who.replace(FOREIGN, ""), { ...viewer, ownCredential: true });
    }
    const viewers = [...this.people.values()];
    const operator = world.facts.operatorId ?? "";
    this.knows(operator, this.hub.operatorId);
    const rows = [...new Set(viewers.map((v) => v.organizationId))]
      .filter((id) => id !== operator)
      .map((id) => ({ id: randomUUID(), name: `${id} ${this.tag}`, kind: "MEMBER", worldId: id }));
    for (const { worldId, id } of rows) this.knows(worldId, `organization_${id}`);
    for (const v of viewers) this.knows(v.accountId, `account_${randomUUID()}`);
    await insertPeople(
      this.hub,
      rows,
      viewers.map((v) => ({
        id: this.uuidOf(v.accountId),
        organization_id: this.uuidOf(v.organizationId),
        affiliation: v.affiliation,
        // An analyst who is no member acts as one; everybody else does what its organization does.
        roles: v.roles.includes("ANALYST" as never)
          ? v.roles
          : ["ORG_ADMIN", "PUBLISHER", "MEMBER"],
      })),
    );
    const keys = await insertKeys(
      this.hub,
      viewers.map((v) => this.uuidOf(v.accountId)),
    );
    for (const who of texts) {
      const { viewer } = world.viewer(who);
      const ring = viewer && keys.get(this.uuidOf(viewer.accountId));
      const client = (viewer?.ownCredential ? ring?.own : ring?.foreign) ?? this.hub.anonymous;
      this.askers.push({ who, viewer, client });
      if (viewer?.ownCredential) this.clients.set(who, client);
    }
  }

  private async addGroup(name: string): Promise<void> {
    const input = { slug: `${name}-${this.tag}`, name, sector: name, coordinatorIds: [] };
    const { id } = await this.hub.operator.do("createSectorGroup", { input });
    this.knows(this.world.id(name), id);
  }

  /** Owners are members of another group too: of one that is active in a single group that would be the origin of each release. */
  private async addElsewhere(): Promise<void> {
    const { operator } = this.hub;
    const input = {
      slug: `elsewhere-${this.tag}`,
      name: "Elsewhere",
      sector: "else",
      coordinatorIds: [],
    };
    const { id: groupId } = await operator.do("createSectorGroup", { input });
    const members = new Set(this.world.facts.memberships.map((m) => m.organizationId));
    for (const ownerId of new Set(this.items.map((i) => i.ownerId))) {
      if (!members.has(ownerId)) continue;
      const organizationId = this.idOf(ownerId);
      const membership = await operator.do("inviteMember", { groupId, organizationId });
      await this.clientOf(ownerId).do("acceptMembership", membership);
    }
  }

  private async addItem(name: string): Promise<void> {
    const item = this.world.item(name);
    this.knows(item.id, await create(this.clientOf(item.ownerId), item.kind, this.inputOf(item)));
  }

  /** What creates an item, or replaces it. */
  inputOf(item: WorldItem, pap = item.pap): Arguments {
    const marking = { tlp: tlpOf(item.tlp), pap: papOf(pap) };
    return { ...this.contentOf(item), ...marking, attribution: attributionOf(item.attribution) };
  }

  private async addFrames(ownerId: string): Promise<void> {
    const owner = this.clientOf(ownerId);
    const own = this.items.filter((i) => i.ownerId === ownerId);
    const idsOf = (items: WorldItem[]): string[] => items.map((i) => this.idOf(i.id));
    const said = { title: `Frame ${this.tag}`, tlp: "CLEAR" };
    const indicatorIds = idsOf(own.filter((i) => i.kind === "INDICATOR"));
    const incident = await create(owner, "INCIDENT", { ...said, category: "frame", indicatorIds });
    const aboutIds = idsOf(own);
    const advisory = await create(owner, "ADVISORY", { ...said, body: "Frame", aboutIds });
    this.frames.push({ ownerId, incident, advisory });
    for (const itemId of [incident, advisory])
      await owner.do("releaseItem", { input: { itemId, toEveryone: true, tlp: "CLEAR" } });
  }

  /** What asks for a release. */
  releaseInput(r: ReleaseOf): Arguments {
    const item = this.world.item(r.item);
    const account = r["to-account"];
    const organization = r["to-organization"];
    return {
      itemId: this.idOf(item.id),
      tlp: r.tlp ?? tlpOf(item.tlp),
      ...this.wordingOf(item, releaseIdOf(r)),
      ...(r.from !== undefined && { fromGroupId: this.idOf(this.world.id(r.from)) }),
      groupIds: listed(r.to).map((group) => this.idOf(this.world.id(group))),
      organizationIds: organization === undefined ? [] : [this.idOf(this.world.id(organization))],
      accountIds: account === undefined ? [] : [this.idOf(this.world.id(`account ${account}`))],
      toEveryone: r["to-everyone"] ?? false,
      withheldFields: r.withheld ?? null,
      expiresAt:
        r.expires === undefined ? null : new Date(this.real(instantOf(r.expires))).toISOString(),
    };
  }

  /** Which day of the scenario an instant of the hub lies in. */
  dayOf(time: string | number): number {
    return Math.floor((new Date(time).getTime() - this.start) / DAY);
  }
}

const CREATE = {
  INCIDENT: "createIncident",
  INDICATOR: "createIndicator",
  ADVISORY: "createAdvisory",
} as const;

async function create(
  client: Client,
  kind: keyof typeof CREATE,
  input: Arguments,
): Promise<string> {
  return (await client.do(CREATE[kind], { input })).id;
}
