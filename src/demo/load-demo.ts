import { randomBytes } from "node:crypto";
import { createAdvisory } from "../advisory/create-advisory";
import type { Account } from "../auth/account.entity";
import { createOperator, issueOwnKey } from "../auth/bootstrap";
import { createAccount } from "../auth/create-account";
import { Context } from "../context";
import type { Hub } from "../hub";
import { globalId } from "../ids";
import { createIncident } from "../incident/write-incident";
import { createIndicator } from "../indicator/write-indicator";
import { submitItem } from "../item/submit-item";
import { draftAgreement, proposeAgreement, signAgreement } from "../organization/change-agreement";
import {
  acceptMembership,
  inviteMember,
  requestMembership,
  suspendMembership,
} from "../organization/change-membership";
import { createOrganization } from "../organization/create-organization";
import { createSectorGroup } from "../organization/create-sector-group";
import {
  approveRelease,
  proposeRelease,
  rejectRelease,
  releaseItem,
  withdrawRelease,
} from "../release/release-verbs";
import {
  type Community,
  type DemoRelease,
  readAdvisories,
  readCommunity,
  readIncidents,
  readIndicators,
} from "./demo-data";

export interface DemoAccount {
  organization: string;
  displayName: string;
  email: string;
  roles: string[];
  key: string;
}

/**
 * Loads the demo community through the same verbs that its members would use.
 * @returns its accounts with their keys, which are shown nowhere else
 */
export async function loadDemo(hub: Hub): Promise<DemoAccount[]> {
  const demo = new Demo(hub, readCommunity());
  const accounts = await demo.loadParties();
  await demo.loadItems();
  return accounts;
}

/** How many items are written side by side. */
const LANES = 6;

class Demo {
  private readonly organizations = new Map<string, string>();
  private readonly accounts = new Map<string, Account>();
  private readonly contexts = new Map<string, Context>();
  private readonly groups = new Map<string, string>();
  private readonly items = new Map<string, string>();

  constructor(
    private readonly hub: Hub,
    private readonly community: Community,
  ) {}

  async loadParties(): Promise<DemoAccount[]> {
    const { community, hub } = this;
    const operatorId = hub.directory.operatorId;
    const root =
      [...hub.directory.accounts.values()].find((a) => a.organizationId === operatorId) ??
      (await createOperator(hub, community.operator));
    this.organizations.set(community.operator.key, globalId("organization", root.organizationId));
    const admin = await this.signIn(root, "Demo loader");
    for (const { key, name, nameJa, kind, sectors, country } of community.organizations) {
      const made = await createOrganization(admin, { name, nameJa, kind, sectors, country });
      this.organizations.set(key, made.id);
    }
    const printed: DemoAccount[] = [];
    for (const {
      key,
      organization,
      email,
      displayName,
      roles,
      affiliation,
    } of community.accounts) {
      const organizationId = this.idOf(this.organizations, organization);
      const account = await createAccount(admin, {
        organizationId,
        email,
        displayName,
        roles,
        affiliation,
      });
      this.accounts.set(key, account);
      const secret = `demo_${key}_${randomBytes(16).toString("base64url")}`;
      const keyId = await issueOwnKey(hub, account, "Demo", secret);
      this.contexts.set(key, new Context(hub, { keyId }, "query"));
      printed.push({ organization, displayName, email, roles, key: secret });
    }
    for (const { key, coordinators, ...group } of community.groups) {
      const coordinatorIds = coordinators.map((c) => this.accountId(c));
      this.groups.set(key, (await createSectorGroup(admin, { ...group, coordinatorIds })).id);
    }
    await this.loadMemberships(admin);
    return printed;
  }

  private async loadMemberships(admin: Context): Promise<void> {
    const suspended: [id: string, reason: string][] = [];
    for (const { organization, group, state, reason } of this.community.memberships) {
      const groupId = this.idOf(this.groups, group);
      const member = this.contextOf(this.actorsOf(organization).publisher);
      if (state === "REQUESTED") await requestMembership(member, groupId);
      else {
        const membership = await inviteMember(
          admin,
          groupId,
          this.idOf(this.organizations, organization),
        );
        if (state !== "INVITED") await acceptMembership(member, membership.id);
        if (state === "SUSPENDED") suspended.push([membership.id, reason ?? ""]);
      }
    }
    for (const { title, fromGroup, toGroup, terms, signWithin, signedBy } of this.community
      .agreements) {
      const input = {
        title,
        terms,
        signWithin,
        fromGroupId: this.idOf(this.groups, fromGroup),
        toGroupId: this.idOf(this.groups, toGroup),
      };
      const version = await draftAgreement(admin, input);
      await proposeAgreement(admin, version.id);
      for (const { account } of signedBy) await signAgreement(this.contextOf(account), version.id);
    }
    for (const [id, reason] of suspended) await suspendMembership(admin, id, reason);
  }

