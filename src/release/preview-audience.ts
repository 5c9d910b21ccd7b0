import { Field, Int, ObjectType } from "type-graphql";
import type { Account } from "../auth/account.entity";
import { isOperatorAnalyst } from "../auth/rights";
import { asViewer } from "../auth/viewer";
import type { Context } from "../context";
import { notFound } from "../errors";
import { Organization } from "../organization/organization.entity";
import { SectorGroup } from "../organization/sector-group.entity";
import { itemForDecision } from "../sharing/locked-item";
import type { ItemRow } from "../sharing/disclosure";
import type { AudienceFacts } from "../sharing/facts";
import { decide, scopeOf } from "../sharing/policy";
import type { Audience } from "../sharing/release-audience";
import { Affiliation, Roster } from "../sharing/vocabulary";
import { checkRelease, type CheckedRelease } from "./check-audience";
import type { ProposeReleaseInput } from "./release.type";

@ObjectType({
  description:
    "Who would receive a release. Of a HIDDEN group no organizations are listed, and counts are rounded; so is how many CLIENT accounts there are.",
})
export class AudiencePreview {
  @Field(() => Int) organizationCount!: number;
  @Field(() => Int) accountCount!: number;
  @Field(() => [Organization]) organizations!: Organization[];
  @Field(() => [SectorGroup]) groups!: SectorGroup[];
  @Field(() => [String]) warnings!: string[];
}

const SMALL = 3;

/** For the owner and the operator's analysts: NOT_FOUND to everybody else. */
export async function previewAudience(
  ctx: Context,
  input: ProposeReleaseInput,
): Promise<AudiencePreview> {
  const account = ctx.account();
  const now = ctx.now();
  const item = await itemForDecision(ctx, input.itemId);
  const own = item.ownerId === account.organizationId;
  if (!own && !isOperatorAnalyst(account)) throw notFound("item");
  const release = checkRelease(ctx, item, input, now);
  const groups = release.groupIds.flatMap((id) => ctx.directory.groups.get(id) ?? []);
  const hiddenIds = new Set(groups.filter((g) => g.roster === Roster.HIDDEN).map((g) => g.uuid));
  const isHidden = ({ toGroupId }: Audience): boolean => hiddenIds.has(toGroupId ?? "");
  const reachedBy = (audiences: Audience[]): Account[] =>
    accountsReached(ctx, item, { ...release, audiences }, now);
  const open = reachedBy(release.audiences.filter((a) => !isHidden(a)));
  // INVARIANT: of a HIDDEN group one rounded number is told, the same whoever else is reached beside it.
  const hidden = release.audiences.filter(isHidden).map((a) => reachedBy([a]));
  const count = (of: (accounts: Account[]) => number): number =>
    hidden.reduce((sum, accounts) => sum + rounded(of(accounts)), of(open));
  return {
    organizationCount: count((accounts) => new Set(accounts.map((a) => a.organizationId)).size),
    accountCount: count((accounts) => accountsIn(accounts, release)),
    organizations: [...new Set(open.map((a) => a.organizationId))]
      .flatMap((id) => ctx.directory.organizations.get(id) ?? [])
      .toSorted((a, b) => a.name.localeCompare(b.name)),
    groups,
    warnings: await warningsOf(ctx, item, release),
  };
}

/** Every account for which the policy would say visible, were the release made now; the owner's own left out. */
function accountsReached(
  ctx: Context,
  item: ItemRow,
  release: CheckedRelease,
  now: Date,
): Account[] {
  const at = now.getTime();
  const audiences = release.audiences.map((a): AudienceFacts => ({
    releaseId: "",
    kind: item.kind,
    ownerId: item.ownerId,
    path: a.path,
    target: a.target,
    fromGroupId: release.fromGroupId,
    toGroupId: a.toGroupId,
    versionId: a.versionId,
    tlp: release.tlp,
    pap: item.pap,
    withheld: release.withheld,
    releasedAt: at,
    liveFrom: at,
    liveUntil: Infinity,
  }));
  const after = { ...item, audiences };
  return [...ctx.directory.accounts.values()].filter((account) => {
    if (account.disabledAt || account.organizationId === item.ownerId) return false;
    const decision = decide(scopeOf(asViewer(ctx.hub, account), ctx.directory, at), after);
    return decision.paths.some((p) => p.audience !== null);
  });
}

