import { Field, ID, InputType } from "type-graphql";
import { OrganizationKind } from "../sharing/vocabulary";
import { Duration } from "../scalars";
import { AgreementTermsInput } from "./agreement-terms.type";
import { Roster } from "../sharing/vocabulary";

@InputType()
export class CreateOrganizationInput {
  @Field(() => String) name!: string;
  @Field(() => String, { nullable: true }) nameJa?: string | null;
  @Field(() => OrganizationKind) kind!: OrganizationKind;
  @Field(() => [String]) sectors!: string[];
  @Field(() => String, { nullable: true, description: "ISO 3166-1 alpha-2." }) country?:
    string | null;
}

@InputType({ description: "The whole of what can be changed; what is omitted becomes null." })
export class UpdateOrganizationInput {
  @Field(() => String) name!: string;
  @Field(() => String, { nullable: true }) nameJa?: string | null;
  @Field(() => [String]) sectors!: string[];
  @Field(() => String, { nullable: true, description: "ISO 3166-1 alpha-2." }) country?:
    string | null;
}

@InputType()
export class CreateSectorGroupInput {
  @Field(() => String) slug!: string;
  @Field(() => String) name!: string;
  @Field(() => String, { nullable: true }) nameJa?: string | null;
  @Field(() => String) sector!: string;
  @Field(() => String, { nullable: true }) description?: string | null;
  @Field(() => Roster, { nullable: true, defaultValue: Roster.OPEN }) roster?: Roster | null;
  @Field(() => [ID]) coordinatorIds!: string[];
}

@InputType()
export class DraftAgreementInput {
  @Field(() => String) title!: string;
  @Field(() => ID) fromGroupId!: string;
  @Field(() => ID) toGroupId!: string;
  @Field(() => AgreementTermsInput) terms!: AgreementTermsInput;
  @Field(() => Date, { nullable: true, description: "Omitted: the moment of proposal." })
  effectiveFrom?: Date | null;
  @Field(() => Date, { nullable: true, description: "Exclusive." }) effectiveUntil?: Date | null;
  @Field(() => Duration, {
    nullable: true,
    defaultValue: "P30D",
    description:
      "How long a signature under the version before still counts, for the narrower of the two.",
  })
  signWithin?: string | null;
}
