import type { Context } from "../context";
import { conflict, Problems } from "../errors";
import { uuidOf } from "../ids";
import { checkText, MAX_NAME, MAX_TEXT } from "../inputs";
import { isOperatorAdmin, requireThat } from "../auth/rights";
import type { CreateSectorGroupInput } from "./organization.type";
import { Roster } from "../sharing/vocabulary";
import { Coordinator, SectorGroup } from "./sector-group.entity";

/** By the operator's admin, who also puts its coordinators in charge; without any the operator coordinates. */
export async function createSectorGroup(
  ctx: Context,
  input: CreateSectorGroupInput,
): Promise<SectorGroup> {
  requireThat(isOperatorAdmin(ctx.account()), "Only an OPERATOR_ADMIN makes sector groups.");
  const problems = new Problems();
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/.test(input.slug)) {
    problems.add(
      "input.slug",
      "must be 1 to 63 letters, digits, hyphens and underscores, and begin with a letter or digit",
    );
  }
  checkText(problems, "input.name", input.name, MAX_NAME, true);
  checkText(problems, "input.nameJa", input.nameJa, MAX_NAME);
  checkText(problems, "input.sector", input.sector, 100, true);
  checkText(problems, "input.description", input.description, MAX_TEXT);
  if (input.coordinatorIds.length > 50)
    problems.add("input.coordinatorIds", "must have at most 50 entries");
  const coordinators = input.coordinatorIds.map((id, i) => {
    const account = ctx.directory.accounts.get(uuidOf(id, "account") ?? "");
    if (!account || account.disabledAt)
      problems.add(`input.coordinatorIds.${i}`, "is not an account in use");
    return account?.uuid ?? "";
  });
  problems.throwIfAny();
  const uuid = await ctx.change("policy", async (change) => {
    if ([...ctx.directory.groups.values()].some((g) => g.slug === input.slug)) {
      throw conflict("A sector group of this slug exists already.");
    }
    const groupId = await change.insert(SectorGroup, {
      slug: input.slug,
      name: input.name,
      nameJa: input.nameJa ?? null,
      sector: input.sector,
      description: input.description ?? null,
      roster: input.roster ?? Roster.OPEN,
      createdAt: change.now,
    });
    for (const accountId of new Set(coordinators)) {
      await change.insert(Coordinator, {
        groupId,
        accountId,
        appointedAt: change.now,
        appointedBy: change.by.uuid,
        endedAt: null,
      });
    }
    return groupId;
  });
  return ctx.directory.groups.get(uuid) as SectorGroup;
}
