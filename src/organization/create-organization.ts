import type { Context } from "../context";
import { conflict, Problems } from "../errors";
import { isOperatorAdmin, requireThat } from "../auth/rights";
import { OrganizationKind } from "../sharing/vocabulary";
import { checkOrganization } from "./check-organization";
import { Organization } from "./organization.entity";
import type { CreateOrganizationInput } from "./organization.type";

/** By the operator's admin. There is one operator, which is made with the hub. */
export async function createOrganization(
  ctx: Context,
  input: CreateOrganizationInput,
): Promise<Organization> {
  requireThat(isOperatorAdmin(ctx.account()), "Only an OPERATOR_ADMIN makes organizations.");
  const problems = new Problems();
  checkOrganization(problems, input);
  if (input.kind === OrganizationKind.OPERATOR)
    problems.add("input.kind", "the hub has exactly one OPERATOR already");
  problems.throwIfAny();
  const uuid = await ctx.change("policy", async (change) => {
    const taken = [...ctx.directory.organizations.values()].some(
      (o) => o.name.toLowerCase() === input.name.toLowerCase(),
    );
    if (taken) throw conflict("An organization of this name exists already.");
    return change.insert(Organization, {
      name: input.name,
      nameJa: input.nameJa ?? null,
      kind: input.kind,
      sectors: input.sectors,
      country: input.country ?? null,
      createdAt: change.now,
    });
  });
  return ctx.directory.organizations.get(uuid) as Organization;
}
