import { found, isOperatorAdmin, requireThat } from "../auth/rights";
import type { Context } from "../context";
import { badInput, conflict } from "../errors";
import { uuidOf } from "../ids";
import { Coordinator, type SectorGroup } from "./sector-group.entity";

/** By the operator's admin. Appointing somebody again changes nothing. */
export async function appointCoordinator(
  ctx: Context,
  groupId: string,
  accountId: string,
): Promise<SectorGroup> {
  const { group, uuid, organizationId } = named(ctx, groupId, accountId);
  await ctx.change("policy", async (change) => {
    if (ctx.directory.accounts.get(uuid)?.disabledAt)
      throw badInput("accountId", "is not an account in use");
    if (ctx.directory.coordinates(uuid, group.uuid)) return;
    const row = {
      groupId: group.uuid,
      accountId: uuid,
      appointedAt: change.now,
      appointedBy: change.by.uuid,
      endedAt: null,
    };
    await change.insert(Coordinator, row, organizationId);
  });
  return group;
}

/**
 * By the operator's admin. Without the last coordinator the operator coordinates, which must be said to be meant.
 * @param leaveNone whether the group may be left without any
 */
export async function dismissCoordinator(
  ctx: Context,
  groupId: string,
  accountId: string,
  leaveNone: boolean,
): Promise<SectorGroup> {
  const { group, uuid, organizationId } = named(ctx, groupId, accountId);
  await ctx.change("policy", async (change) => {
    const others = ctx.directory
      .coordinatorsOf(group.uuid)
      .filter((a) => a.uuid !== uuid && !a.disabledAt);
    const row = [...ctx.directory.coordinators.values()].find(
      (c) => c.groupId === group.uuid && c.accountId === uuid && !c.endedAt,
    );
    if (!row) throw badInput("accountId", "is not a coordinator of this group");
    if (!others.length && !leaveNone) {
      throw conflict(
        "This is the group's last coordinator; with leaveNone the operator coordinates from then on.",
      );
    }
    await change.update(Coordinator, row, { endedAt: change.now }, organizationId);
  });
  return group;
}

function named(
  ctx: Context,
  groupId: string,
  accountId: string,
): { group: SectorGroup; uuid: string; organizationId: string } {
  requireThat(
    isOperatorAdmin(ctx.account()),
    "Only an OPERATOR_ADMIN appoints and dismisses coordinators.",
  );
  const group = found(ctx.directory.groups.get(uuidOf(groupId, "group") ?? ""), "sector group");
  const account = found(ctx.directory.accounts.get(uuidOf(accountId, "account") ?? ""), "account");
  return { group, uuid: account.uuid, organizationId: account.organizationId };
}
