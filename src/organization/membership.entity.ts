import { Field, ID, ObjectType } from "type-graphql";
import { Column, Entity, PrimaryColumn } from "typeorm";
import { globalId } from "../ids";
import { Node } from "../node.type";
import { MembershipState } from "../sharing/vocabulary";

/** One change of a membership: who, when, why. The newest one is its state. */
@Entity("membership_change")
export class MembershipChange {
  @PrimaryColumn("uuid", { name: "id" }) uuid!: string;
  @Column("uuid") membershipId!: string;
  @Column("text") state!: MembershipState;
  @Column("timestamptz") at!: Date;
  @Column("uuid") byAccount!: string;
  @Column("boolean") byOperator!: boolean;
  @Column("text", { nullable: true }) reason!: string | null;
  @Column("bigint") version!: string;
}

@ObjectType({ implements: Node, description: "An organization's membership of a sector group." })
@Entity("membership")
export class Membership implements Node {
  @PrimaryColumn("uuid", { name: "id" }) uuid!: string;
  @Column("uuid") organizationId!: string;
  @Column("uuid") groupId!: string;
  @Column("bigint") version!: string;

  /** By time, ascending; filled by the directory. */
  changes: MembershipChange[] = [];

  @Field(() => ID)
  get id(): string {
    return globalId("membership", this.uuid);
  }

  get current(): MembershipChange {
    const last = this.changes.at(-1);
    if (!last) throw new Error(`Membership ${this.uuid} has no history`);
    return last;
  }

  @Field(() => MembershipState)
  get state(): MembershipState {
    return this.current.state;
  }

  @Field(() => Date, { description: "When the present state began." })
  get since(): Date {
    return this.current.at;
  }
}
