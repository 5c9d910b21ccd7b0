import type { Context } from "../context";
import type { ItemRow } from "../sharing/disclosure";
import { EVERYONE } from "../sharing/facts";
import type { CheckedRelease, Uncovered } from "./check-audience";
import { pendingProposal } from "./concurrent-proposals";
import { type Finding, FindingKind, FOUND } from "./findings";

/** A group of fewer organizations gives its members away. */
export const SMALL = 3;

/** What the viewer should think of before it makes a release. The words that were found are not repeated. */
export async function warningsOf(
  ctx: Context,
  item: ItemRow,
  release: CheckedRelease,
  known: { uncovered: readonly Uncovered[]; findings: readonly Finding[]; own: boolean; now: Date },
): Promise<string[]> {
  const { groups } = ctx.directory;
  const pending = await pendingProposal(ctx.hub.pool, item, release, known.now);
  return [
    ...known.uncovered.map(
      ({ groupId, message }) =>
        `The release to ${groups.get(groupId)?.name ?? "this group"} would be refused: ${message}.`,
    ),
    ...(pending ? [`The proposal ${pending} for this audience waits for the owner.`] : []),
    ...smallGroup(ctx, item, release),
    ...new Set(known.findings.map(warningOf)),
    ...(await unusedAudiences(ctx, item, release, known.own)),
  ];
}

/** A release to a name tells the sector of its origin group too, unless it is ANONYMOUS. */
function smallGroup(
  { directory }: Context,
  item: ItemRow,
  { groupIds, fromGroupId }: CheckedRelease,
): string[] {
  const from = directory.groups.get(fromGroupId ?? "");
  const told = groupIds.length > 0 || item.attribution > ANONYMOUS;
  // INVARIANT: of a HIDDEN group warnings do not depend on how many members it has.
  if (!told || !from || from.roster === "HIDDEN") return [];
  const members = directory.membersOf(from.uuid).filter((m) => m.state === "ACTIVE").length;
  return members < SMALL
    ? [`${from.name} has fewer than ${SMALL} members: recipients could guess the source.`]
    : [];
}

/** The rank of `Attribution.ANONYMOUS`. */
const ANONYMOUS = 0;

const WORDING = new Set(["title", "summary", "description"]);

function warningOf({ field, kind }: Finding): string {
  if (kind === FindingKind.WARNINGLIST)
    return "An observable is on a list of usually harmless values.";
  return `The ${WORDING.has(field) ? "wording" : `field ${field}`} contains ${FOUND[kind]}.`;
}

/**
 * Whom this owner has never released anything to.
 * INVARIANT: to the operator only what was submitted counts. That the owner released something else is not its to know.
 */
async function unusedAudiences(
  ctx: Context,
  item: ItemRow,
  release: CheckedRelease,
  own: boolean,
): Promise<string[]> {
  const { groupIds, organizationIds, accountIds, toEveryone } = release;
  const { groups, organizations } = ctx.directory;
  const names = new Map([
    ...groupIds.map((id) => [id, groups.get(id)?.name] as const),
    ...organizationIds.map((id) => [id, organizations.get(id)?.name] as const),
    ...accountIds.map((id) => [id, accountOf(ctx, id)] as const),
    ...(toEveryone ? [[EVERYONE, "everyone"] as const] : []),
  ]);
  const { rows } = await ctx.hub.pool.query<{ id: string }>(
    `SELECT DISTINCT coalesce(a.to_group_id, a.target) AS id FROM release_audience a JOIN item i ON i.id = a.item_id
     WHERE a.owner_id = $1 AND (a.to_group_id = ANY($2::uuid[]) OR a.target = ANY($2::uuid[]))
       AND ($3 OR i.submitted_at IS NOT NULL)`,
    [item.ownerId, [...names.keys()], own],
  );
  for (const { id } of rows) names.delete(id);
  return [...new Set(names.values())].map((n) => `The owner has never released anything to ${n}.`);
}

function accountOf({ directory }: Context, id: string): string {
  const organizationId = directory.accounts.get(id)?.organizationId ?? "";
  return `this account of ${directory.organizations.get(organizationId)?.name}`;
}
