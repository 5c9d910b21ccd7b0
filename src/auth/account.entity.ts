import { Field, ID, ObjectType } from "type-graphql";
import { Column, Entity, PrimaryColumn } from "typeorm";
import { globalId } from "../ids";
import { Node } from "../node.type";
import { Affiliation, Role } from "../sharing/vocabulary";

@ObjectType({ implements: Node, description: "A person or a machine of one organization." })
@Entity("account")
export class Account implements Node {
  @PrimaryColumn("uuid", { name: "id" }) uuid!: string;
  @Column("uuid") organizationId!: string;
  @Column("text") email!: string;
  @Field(() => String) @Column("text") displayName!: string;
  @Column("text", { array: true }) roles!: Role[];
  @Field(() => Affiliation) @Column("text") affiliation!: Affiliation;
  @Column("timestamptz") createdAt!: Date;
  @Column("uuid", { nullable: true }) createdBy!: string | null;
  @Column("timestamptz", { nullable: true }) disabledAt!: Date | null;
  @Column("bigint") version!: string;

  @Field(() => ID)
  get id(): string {
    return globalId("account", this.uuid);
  }
}

@ObjectType({
  description:
    "A credential of an account. The secret itself is shown once, and kept only as a keyed hash.",
})
@Entity("api_key")
export class ApiKey {
  @PrimaryColumn("uuid", { name: "id" }) uuid!: string;
  @Column("uuid") accountId!: string;
  @Field(() => String) @Column("text") name!: string;
  @Field(() => String, { description: "The public beginning of the secret." })
  @Column("text")
  prefix!: string;
  @Column("bytea") hash!: Buffer;
  @Column("uuid") createdBy!: string;
  @Field(() => Date) @Column("timestamptz") createdAt!: Date;
  @Field(() => Date, { nullable: true })
  @Column("timestamptz", { nullable: true })
  expiresAt!: Date | null;
  @Field(() => Date, { nullable: true })
  @Column("timestamptz", { nullable: true })
  revokedAt!: Date | null;
  @Field(() => Date, { nullable: true })
  @Column("timestamptz", { nullable: true })
  lastUsedAt!: Date | null;
  @Column("bigint") version!: string;

  @Field(() => ID)
  get id(): string {
    return globalId("key", this.uuid);
  }
}
