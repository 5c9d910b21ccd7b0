import { Field, ID, InputType, Int, ObjectType } from "type-graphql";
import { SharedItem } from "../item/shared-item.type";
import { connectionOf } from "../page.type";
import { Pap } from "../sharing/pap";
import { Tlp } from "../sharing/tlp";
import { Attribution } from "../sharing/vocabulary";

@ObjectType("Observable", { description: "A value that a pattern stands for, in canonical form." })
export class ObservableType {
  @Field(() => String, {
    description: "A STIX 2.1 cyber-observable type, or the name of a hash algorithm.",
  })
  type!: string;
  @Field(() => String) value!: string;
}

@ObjectType({
  description: "A list of values that are usually harmless has this one: a warning, never a block.",
})
export class IndicatorWarning {
  @Field(() => String) list!: string;
  @Field(() => String) message!: string;
}

@ObjectType({
  implements: SharedItem,
  description: "One source's assertion that a pattern indicates something (STIX 2.1 §4.7).",
})
export class Indicator extends SharedItem {
  @Field(() => String, { nullable: true }) name!: string | null;
  @Field(() => String, { nullable: true }) description!: string | null;
  @Field(() => String, { nullable: true }) pattern!: string | null;
  @Field(() => String, {
    nullable: true,
    description: "The language of the pattern; `stix` is parsed.",
  })
  patternType!: string | null;
  @Field(() => Date, { nullable: true }) validFrom!: Date | null;
  @Field(() => Date, { nullable: true }) validUntil!: Date | null;
  @Field(() => Int, { nullable: true, description: "The source's own, 0 to 100." }) confidence!:
    number | null;
  @Field(() => [String]) labels!: string[];
  @Field(() => [IndicatorWarning]) warnings!: IndicatorWarning[];
}

export const IndicatorConnection = connectionOf(Indicator, "Indicator");

@InputType()
export class IndicatorInput {
  @Field(() => String, { nullable: true }) name?: string | null;
  @Field(() => String, { nullable: true }) description?: string | null;
  @Field(() => String) pattern!: string;
  @Field(() => String, { nullable: true, defaultValue: "stix" }) patternType?: string | null;
  @Field(() => Tlp) tlp!: Tlp;
  @Field(() => Pap, { nullable: true, defaultValue: Pap.AMBER }) pap?: Pap | null;
  @Field(() => Attribution, { nullable: true, defaultValue: Attribution.ANONYMOUS })
  attribution?: Attribution | null;
  @Field(() => Date, { nullable: true }) validFrom?: Date | null;
  @Field(() => Date, { nullable: true, description: "Exclusive." }) validUntil?: Date | null;
  @Field(() => Int, { nullable: true, description: "0 to 100." }) confidence?: number | null;
  @Field(() => [String], { nullable: true }) labels?: string[] | null;
}

@InputType()
export class IndicatorFilter {
  @Field(() => String, { nullable: true }) text?: string | null;
  @Field(() => String, {
    nullable: true,
    description: "One observable; defanged forms are accepted.",
  })
  value?: string | null;
  @Field(() => String, { nullable: true, description: "A type of observable, as Observable.type." })
  type?: string | null;
  @Field(() => [String], { nullable: true, description: "Indicators that have all of these." })
  labels?: string[] | null;
  @Field(() => ID, { nullable: true }) groupId?: string | null;
  @Field(() => [Tlp], { nullable: true }) tlp?: Tlp[] | null;
  @Field(() => Int, { nullable: true }) minScore?: number | null;
  @Field(() => Date, { nullable: true }) validAt?: Date | null;
}

@ObjectType({
  description:
    "One value, merged over the assertions (indicators, one per source) that this viewer may see. Nothing else enters it.",
})
export class LookupResult {
  @Field(() => String, { description: "As asked." }) value!: string;
  @Field(() => String, {
    nullable: true,
    description: "Canonical form; null where it is no known observable type.",
  })
  normalized!: string | null;
  @Field(() => String, { nullable: true }) type!: string | null;
  @Field(() => Int, {
    nullable: true,
    description: "0 to 100, the highest of the assertions; null where nothing is known.",
  })
  score!: number | null;
  @Field(() => Int) sightingCount!: number;
  @Field(() => [IndicatorWarning]) warnings!: IndicatorWarning[];
  @Field(() => [Indicator]) indicators!: Indicator[];
}
