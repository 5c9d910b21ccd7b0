import { Field, ID, Int, ObjectType } from "type-graphql";
import { Column, Entity, PrimaryColumn } from "typeorm";
import { globalId } from "../ids";
import { Node } from "../node.type";
import type { Terms } from "../sharing/terms";
import { AgreementTerms } from "./agreement-terms.type";

@ObjectType({
  implements: Node,
  description:
    "What members of `from` may have released to members of `to`. One for each ordered pair of groups.",
})
@Entity("sharing_agreement")
export class SharingAgreement implements Node {
  @PrimaryColumn("uuid", { name: "id" }) uuid!: string;
  @Field(() => String) @Column("text") title!: string;
  @Column("uuid") fromGroupId!: string;
  @Column("uuid") toGroupId!: string;
  @Column("bigint") version!: string;

  @Field(() => ID)
  get id(): string {
    return globalId("agreement", this.uuid);
  }
}

@ObjectType({
  implements: Node,
  description: "One version of an agreement; never edited once proposed.",
})
@Entity("agreement_version")
export class AgreementVersion implements Node {
  @PrimaryColumn("uuid", { name: "id" }) uuid!: string;
  @Column("uuid") agreementId!: string;
  @Field(() => Int) @Column("int") number!: number;
  @Column("text") title!: string;
  @Field(() => AgreementTerms) @Column("jsonb") terms!: Terms;
  @Field(() => String, {
    description: "How long an older signature still counts once this is in force (ISO 8601).",
  })
  @Column("text")
  signWithin!: string;
  /** The IEP 2.0 policy that it was drafted from; exchange/iep/ alone reads it. */
  @Column("jsonb", { nullable: true }) iep!: object | null;
  @Column("timestamptz") draftedAt!: Date;
  @Column("uuid") draftedBy!: string;
  @Column("timestamptz", { nullable: true }) proposedAt!: Date | null;
  @Column("uuid", { nullable: true }) proposedBy!: string | null;
  @Field(() => Date, { nullable: true })
  @Column("timestamptz", { nullable: true })
  effectiveFrom!: Date | null;
  @Field(() => Date, { nullable: true, description: "Exclusive." })
  @Column("timestamptz", { nullable: true })
  effectiveUntil!: Date | null;
  @Column("timestamptz", { nullable: true }) terminatedAt!: Date | null;
  @Column("uuid", { nullable: true }) terminatedBy!: string | null;
  @Column("text", { nullable: true }) terminationReason!: string | null;
  @Column("bigint") version!: string;

  @Field(() => ID)
  get id(): string {
    return globalId("version", this.uuid);
  }
}

/** An organization's acceptance of one version, by a named ORG_ADMIN. */
@ObjectType()
@Entity("agreement_signature")
export class AgreementSignature {
  @PrimaryColumn("uuid", { name: "id" }) uuid!: string;
  @Column("uuid") versionId!: string;
  @Column("uuid") organizationId!: string;
  @Column("uuid") accountId!: string;
  @Field(() => Date) @Column("timestamptz") signedAt!: Date;
  @Column("bigint") version!: string;
}
