import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from "type-graphql";
import { readsVersion } from "../../auth/rights";
import type { Context } from "../../context";
import { AgreementVersion } from "../../organization/agreement.entity";
import { Json } from "../../scalars";
import { draftAgreementFromIep } from "./draft-from-iep";
import type { IepPolicy } from "./iep-policy";
import { DraftAgreementFromIepInput } from "./iep.type";
import { iepOf } from "./write-iep";

@Resolver(() => AgreementVersion)
export class IepResolver {
  @FieldResolver(() => Json, {
    nullable: true,
    description:
      "As a FIRST IEP 2.0 policy, which permits no more than the terms do. Drafted from a policy: that one.",
  })
  iep(@Ctx() ctx: Context, @Root() version: AgreementVersion): IepPolicy | null {
    return readsVersion(ctx.maybeAccount(), version, ctx.directory)
      ? iepOf(version, ctx.directory)
      : null;
  }

  @Mutation(() => AgreementVersion, {
    description: "As draftAgreement, from an IEP 2.0 policy, which is kept with the version.",
  })
  draftAgreementFromIep(
    @Ctx() ctx: Context,
    @Arg("input", () => DraftAgreementFromIepInput) input: DraftAgreementFromIepInput,
  ): Promise<AgreementVersion> {
    return draftAgreementFromIep(ctx, input);
  }
}
