import { Field, ID, InterfaceType, ObjectType } from "type-graphql";
import { Node, typeOf } from "../node.type";
import { AgreementVersion } from "../organization/agreement.entity";
import { Organization } from "../organization/organization.entity";
import { SectorGroup } from "../organization/sector-group.entity";
import { Pap } from "../sharing/pap";
import { Tlp } from "../sharing/tlp";
import { AccessPathKind, Attribution, ItemKind } from "../sharing/vocabulary";

@ObjectType({
  description: "A right by which the viewer sees something, and until when as far as is known now.",
})
export class AccessPath {
  @Field(() => AccessPathKind) kind!: AccessPathKind;
  @Field(() => AgreementVersion, { nullable: true }) agreementVersion!: AgreementVersion | null;
  @Field(() => SectorGroup, { nullable: true }) group!: SectorGroup | null;
  @Field(() => Date, { nullable: true }) until!: Date | null;
}

@ObjectType({ description: "A field that this viewer does not get, and why." })
export class Redaction {
  @Field(() => String) field!: string;
  @Field(() => String) reason!: string;
}

@ObjectType({ description: "What this viewer learns of where an item comes from." })
export class Source {
  @Field(() => Attribution) attribution!: Attribution;
  @Field(() => Organization, { nullable: true }) organization!: Organization | null;
  @Field(() => String, {
    nullable: true,
    description: "The sector of the group from which it was shared.",
  })
  sector!: string | null;
}

@InterfaceType({
  implements: Node,
  description:
    "What is shared under agreements: seen by its owner, and by those whom one of its releases reaches.",
  resolveType: typeOf,
})
export abstract class SharedItem implements Node {
  @Field(() => ID) id!: string;
  @Field(() => String, { description: "The STIX 2.1 id as this viewer may know it." })
  stixId!: string;
  @Field(() => ItemKind) kind!: ItemKind;
  @Field(() => Tlp, {
    description: "The strictest marking among the viewer's paths; to its owner the item's own.",
  })
  tlp!: Tlp;
  @Field(() => Pap, {
    description: "The strictest marking among the viewer's paths; to its owner the item's own.",
  })
  pap!: Pap;
  @Field(() => Date, {
    description: "To others than its owner: when it was first released to the viewer.",
  })
  createdAt!: Date;
  @Field(() => Date, {
    description: "To others than its owner: when it was last released to the viewer.",
  })
  updatedAt!: Date;
  @Field(() => Source) source!: Source;
  @Field(() => [AccessPath], { description: "By which rights the viewer sees it." })
  access!: AccessPath[];
  @Field(() => [Redaction], { description: "The fields that the viewer does not get." })
  redactions!: Redaction[];
}
