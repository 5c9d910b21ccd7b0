import { Field, ID, InputType, Int, ObjectType, registerEnumType } from "type-graphql";
import { SharedItem } from "../item/shared-item.type";
import { Node } from "../node.type";
import { SectorGroup } from "../organization/sector-group.entity";
import { PageInfo } from "../page.type";
import { Tlp } from "../sharing/tlp";

export enum AlertType {
  ITEM_RELEASED = "ITEM_RELEASED",
  ITEM_UPDATED = "ITEM_UPDATED",
  ITEM_WITHDRAWN = "ITEM_WITHDRAWN",
  ACCESS_ENDED = "ACCESS_ENDED",
  SIGHTING_ADDED = "SIGHTING_ADDED",
  WATCH_MATCHED = "WATCH_MATCHED",
  RELEASE_PROPOSED = "RELEASE_PROPOSED",
  RELEASE_DECIDED = "RELEASE_DECIDED",
  MEMBERSHIP_CHANGED = "MEMBERSHIP_CHANGED",
  AGREEMENT_CHANGED = "AGREEMENT_CHANGED",
  ACCOUNT_CHANGED = "ACCOUNT_CHANGED",
  OBLIGATION_DUE = "OBLIGATION_DUE",
  OBLIGATION_OVERDUE = "OBLIGATION_OVERDUE",
}
registerEnumType(AlertType, { name: "AlertType" });

@ObjectType({
  description:
    "Something that changed what the viewer may see or wants to know, in the order of the log.",
})
export class Alert {
  @Field(() => String, { description: "Resume point: pass it as `after`." }) cursor!: string;
  @Field(() => AlertType) type!: AlertType;
  @Field(() => Date) at!: Date;
  @Field(() => SectorGroup, { nullable: true }) group!: SectorGroup | null;
  @Field(() => SharedItem, {
    nullable: true,
    description: "As it is now; null for ITEM_WITHDRAWN and ACCESS_ENDED.",
  })
  item!: object | null;
  @Field(() => ID, {
    nullable: true,
    description: "The item's id as this viewer knows it, for those two as well.",
  })
  itemId!: string | null;
  @Field(() => Int, { description: "1; more where one bulk submission is folded into one alert." })
  count!: number;
  @Field(() => Node, {
    nullable: true,
    description: "The membership, agreement version, release, account or watch that it is about.",
  })
  subject!: object | null;
}

@ObjectType()
export class AlertEdge {
  @Field(() => String) cursor!: string;
  @Field(() => Alert) node!: Alert;
}

@ObjectType()
export class AlertConnection {
  @Field(() => [AlertEdge]) edges!: AlertEdge[];
  @Field(() => [Alert]) nodes!: Alert[];
  @Field(() => PageInfo) pageInfo!: PageInfo;
}

@InputType()
export class AlertFilter {
  @Field(() => [AlertType], { nullable: true }) types?: AlertType[] | null;
  @Field(() => [ID], { nullable: true }) groupIds?: string[] | null;
  @Field(() => Tlp, { nullable: true }) minTlp?: Tlp | null;
  @Field(() => [ID], { nullable: true, description: "Also WATCH_MATCHED alerts of these watches." })
  watchIds?: string[] | null;
  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: "Also what the own organization did.",
  })
  includeOwn?: boolean | null;
}
