import { Field, ID, InputType } from "type-graphql";
import { Duration, Json } from "../../scalars";
import { ItemKind } from "../../sharing/vocabulary";

@InputType({
  description:
    "An IEP 2.0 policy, and the terms that IEP lacks. Its name becomes the title, its dates the period; of one that has begun already, from the moment of proposal.",
})
export class DraftAgreementFromIepInput {
  @Field(() => Json, { description: "FIRST IEP 2.0: the policy itself, not a reference to one." })
  iep!: unknown;
  @Field(() => ID) fromGroupId!: string;
  @Field(() => ID) toGroupId!: string;
  @Field(() => [ItemKind]) kinds!: ItemKind[];
  @Field(() => [String], { description: "DETECTION, RESPONSE, RESEARCH, STATISTICS; empty: any." })
  purposes!: string[];
  @Field(() => [String], {
    nullable: true,
    description:
      "Omitted or null: technical, damage and identity, which is everything but wording.",
  })
  withheldFields?: string[] | null;
  @Field(() => Boolean, { nullable: true, defaultValue: false }) onward?: boolean | null;
  @Field(() => Boolean, { nullable: true, defaultValue: true }) requiresApproval?: boolean | null;
  @Field(() => Boolean, { nullable: true, defaultValue: false }) retroactive?: boolean | null;
  @Field(() => Duration, {
    nullable: true,
    description: "Omitted or null: until the policy's end_date.",
  })
  retention?: string | null;
  @Field(() => Duration, { nullable: true, defaultValue: "P30D" }) signWithin?: string | null;
}
