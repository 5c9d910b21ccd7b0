import type { Context } from "../../context";
import { Problems } from "../../errors";
import type { AgreementVersion } from "../../organization/agreement.entity";
import { insertDraft, sidesToDraft, termsFrom } from "../../organization/change-agreement";
import { readInstant } from "../../scalars";
import { termsOfIep } from "./iep-policy";
import type { DraftAgreementFromIepInput } from "./iep.type";
import { readIep } from "./read-iep";

/** By whoever may draft. The policy is kept with the version, so that it is exported as it came. */
export async function draftAgreementFromIep(
  ctx: Context,
  input: DraftAgreementFromIepInput,
): Promise<AgreementVersion> {
  const sides = sidesToDraft(ctx, input);
  const problems = new Problems();
  const policy = readIep(input.iep, ctx.now(), problems);
  const terms = termsFrom({ ...strictly(input), ...termsOfIep(policy) }, problems, "input");
  problems.throwIfAny();
  const start = readInstant(policy.start_date ?? "");
  return insertDraft(ctx, sides, {
    title: policy.name,
    terms,
    signWithin: input.signWithin ?? "P30D",
    // A policy that has begun already binds from the moment of proposal.
    effectiveFrom: start && start >= ctx.now() ? start : null,
    effectiveUntil: readInstant(policy.end_date ?? ""),
    iep: policy,
  });
}

/** The terms that IEP lacks; the strictest where nothing is said. */
const strictly = (input: DraftAgreementFromIepInput) => ({
  kinds: input.kinds,
  purposes: input.purposes,
  withheldFields: input.withheldFields ?? [...EVERY_GROUP],
  onward: input.onward ?? false,
  requiresApproval: input.requiresApproval ?? true,
  retroactive: input.retroactive ?? false,
  retention: input.retention ?? null,
});
const EVERY_GROUP = ["technical", "damage", "identity"];
