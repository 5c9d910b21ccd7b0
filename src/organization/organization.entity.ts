import { Field, ID, ObjectType } from "type-graphql";
import { Column, Entity, PrimaryColumn } from "typeorm";
import { globalId } from "../ids";
import { Node } from "../node.type";
import { OrganizationKind } from "../sharing/vocabulary";

@ObjectType({
  implements: Node,
  description:
    "A party: a private or public body, an authority, the hub's operator, or another hub.",
})
@Entity("organization")
export class Organization implements Node {
  @PrimaryColumn("uuid", { name: "id" }) uuid!: string;
  @Field(() => String) @Column("text") name!: string;
  @Field(() => String, { nullable: true, description: "The name in Japanese." })
  @Column("text", { nullable: true })
  nameJa!: string | null;
  @Field(() => OrganizationKind) @Column("text") kind!: OrganizationKind;
  @Field(() => [String]) @Column("text", { array: true }) sectors!: string[];
  @Field(() => String, { nullable: true, description: "ISO 3166-1 alpha-2." })
  @Column("text", { nullable: true })
  country!: string | null;
  @Field(() => [String], {
    description: "Names that it bore before, in either language, oldest first.",
  })
  @Column("text", { array: true })
  formerNames!: string[];
  @Field(() => Date, { nullable: true, description: "When it merged into its successor." })
  @Column("timestamptz", { nullable: true })
  mergedAt!: Date | null;
  @Column("uuid", { nullable: true }) successorId!: string | null;
  @Column("text", { nullable: true }) mergeReason!: string | null;
  @Column("timestamptz") createdAt!: Date;
  @Column("bigint") version!: string;

  @Field(() => ID)
  get id(): string {
    return globalId("organization", this.uuid);
  }
}
