import type { DataSource, EntityManager, EntityTarget, ObjectLiteral } from "typeorm";
import { MoreThan } from "typeorm";
import { Account, ApiKey } from "../auth/account.entity";
import {
  AgreementSignature,
  AgreementVersion,
  SharingAgreement,
} from "../organization/agreement.entity";
import { Membership, MembershipChange } from "../organization/membership.entity";
import { Organization } from "../organization/organization.entity";
import { Coordinator, SectorGroup } from "../organization/sector-group.entity";
import { durationMs } from "./duration";
import type {
  AgreementFact,
  MembershipChangeFact,
  Parties,
  SignatureFact,
  VersionFact,
} from "./parties";
import { MembershipState, OrganizationKind } from "./vocabulary";

interface Versioned extends ObjectLiteral {
  uuid: string;
  version: string;
}

/** What the directory holds, parents first. */
const TABLES: readonly EntityTarget<Versioned>[] = [
  Organization,
  Account,
  ApiKey,
  SectorGroup,
  Coordinator,
  Membership,
  MembershipChange,
  SharingAgreement,
  AgreementVersion,
  AgreementSignature,
];

const tableOf = (manager: EntityManager, entity: EntityTarget<Versioned>): string =>
  manager.getRepository(entity).metadata.tableName;

/**
 * The parties and their agreements in memory, with their whole history: what every decision rests on.
 * It is brought up to date after each change of policy by reading the rows that are newer than its version.
 */
export class Directory implements Parties {
  /** The version of the policy clock up to which this directory is complete. */
  version = -1n;
  readonly organizations = new Map<string, Organization>();
  readonly accounts = new Map<string, Account>();
  readonly keys = new Map<string, ApiKey>();
  readonly keysByHash = new Map<string, ApiKey>();
  readonly groups = new Map<string, SectorGroup>();
  readonly coordinators = new Map<string, Coordinator>();
  readonly memberships = new Map<string, Membership>();
  readonly agreements = new Map<string, SharingAgreement>();
  readonly versions = new Map<string, AgreementVersion>();
  readonly signatures = new Map<string, AgreementSignature>();
  private readonly changes = new Map<string, MembershipChange>();
  private readonly membershipsByPair = new Map<string, Membership>();
  private facts = new Map<string, AgreementFact>();
  private agreementsByToGroup = new Map<string, AgreementFact[]>();
  private membershipsByOrganization = new Map<string, Membership[]>();
  private accountsByOrganization = new Map<string, Account[]>();
  operatorId: string | null = null;
  edition: object = {};
  private refreshing: Promise<void> | null = null;

  constructor(private readonly dataSource: DataSource) {}

  /**
   * Reads what is newer than this directory. Calls that overlap share a reading that began after the first.
   * @param version of the policy clock, where it is known: nothing is read where the directory is complete up to it
   */
  async refresh(version?: bigint): Promise<void> {
    if (version !== undefined && this.version >= version) return;
    const running = this.refreshing;
    if (running) await running;
    this.refreshing ??= this.read().finally(() => (this.refreshing = null));
    await this.refreshing;
  }

  /** Forgets everything; the next `refresh` reads it all. */
  clear(): void {
    this.version = -1n;
    const maps = [
      this.organizations,
      this.accounts,
      this.keys,
      this.keysByHash,
      this.groups,
      this.coordinators,
      this.memberships,
      this.agreements,
      this.versions,
      this.signatures,
      this.changes,
      this.membershipsByPair,
    ];
    for (const map of maps) map.clear();
    this.indexAgreements();
    this.index();
  }

  private async read(): Promise<void> {
    const since = this.version;
    // Mostly nothing is newer, and one look tells.
    const [hub] = await this.dataSource.query<[{ policy_version: string }]>(
      "SELECT policy_version FROM hub",
    );
    if (BigInt(hub.policy_version) === since) return;
    // One snapshot for all tables, applied in one go: a change is seen whole or not at all.
    const { version, rows } = await this.dataSource.transaction(
      "REPEATABLE READ",
      async (manager) => {
        const [state] = await manager.query<[Record<string, string | boolean>]>(
          `SELECT policy_version, ${TABLES.map((t, i) => `EXISTS (SELECT FROM ${tableOf(manager, t)} WHERE version > $1) AS t${i}`).join(", ")} FROM hub`,
          [since.toString()],
        );
        const newer = new Map<EntityTarget<Versioned>, Versioned[]>();
        for (const [i, table] of TABLES.entries()) {
          if (state[`t${i}`]) newer.set(table, await this.newer(manager, table, since));
        }
        return { version: BigInt(String(state.policy_version)), rows: newer };
      },
    );
    // What is newer than something that has been forgotten meanwhile is not all there is.
    if (since !== this.version) return this.read();
    if (version === since) return;
    const take = <T extends Versioned>(entity: new () => T, into: Map<string, T>): T[] => {
      const taken = (rows.get(entity) ?? []) as T[];
      for (const row of taken) into.set(row.uuid, row);
      return taken;
    };
    take(Organization, this.organizations);
    take(Account, this.accounts);
    for (const key of take(ApiKey, this.keys)) this.keysByHash.set(key.hash.toString("hex"), key);
    take(SectorGroup, this.groups);
    take(Coordinator, this.coordinators);
    for (const membership of take(Membership, this.memberships)) {
      this.membershipsByPair.set(`${membership.organizationId} ${membership.groupId}`, membership);
    }
    for (const change of take(MembershipChange, this.changes)) {
      this.memberships.get(change.membershipId)?.changes.push(change);
    }
    const agreed = [
      take(SharingAgreement, this.agreements),
      take(AgreementVersion, this.versions),
      take(AgreementSignature, this.signatures),
    ];
    if (agreed.some((taken) => taken.length)) this.indexAgreements();
    this.index();
    this.version = version;
  }

