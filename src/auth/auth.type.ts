import { Field, ID, InputType, ObjectType } from "type-graphql";
import { Affiliation, Role } from "../sharing/vocabulary";

@InputType()
export class CreateAccountInput {
  @Field(() => ID) organizationId!: string;
  @Field(() => String) email!: string;
  @Field(() => String) displayName!: string;
  @Field(() => [Role]) roles!: Role[];
  @Field(() => Affiliation, { nullable: true, defaultValue: Affiliation.EMPLOYEE })
  affiliation?: Affiliation | null;
}

@InputType()
export class CreateApiKeyInput {
  @Field(() => ID) accountId!: string;
  @Field(() => String) name!: string;
  @Field(() => Date, { nullable: true }) expiresAt?: Date | null;
}

@ObjectType()
export class CreatedApiKey {
  @Field(() => ID) id!: string;
  @Field(() => String, { description: "Shown once." }) secret!: string;
}
