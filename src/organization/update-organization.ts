import { found, isOperatorAdmin, requireThat } from "../auth/rights";
import type { Context } from "../context";
import { conflict, Problems } from "../errors";
import { uuidOf } from "../ids";
import { checkOrganization } from "./check-organization";
import { Organization } from "./organization.entity";
import type { UpdateOrganizationInput } from "./organization.type";

/**
 * By the operator's admin: others know an organization by its name, and it does not choose a new one by itself. Replaces
 * the whole; what is omitted becomes null. Its ids, accounts, memberships, signatures and items stay as they are.
 */
export async function updateOrganization(
  ctx: Context,
  id: string,
  input: UpdateOrganizationInput,
): Promise<Organization> {
  requireThat(isOperatorAdmin(ctx.account()), "Only an OPERATOR_ADMIN changes organizations.");
  const uuid = found(uuidOf(id, "organization"), "organization");
  found(ctx.directory.organizations.get(uuid), "organization");
  const problems = new Problems();
  checkOrganization(problems, input);
  problems.throwIfAny();
  await ctx.change("policy", async (change) => {
    const before = found(ctx.directory.organizations.get(uuid), "organization");
    if (before.mergedAt) throw conflict("The organization has merged into another.");
    const { name, sectors } = input;
    const taken = [...ctx.directory.organizations.values()].some(
      (o) => o.uuid !== uuid && o.name.toLowerCase() === name.toLowerCase(),
    );
    if (taken) throw conflict("An organization of this name exists already.");
    const nameJa = input.nameJa ?? null;
    const after = {
      name,
      nameJa,
      sectors,
      country: input.country ?? null,
      formerNames: formerNames(before, [name, nameJa]),
    };
    await change.update(Organization, before, after, uuid);
  });
  return ctx.directory.organizations.get(uuid) as Organization;
}

/** Every name that it ever bore and does not bear now, oldest first. */
function formerNames(before: Organization, now: (string | null)[]): string[] {
  const borne = [...before.formerNames, before.name, before.nameJa];
  return [...new Set(borne)].filter((n): n is string => n !== null && !now.includes(n));
}
