import { Field, ID, InputType, ObjectType } from "type-graphql";
import { SharedItem } from "../item/shared-item.type";
import { connectionOf } from "../page.type";
import { Pap } from "../sharing/pap";
import { Tlp } from "../sharing/tlp";
import { Attribution } from "../sharing/vocabulary";

@ObjectType({
  implements: SharedItem,
  description:
    "An analysed report: what the operator, or a member, makes of what was submitted. Written in Markdown.",
})
export class Advisory extends SharedItem {
  @Field(() => String) title!: string;
  @Field(() => String, { nullable: true }) summary!: string | null;
  @Field(() => String, { nullable: true, description: "Markdown." }) body!: string | null;
}

export const AdvisoryConnection = connectionOf(Advisory, "Advisory");

@InputType()
export class AdvisoryInput {
  @Field(() => String) title!: string;
  @Field(() => String, { nullable: true }) summary?: string | null;
  @Field(() => String) body!: string;
  @Field(() => Tlp) tlp!: Tlp;
  @Field(() => Pap, { nullable: true, defaultValue: Pap.AMBER }) pap?: Pap | null;
  @Field(() => Attribution, { nullable: true, defaultValue: Attribution.NAMED })
  attribution?: Attribution | null;
  @Field(() => [ID], { nullable: true, defaultValue: [], description: "The items it speaks of." })
  aboutIds?: string[] | null;
}
