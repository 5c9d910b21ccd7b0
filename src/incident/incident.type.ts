import { Field, ID, InputType, ObjectType } from "type-graphql";
import { ItemState } from "../item/item-state";
import { SharedItem } from "../item/shared-item.type";
import { connectionOf } from "../page.type";
import { Pap } from "../sharing/pap";
import { Tlp } from "../sharing/tlp";
import { Attribution } from "../sharing/vocabulary";

@ObjectType({
  implements: SharedItem,
  description: "What befell somebody: the technical facts and, apart from them, the damage.",
})
export class Incident extends SharedItem {
  @Field(() => ItemState) state!: ItemState;
  @Field(() => String) title!: string;
  @Field(() => String, { nullable: true }) summary!: string | null;
  @Field(() => String, { nullable: true }) description!: string | null;
  @Field(() => String, {
    nullable: true,
    description: "A class of the Reference Security Incident Taxonomy (RSIT).",
  })
  category!: string | null;
  @Field(() => String, { nullable: true }) severity!: string | null;
  @Field(() => Date, { nullable: true }) occurredAt!: Date | null;
  @Field(() => Date, { nullable: true }) detectedAt!: Date | null;
  @Field(() => Date, {
    nullable: true,
    description: "When the owner became aware of it: reporting clocks start here.",
  })
  awareAt!: Date | null;
  @Field(() => String, { nullable: true }) victim!: string | null;
  @Field(() => String, { nullable: true }) contact!: string | null;
  @Field(() => [String], { nullable: true }) affectedSystems!: string[] | null;
  @Field(() => [String], { nullable: true }) dataStolen!: string[] | null;
}

export const IncidentConnection = connectionOf(Incident, "Incident");

@InputType()
export class IncidentInput {
  @Field(() => String) title!: string;
  @Field(() => String, { nullable: true }) summary?: string | null;
  @Field(() => String, { nullable: true }) description?: string | null;
  @Field(() => String) category!: string;
  @Field(() => String, { nullable: true }) severity?: string | null;
  @Field(() => Tlp) tlp!: Tlp;
  @Field(() => Pap, { nullable: true, defaultValue: Pap.AMBER }) pap?: Pap | null;
  @Field(() => Attribution, { nullable: true, defaultValue: Attribution.ANONYMOUS })
  attribution?: Attribution | null;
  @Field(() => Date, { nullable: true }) occurredAt?: Date | null;
  @Field(() => Date, { nullable: true }) detectedAt?: Date | null;
  @Field(() => Date, { nullable: true }) awareAt?: Date | null;
  @Field(() => String, { nullable: true }) victim?: string | null;
  @Field(() => String, { nullable: true }) contact?: string | null;
  @Field(() => [String], { nullable: true }) affectedSystems?: string[] | null;
  @Field(() => [String], { nullable: true }) dataStolen?: string[] | null;
  @Field(() => [ID], { nullable: true }) indicatorIds?: string[] | null;
}

@InputType()
export class IncidentFilter {
  @Field(() => String, { nullable: true }) text?: string | null;
  @Field(() => String, { nullable: true }) category?: string | null;
  @Field(() => String, { nullable: true }) severity?: string | null;
  @Field(() => ID, { nullable: true }) groupId?: string | null;
  @Field(() => [Tlp], { nullable: true }) tlp?: Tlp[] | null;
  @Field(() => Date, { nullable: true }) occurredAfter?: Date | null;
  @Field(() => Date, { nullable: true }) occurredBefore?: Date | null;
}
