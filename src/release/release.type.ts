import { Field, ID, InputType, ObjectType, registerEnumType } from "type-graphql";
import { Node } from "../node.type";
import { Tlp } from "../sharing/tlp";
import type { Explained } from "./findings";

export enum ReleaseState {
  PROPOSED = "PROPOSED",
  REJECTED = "REJECTED",
  RELEASED = "RELEASED",
  SUPERSEDED = "SUPERSEDED",
  WITHDRAWN = "WITHDRAWN",
  EXPIRED = "EXPIRED",
}
registerEnumType(ReleaseState, { name: "ReleaseState" });

@ObjectType({
  implements: Node,
  description:
    "One item made available to one kind of audience. Known to the item's owner and the operator alone.",
})
export class Release implements Node {
  uuid!: string;
  itemId!: string;
  fromGroupId!: string | null;
  groupIds!: string[];
  organizationIds!: string[];
  accountIds!: string[];
  explained!: (Explained & { by: string; at: number })[];
  @Field(() => ID) id!: string;
  @Field(() => ReleaseState) state!: ReleaseState;
  @Field(() => Boolean) toEveryone!: boolean;
  @Field(() => Tlp) tlp!: Tlp;
  @Field(() => String, { nullable: true }) title!: string | null;
  @Field(() => String, { nullable: true }) summary!: string | null;
  @Field(() => String, { nullable: true }) description!: string | null;
  @Field(() => [String]) withheldFields!: string[];
  @Field(() => Date) proposedAt!: Date;
  @Field(() => Date, { nullable: true }) decidedAt!: Date | null;
  @Field(() => Date, { nullable: true }) releasedAt!: Date | null;
  @Field(() => Date, { nullable: true }) expiresAt!: Date | null;
  @Field(() => String, { nullable: true, description: "Why it was rejected or withdrawn." })
  reason!: string | null;
}

@InputType()
export class ProposeReleaseInput {
  @Field(() => ID) itemId!: string;
  @Field(() => ID, {
    nullable: true,
    description:
      "The owner's group under whose agreements it is shared; may be omitted where the owner is active in one group only.",
  })
  fromGroupId?: string | null;
  @Field(() => [ID], { nullable: true }) groupIds?: string[] | null;
  @Field(() => [ID], { nullable: true }) organizationIds?: string[] | null;
  @Field(() => [ID], { nullable: true }) accountIds?: string[] | null;
  @Field(() => Boolean, { nullable: true, defaultValue: false }) toEveryone?: boolean | null;
  @Field(() => Tlp) tlp!: Tlp;
  @Field(() => String, { nullable: true }) title?: string | null;
  @Field(() => String, { nullable: true }) summary?: string | null;
  @Field(() => String, { nullable: true }) description?: string | null;
  @Field(() => [String], {
    nullable: true,
    description:
      "Fields or field groups (technical, damage, identity). Omitted: damage and identity are withheld.",
  })
  withheldFields?: string[] | null;
  @Field(() => Date, { nullable: true }) expiresAt?: Date | null;
  @Field(() => [String], {
    nullable: true,
    description:
      "Ids of findings of the sanitising check (from the preview or the refusal) that the author has looked at and lets stand.",
  })
  explainedFindings?: string[] | null;
}