async function warningsOf(ctx: Context, item: ItemRow, release: CheckedRelease): Promise<string[]> {
  const warnings: string[] = [];
  const from = ctx.directory.groups.get(release.fromGroupId ?? "");
  // INVARIANT: of a HIDDEN group warnings do not depend on how many members it has.
  if (release.groupIds.length && from && from.roster !== "HIDDEN") {
    const members = ctx.directory.membersOf(from.uuid).filter((m) => m.state === "ACTIVE").length;
    if (members < SMALL) {
      warnings.push(
        `${from.name} has fewer than ${SMALL} members: recipients could guess the source.`,
      );
    }
  }
  warnings.push(...wordingWarnings(ctx, item, release));
  warnings.push(...(await unusedAudience(ctx, item, release)));
  return warnings;
}

/** How many accounts; those of clients rounded, as a body's members may be no more than its clients here. */
function accountsIn(accounts: Account[], { accountIds }: CheckedRelease): number {
  const clients = accounts.filter(
    (a) => a.affiliation === Affiliation.CLIENT && !accountIds.includes(a.uuid),
  ).length;
  return accounts.length - clients + rounded(clients);
}

/** To the nearest 5, and 0 under 3. */
const rounded = (count: number): number => (count < SMALL ? 0 : Math.round(count / 5) * 5);

/** What in the wording would tell who the owner is, or names a person. The words themselves are not repeated. */
function wordingWarnings({ directory }: Context, item: ItemRow, release: CheckedRelease): string[] {
  const words = [release.title, release.summary, release.description]
    .join("\n")
    .normalize("NFKC")
    .toLowerCase();
  const owner = directory.organizations.get(item.ownerId);
  const names = [owner?.name, owner?.nameJa, ...(owner?.formerNames ?? [])].filter(
    (n): n is string => Boolean(n),
  );
  const domains = new Set(
    directory.accountsOf(item.ownerId).map((a) => a.email.split("@")[1]?.toLowerCase() ?? ""),
  );
  const findings: [boolean, string][] = [
    [names.some((n) => words.includes(n.toLowerCase())), "The wording contains the owner's name."],
    [
      [...domains].some((d) => d && words.includes(d)),
      "The wording contains a domain of the owner.",
    ],
    [/[^\s@]+@[^\s@]+\.[a-z]{2,}/.test(words), "The wording contains an e-mail address."],
    [
      /(?<!\d)(?:\+81[- ]?|0)\d{1,4}[- ]\d{1,4}[- ]\d{3,4}(?!\d)/.test(words),
      "The wording contains a telephone number.",
    ],
    [hasMyNumber(words), "The wording contains what may be a My Number (individual number)."],
  ];
  return findings.flatMap(([found, warning]) => (found ? [warning] : []));
}

/** Twelve digits whose last is the check digit of the Japanese individual number (Cabinet Order 155 of 2014). */
function hasMyNumber(words: string): boolean {
  return (words.match(/(?<!\d)\d{4}[- ]?\d{4}[- ]?\d{4}(?!\d)/g) ?? []).some((match) => {
    const digits = match.replaceAll(/\D/g, "").split("").map(Number);
    const weighed = digits
      .slice(0, 11)
      .reduce((sum, digit, i) => sum + digit * (i < 5 ? 6 - i : 12 - i), 0);
    return (weighed % 11 <= 1 ? 0 : 11 - (weighed % 11)) === digits[11];
  });
}

/** Groups and organizations to which this owner has never released anything. */
async function unusedAudience(
  ctx: Context,
  item: ItemRow,
  release: CheckedRelease,
): Promise<string[]> {
  const { rows } = await ctx.hub.pool.query<{ id: string }>(
    `SELECT DISTINCT coalesce(to_group_id, target) AS id FROM release_audience
     WHERE owner_id = $1 AND (to_group_id = ANY($2::uuid[]) OR target = ANY($3::uuid[]))`,
    [item.ownerId, release.groupIds, release.organizationIds],
  );
  const used = new Set(rows.map((r) => r.id));
  const { groups, organizations } = ctx.directory;
  const names = [
    ...release.groupIds.filter((id) => !used.has(id)).map((id) => groups.get(id)?.name),
    ...release.organizationIds
      .filter((id) => !used.has(id))
      .map((id) => organizations.get(id)?.name),
  ];
  return names.map((name) => `The owner has never released anything to ${name}.`);
}
