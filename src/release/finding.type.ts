import { Field, ObjectType, registerEnumType } from "type-graphql";
import { Account } from "../auth/account.entity";
import { type Finding, FindingKind } from "./findings";

registerEnumType(FindingKind, {
  name: "FindingKind",
  description: "What the sanitising check looks for.",
  valuesConfig: {
    OWNER_NAME: { description: "The owner's name, in any width, case and legal form." },
    OWNER_DOMAIN: { description: "A domain from which the owner's accounts write." },
    VICTIM: { description: "What the field victim says, which is withheld." },
    CONTACT: { description: "What the field contact says, which is withheld." },
    CARD_NUMBER: { description: "A number that passes the check of payment cards." },
    INTERNAL_ADDRESS: { description: "A private address, or a name such as `files.corp.local`." },
    WARNINGLIST: { description: "A usually harmless observable, such as 8.8.8.8. Never blocks." },
  },
});

@ObjectType("Finding", {
  description: "Something in a release that its audience should perhaps not be shown.",
})
export class FindingType implements Finding {
  @Field(() => String, {
    description: "The same for the same match in the same field of the same item.",
  })
  id!: string;
  @Field(() => String, {
    description: "`title`, `summary` or `description` of the wording, or a field of the item.",
  })
  field!: string;
  @Field(() => FindingKind) kind!: FindingKind;
  @Field(() => String) message!: string;
  @Field(() => Boolean, {
    description:
      "Whether an analyst's proposal is refused unless it names this finding in explainedFindings.",
  })
  blocks!: boolean;
}

@ObjectType({ description: "A finding that somebody looked at and let stand. Not what was found." })
export class ExplainedFinding {
  @Field(() => String) id!: string;
  @Field(() => String) field!: string;
  @Field(() => FindingKind) kind!: FindingKind;
  @Field(() => Account, { nullable: true }) explainedBy!: Account | null;
  @Field(() => Date) at!: Date;
}