  private newer(
    manager: EntityManager,
    entity: EntityTarget<Versioned>,
    since: bigint,
  ): Promise<Versioned[]> {
    return manager.getRepository(entity).find({
      where: { version: MoreThan(since.toString()) },
      order: { version: "ASC" },
    });
  }

  private index(): void {
    this.edition = {};
    this.operatorId =
      [...this.organizations.values()].find((o) => o.kind === OrganizationKind.OPERATOR)?.uuid ??
      null;
    this.membershipsByOrganization = grouped(this.memberships.values(), (m) => m.organizationId);
    this.accountsByOrganization = grouped(this.accounts.values(), (a) => a.organizationId);
  }

  private indexAgreements(): void {
    const versions = grouped(this.versions.values(), (v) => v.agreementId);
    const signatures = grouped(
      this.signatures.values(),
      (s) => this.versions.get(s.versionId)?.agreementId ?? "",
    );
    this.facts = new Map(
      [...this.agreements.values()].map((agreement) => [
        agreement.uuid,
        agreementFact(
          agreement,
          versions.get(agreement.uuid) ?? [],
          signatures.get(agreement.uuid) ?? [],
        ),
      ]),
    );
    this.agreementsByToGroup = grouped(this.facts.values(), (a) => a.toGroupId);
  }

  // ── Parties: what the policy asks ──

  membershipChanges(organizationId: string, groupId: string): readonly MembershipChangeFact[] {
    return (
      this.membership(organizationId, groupId)?.changes.map((c) => ({
        state: c.state,
        at: c.at.getTime(),
      })) ?? []
    );
  }

  agreement(id: string): AgreementFact | undefined {
    return this.facts.get(id);
  }

  agreementsTo(organizationId: string): readonly AgreementFact[] {
    return this.membershipsOf(organizationId).flatMap(
      (m) => this.agreementsByToGroup.get(m.groupId) ?? [],
    );
  }

  // ── What verbs and resolvers ask ──

  membership(organizationId: string, groupId: string): Membership | undefined {
    return this.membershipsByPair.get(`${organizationId} ${groupId}`);
  }

  membershipsOf(organizationId: string): readonly Membership[] {
    return this.membershipsByOrganization.get(organizationId) ?? [];
  }

  membersOf(groupId: string): Membership[] {
    return [...this.memberships.values()].filter((m) => m.groupId === groupId);
  }

  isActiveMember(organizationId: string, groupId: string): boolean {
    return this.membership(organizationId, groupId)?.state === MembershipState.ACTIVE;
  }

  accountsOf(organizationId: string): readonly Account[] {
    return this.accountsByOrganization.get(organizationId) ?? [];
  }

  coordinatorsOf(groupId: string): Account[] {
    return [...this.coordinators.values()].flatMap((c) =>
      c.groupId === groupId && !c.endedAt ? (this.accounts.get(c.accountId) ?? []) : [],
    );
  }

  coordinates(accountId: string, groupId: string): boolean {
    return this.coordinatorsOf(groupId).some((a) => a.uuid === accountId);
  }

  /** Whether an account was in charge of a group at an instant, and still is. */
  coordinatedAt(accountId: string, groupId: string, at: number): boolean {
    return [...this.coordinators.values()].some(
      (c) =>
        c.groupId === groupId &&
        c.accountId === accountId &&
        !c.endedAt &&
        c.appointedAt.getTime() <= at,
    );
  }

  agreementBetween(fromGroupId: string, toGroupId: string): AgreementFact | undefined {
    return this.agreementsByToGroup.get(toGroupId)?.find((a) => a.fromGroupId === fromGroupId);
  }
}

function grouped<T>(all: Iterable<T>, key: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const same = groups.get(key(one));
    if (same) same.push(one);
    else groups.set(key(one), [one]);
  }
  return groups;
}

function agreementFact(
  agreement: SharingAgreement,
  versions: AgreementVersion[],
  signatures: AgreementSignature[],
): AgreementFact {
  const bySigner = new Map<string, SignatureFact[]>();
  for (const s of signatures) {
    const fact = { versionId: s.versionId, at: s.signedAt.getTime() };
    bySigner.set(s.organizationId, [...(bySigner.get(s.organizationId) ?? []), fact]);
  }
  return {
    id: agreement.uuid,
    fromGroupId: agreement.fromGroupId,
    toGroupId: agreement.toGroupId,
    versions: versions.toSorted((a, b) => a.number - b.number).map(versionFact),
    signatures: bySigner,
  };
}

const never = (at: Date | null): number => at?.getTime() ?? Infinity;

function versionFact(v: AgreementVersion): VersionFact {
  return {
    id: v.uuid,
    number: v.number,
    terms: v.terms,
    signWithinMs: durationMs(v.signWithin) ?? 0,
    proposedAt: v.proposedAt?.getTime() ?? null,
    effectiveFrom: never(v.effectiveFrom),
    effectiveUntil: never(v.effectiveUntil),
    terminatedAt: never(v.terminatedAt),
  };
}
