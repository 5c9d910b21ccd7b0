import { Arg, Ctx, ID, Mutation, Resolver } from "type-graphql";
import type { Context } from "../context";
import { Json } from "../scalars";
import { Tlp } from "../sharing/tlp";
import { Attribution } from "../sharing/vocabulary";
import { submitBundle, SubmittedBundle } from "./submit-bundle";

@Resolver()
export class BundleResolver {
  @Mutation(() => SubmittedBundle, {
    description:
      "A STIX 2.1 bundle as JSON. Its indicators are stored as the submitter's own, each other object is named. `tlp` applies to unmarked objects; absent: RED, which is never released to groups.",
  })
  submitBundle(
    @Ctx() ctx: Context,
    @Arg("bundle", () => Json) bundle: unknown,
    @Arg("tlp", () => Tlp, { nullable: true }) tlp: Tlp | null,
    @Arg("attribution", () => Attribution, { nullable: true, defaultValue: Attribution.ANONYMOUS })
    attribution: Attribution | null,
    @Arg("fromGroupId", () => ID, { nullable: true }) fromGroupId: string | null,
    @Arg("releaseToGroupIds", () => [ID], { nullable: true }) releaseToGroupIds: string[] | null,
  ): Promise<SubmittedBundle> {
    return submitBundle(ctx, bundle, {
      tlp: tlp ?? null,
      attribution: attribution ?? Attribution.ANONYMOUS,
      fromGroupId: fromGroupId ?? null,
      releaseToGroupIds: releaseToGroupIds ?? [],
    });
  }
}
