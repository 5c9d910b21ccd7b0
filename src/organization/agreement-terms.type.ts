import { Field, InputType, ObjectType } from "type-graphql";
import { Pap } from "../sharing/pap";
import type { Terms } from "../sharing/terms";
import { Tlp } from "../sharing/tlp";
import { Attribution, ItemKind } from "../sharing/vocabulary";
import { Duration } from "../scalars";

@ObjectType({ description: "The terms of one version of a sharing agreement." })
export class AgreementTerms implements Terms {
  @Field(() => [ItemKind], { description: "Which kinds of items flow under it." })
  kinds!: ItemKind[];
  @Field(() => Tlp, { description: "It covers what is at most this." }) tlpCeiling!: Tlp;
  @Field(() => Pap, { description: "It covers what is at most this." }) papCeiling!: Pap;
  @Field(() => Attribution, { description: "The most that recipients learn of the source." })
  attribution!: Attribution;
  @Field(() => [String], {
    description: "Fields or field groups that recipients under it never get.",
  })
  withheldFields!: string[];
  @Field(() => Boolean, { description: "Whether recipients may pass it on outside the hub." })
  onward!: boolean;
  @Field(() => Boolean, { description: "Whether an analyst's proposal waits for the owner." })
  requiresApproval!: boolean;
  @Field(() => Boolean, {
    description: "Whether a member that joined later also gets what was released before it joined.",
  })
  retroactive!: boolean;
  @Field(() => Duration, {
    nullable: true,
    description:
      "How long after release recipients keep access; a month counts 30 days. Null: no limit.",
  })
  retention!: string | null;
  @Field(() => [String], { description: "DETECTION, RESPONSE, RESEARCH, STATISTICS; empty: any." })
  purposes!: string[];
}

@InputType()
export class AgreementTermsInput implements Terms {
  @Field(() => [ItemKind]) kinds!: ItemKind[];
  @Field(() => Tlp) tlpCeiling!: Tlp;
  @Field(() => Pap, { nullable: true, defaultValue: Pap.RED }) papCeiling!: Pap;
  @Field(() => Attribution, { nullable: true, defaultValue: Attribution.ANONYMOUS })
  attribution!: Attribution;
  @Field(() => [String], { nullable: true, defaultValue: [] }) withheldFields!: string[];
  @Field(() => Boolean, { nullable: true, defaultValue: false }) onward!: boolean;
  @Field(() => Boolean, { nullable: true, defaultValue: true }) requiresApproval!: boolean;
  @Field(() => Boolean, { nullable: true, defaultValue: false }) retroactive!: boolean;
  @Field(() => Duration, { nullable: true }) retention!: string | null;
  @Field(() => [String], { nullable: true, defaultValue: [] }) purposes!: string[];
}
