import type { AgreementFact, MembershipChangeFact, Parties } from "../../src/sharing/parties";

export interface MembershipFacts {
  organizationId: string;
  groupId: string;
  /** By time, ascending. */
  changes: MembershipChangeFact[];
}

/** Parties and agreements as plain data. */
export interface PartyFacts {
  operatorId: string | null;
  memberships: readonly MembershipFacts[];
  agreements: readonly AgreementFact[];
}

/** What the directory is to the hub, over plain data: for tests that need no database. */
export class InMemoryParties implements Parties {
  readonly operatorId: string | null;

  constructor(private readonly facts: PartyFacts) {
    this.operatorId = facts.operatorId;
  }

  membershipChanges(organizationId: string, groupId: string): readonly MembershipChangeFact[] {
    return this.of(organizationId).find((m) => m.groupId === groupId)?.changes ?? [];
  }

  agreementsTo(organizationId: string): readonly AgreementFact[] {
    const groups = this.of(organizationId).map((m) => m.groupId);
    return this.facts.agreements.filter((a) => groups.includes(a.toGroupId));
  }

  agreement(id: string): AgreementFact | undefined {
    return this.facts.agreements.find((a) => a.id === id);
  }

  private of(organizationId: string): MembershipFacts[] {
    return this.facts.memberships.filter((m) => m.organizationId === organizationId);
  }
}