  async loadItems(): Promise<void> {
    await inLanes(
      readIndicators(),
      async ({ key, owner, releases, submitted, validFrom, ...indicator }) => {
        const author = this.contextOf(this.actorsOf(owner).author);
        const uuid = await createIndicator(author.again(), {
          ...indicator,
          validFrom: new Date(validFrom),
        });
        this.items.set(key, globalId("indicator", uuid));
        await this.handle(key, owner, submitted, releases);
      },
    );
    await inLanes(
      readIncidents(),
      async ({ key, owner, releases, submitted, indicators, ...incident }) => {
        const author = this.contextOf(this.actorsOf(owner).author);
        const uuid = await createIncident(author.again(), {
          ...incident,
          occurredAt: new Date(incident.occurredAt),
          detectedAt: new Date(incident.detectedAt),
          awareAt: new Date(incident.awareAt),
          indicatorIds: indicators.map((i) => this.idOf(this.items, i)),
        });
        this.items.set(key, globalId("incident", uuid));
        await this.handle(key, owner, submitted, releases);
      },
    );
    for (const { key, owner, releases, submitted, about, ...advisory } of readAdvisories()) {
      const author = this.contextOf(this.actorsOf(owner).author);
      const aboutIds = about.map((a) => this.idOf(this.items, a));
      this.items.set(
        key,
        globalId("advisory", await createAdvisory(author.again(), { ...advisory, aboutIds })),
      );
      await this.handle(key, owner, submitted, releases);
    }
  }

  private async handle(
    key: string,
    owner: string,
    submitted: boolean | undefined,
    releases: DemoRelease[],
  ): Promise<void> {
    const itemId = this.idOf(this.items, key);
    const { author, publisher } = this.actorsOf(owner);
    if (submitted) await submitItem(this.contextOf(author).again(), itemId);
    const decider = this.contextOf(publisher);
    for (const {
      by,
      approval,
      state,
      reason,
      fromGroup,
      groups,
      organizations,
      accounts,
      ...rest
    } of releases) {
      const input = {
        ...rest,
        itemId,
        fromGroupId: fromGroup ? this.idOf(this.groups, fromGroup) : null,
        groupIds: groups?.map((g) => this.idOf(this.groups, g)) ?? null,
        organizationIds: organizations?.map((o) => this.idOf(this.organizations, o)) ?? null,
        accountIds: accounts?.map((a) => this.accountId(a)) ?? null,
      };
      const release =
        by === "owner"
          ? await releaseItem(decider.again(), input)
          : await proposeRelease(this.contextOf(this.community.analyst).again(), input);
      if (state === "rejected") await rejectRelease(decider.again(), release.id, reason ?? "");
      else if (state !== "proposed" && by === "analyst" && approval !== "none")
        await approveRelease(decider.again(), release.id);
      if (state === "withdrawn") await withdrawRelease(decider.again(), release.id, reason ?? "");
    }
  }

  private async signIn(account: Account, name: string): Promise<Context> {
    const keyId = await issueOwnKey(this.hub, account, name, randomBytes(32).toString("base64url"));
    return new Context(this.hub, { keyId }, "query");
  }

  private actorsOf(organization: string): { author: string; publisher: string } {
    const actors = this.community.actors[organization];
    if (!actors) throw new Error(`demo/community.json has no actors for ${organization}`);
    return actors;
  }

  private contextOf(account: string): Context {
    return this.idOf(this.contexts, account);
  }

  private accountId(account: string): string {
    return this.idOf(this.accounts, account).id;
  }

  private idOf<T>(map: ReadonlyMap<string, T>, key: string): T {
    const value = map.get(key);
    if (value === undefined)
      throw new Error(`the demo data speaks of ${key}, which it does not define`);
    return value;
  }
}

async function inLanes<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const waiting = [...all];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}
