import { Field, ID, ObjectType } from "type-graphql";
import { Column, Entity, PrimaryColumn } from "typeorm";
import { globalId } from "../ids";
import { Node } from "../node.type";
import { Roster } from "../sharing/vocabulary";

@ObjectType({
  implements: Node,
  description:
    "A J-CSIP style special interest group: the organizations of one sector that trust each other.",
})
@Entity("sector_group")
export class SectorGroup implements Node {
  @PrimaryColumn("uuid", { name: "id" }) uuid!: string;
  @Field(() => String) @Column("text") slug!: string;
  @Field(() => String) @Column("text") name!: string;
  @Field(() => String, { nullable: true, description: "The name in Japanese." })
  @Column("text", { nullable: true })
  nameJa!: string | null;
  @Field(() => String) @Column("text") sector!: string;
  @Field(() => String, { nullable: true }) @Column("text", { nullable: true }) description!:
    string | null;
  @Field(() => Roster, {
    description:
      "HIDDEN: members do not learn who the other members are; only the coordinators and the operator do.",
  })
  @Column("text")
  roster!: Roster;
  @Column("timestamptz") createdAt!: Date;
  @Column("bigint") version!: string;

  @Field(() => ID)
  get id(): string {
    return globalId("group", this.uuid);
  }
}

/** An account that the operator put in charge of a sector group. */
@Entity("coordinator")
export class Coordinator {
  @PrimaryColumn("uuid", { name: "id" }) uuid!: string;
  @Column("uuid") groupId!: string;
  @Column("uuid") accountId!: string;
  @Column("timestamptz") appointedAt!: Date;
  @Column("uuid") appointedBy!: string;
  @Column("timestamptz", { nullable: true }) endedAt!: Date | null;
  @Column("bigint") version!: string;
}
