import { Arg, Ctx, Field, ID, ObjectType, Query, Resolver } from "type-graphql";
import type { Account } from "../auth/account.entity";
import {
  coordinates,
  found,
  isOperatorAnalyst,
  isOperatorAdmin,
  readsAccount,
  readsMembership,
} from "../auth/rights";
import { asViewer } from "../auth/viewer";
import type { Context } from "../context";
import { badInput, notFound } from "../errors";
import { globalId, uuidOf } from "../ids";
import type { Organization } from "../organization/organization.entity";
import { SectorGroup } from "../organization/sector-group.entity";
import { decide, type Scope, scopeOf } from "../sharing/policy";
import { explain, type ExplainedCondition, type Explanation } from "../sharing/explanation";
import type { ItemRow } from "../sharing/disclosure";
import type { AudienceFacts } from "../sharing/facts";
import { itemWithHistory } from "../sharing/locked-item";
import type { Viewer } from "../sharing/parties";
import { AccessPathKind, Affiliation, Role } from "../sharing/vocabulary";

@ObjectType({
  description:
    "One condition of a path, held or not; `detail` names the record that decided it, to those who may read it.",
})
export class ConditionExplanation {
  @Field(() => String) condition!: string;
  @Field(() => Boolean) holds!: boolean;
  @Field(() => String, { nullable: true }) detail!: string | null;
}

@ObjectType()
export class PathExplanation {
  @Field(() => AccessPathKind) kind!: AccessPathKind;
  @Field(() => SectorGroup, { nullable: true, description: "Of AGREEMENT: the audience." })
  group!: SectorGroup | null;
  @Field(() => ID, { nullable: true, description: "For the item's owner and the operator." })
  releaseId!: string | null;
  @Field(() => Boolean) holds!: boolean;
  @Field(() => [ConditionExplanation]) conditions!: ConditionExplanation[];
}

@ObjectType({ description: "Whether somebody would see an item, which of its fields, and why." })
export class SharingDecision {
  @Field(() => Boolean) visible!: boolean;
  @Field(() => [String]) fields!: string[];
  @Field(() => [PathExplanation]) paths!: PathExplanation[];
}

@Resolver()
export class DecisionResolver {
  @Query(() => SharingDecision, {
    description:
      "Would this organization (or account) see this item, and why. For the item's owner, the operator and, within limits, a coordinator.",
  })
  async sharingDecision(
    @Ctx() ctx: Context,
    @Arg("itemId", () => ID) itemId: string,
    @Arg("organizationId", () => ID, { nullable: true }) organizationId: string | null,
    @Arg("accountId", () => ID, { nullable: true }) accountId: string | null,
    @Arg("at", () => Date, { nullable: true, description: "Omitted: now." }) at: Date | null,
  ): Promise<SharingDecision> {
    const by = ctx.account();
    const item = found(await itemWithHistory(ctx, itemId, operates(by)), "item");
    const asker = askerOf(ctx, by, item);
    const subject = subjectOf(ctx, organizationId ?? null, accountId ?? null);
    const now = at?.getTime() ?? ctx.hub.now();
    const scope = scopeOf(subject, ctx.directory, now);
    const told = asker === "coordinator" ? { ...item, audiences: coordinated(ctx, item) } : item;
    const explanation = unlessGone(
      ctx,
      subject,
      now,
      told,
      explain(asker === "coordinator" ? asRecipient(scope) : scope, ctx.directory, told),
    );
    const unsubmitted = asker === "operator" && !(item.submittedAt <= ctx.hub.now());
    if (unsubmitted) return policyOnly(explanation);
    return limited(ctx, by, asker, explanation, subject.organizationId);
  }
}

/**
 * Of an organization that has merged, or by an account that is not in use, nobody sees anything but what everybody sees; and
 * nobody anything before it was there.
 */
function unlessGone(
  { directory }: Context,
  subject: Viewer,
  now: number,
  item: ItemRow,
  explanation: Explanation,
): Explanation {
  const gone = [
    ...notYetThere(item, now),
    ...goneByMerger(directory.organizations.get(subject.organizationId), now),
    ...goneByAccount(directory.accounts.get(subject.accountId), now),
  ];
  if (!gone.length) return explanation;
  const anybody = explain(scopeOf(null, directory, now), directory, item);
  const paths = explanation.paths.map((path) =>
    path.kind === AccessPathKind.PUBLIC
      ? path
      : { ...path, holds: false, conditions: [...gone, ...path.conditions] },
  );
  return { ...anybody, paths };
}

function notYetThere({ createdAt }: ItemRow, now: number): ExplainedCondition[] {
  if (createdAt <= now) return [];
  const detail = `created ${new Date(createdAt).toISOString()}`;
  return [{ says: "the item was there", holds: false, detail, about: { item: true } }];
}

function goneByMerger(organization: Organization | undefined, now: number): ExplainedCondition[] {
  const { mergedAt } = organization ?? {};
  if (!mergedAt || mergedAt.getTime() > now) return [];
  const says = "the viewer's organization has not merged into another";
  const detail = `merged ${mergedAt.toISOString()}`;
  return [{ says, holds: false, detail, about: { viewer: true } }];
}

function goneByAccount(account: Account | undefined, now: number): ExplainedCondition[] {
  const { disabledAt } = account ?? {};
  if (!account || !disabledAt || disabledAt.getTime() > now) return [];
  const detail = `disabled ${disabledAt.toISOString()}`;
  const about = { account: account.uuid };
  return [{ says: "the viewer's account is in use", holds: false, detail, about }];
}

type Asker = "owner" | "operator" | "coordinator";

/** The audiences of groups that the viewer coordinates: all of an item's releases that a coordinator is told of. */
function coordinated(ctx: Context, item: ItemRow): AudienceFacts[] {
  const by = ctx.account();
  return item.audiences.filter(
    ({ fromGroupId, toGroupId }) =>
      toGroupId !== null &&
      [fromGroupId, toGroupId].some((g) => g !== null && coordinates(by, g, ctx.directory)),
  );
}

/** INVARIANT: to a coordinator an owner and the operator look like any other recipient, or the answer tells who owns it. */
const asRecipient = (scope: Scope): Scope => ({
  ...scope,
  owner: null,
  author: null,
  operator: null,
});

/** In which capacity an account may ask about an item; NOT_FOUND where in none. */
function askerOf(ctx: Context, by: Account, item: ItemRow): Asker {
  const decision = decide(ctx.scope(), item);
  if (decision.paths.some((p) => p.kind === AccessPathKind.OWNER)) return "owner";
  if (operates(by)) return "operator";
  if (decision.visible && coordinated(ctx, item).length) return "coordinator";
  throw notFound("item");
}

const operates = (by: Account): boolean => isOperatorAnalyst(by) || isOperatorAdmin(by);

/** The account asked about; for an organization one of its employees, with no role, whom nothing names. */
function subjectOf(ctx: Context, organizationId: string | null, accountId: string | null): Viewer {
  if ((organizationId === null) === (accountId === null)) {
    throw badInput("organizationId", "give either organizationId or accountId");
  }
  if (accountId !== null) {
    const account = ctx.directory.accounts.get(uuidOf(accountId, "account") ?? "");
    if (!account) throw notFound("account");
    return asViewer(ctx.hub, account);
  }
  const organization = ctx.directory.organizations.get(
    uuidOf(organizationId ?? "", "organization") ?? "",
  );
  if (!organization) throw notFound("organization");
  return {
    organizationId: organization.uuid,
    organizationKind: organization.kind,
    accountId: "",
    roles: organization.uuid === ctx.directory.operatorId ? [Role.ANALYST] : [],
    affiliation: Affiliation.EMPLOYEE,
    ownCredential: true,
  };
}

/** Of an item that was never submitted the operator is told what concerns parties and agreements, and nothing of the item. */
function policyOnly(explanation: Explanation): SharingDecision {
  const paths = explanation.paths.flatMap(({ kind, conditions }) => {
    const policy = conditions.filter(
      (c) => "membershipOf" in c.about || ("agreement" in c.about && c.detail !== null),
    );
    if (!policy.length) return [];
    const told = policy.map((c) => ({ condition: c.says, holds: c.holds, detail: c.detail }));
    return [{ kind, group: null, releaseId: null, holds: false, conditions: told }];
  });
  return { visible: false, fields: [], paths };
}

/** What each kind of asker is told (sharing model, 5.9). */
function limited(
  ctx: Context,
  by: Account,
  asker: Asker,
  explanation: Explanation,
  organizationId: string,
): SharingDecision {
  const paths = explanation.paths.filter(
    (path) =>
      asker !== "coordinator" || path.groupIds.some((g) => coordinates(by, g, ctx.directory)),
  );
  const readable = ({ about }: ExplainedCondition): boolean => {
    if (asker === "operator") return true;
    if ("account" in about) {
      const account = ctx.directory.accounts.get(about.account);
      return account !== undefined && readsAccount(by, account);
    }
    if ("item" in about) return asker === "owner";
    const groupId =
      "membershipOf" in about ? about.membershipOf : "releaseTo" in about ? about.releaseTo : null;
    if (groupId === null) return true;
    if ("releaseTo" in about && asker !== "owner") return false;
    return readsMembership(by, { organizationId, groupId }, ctx.directory);
  };
  return {
    visible: explanation.visible,
    fields: explanation.fields,
    paths: paths.map((path) => ({
      kind: path.kind,
      group: ctx.directory.groups.get(path.audience?.toGroupId ?? "") ?? null,
      releaseId:
        path.audience && asker !== "coordinator"
          ? globalId("release", path.audience.releaseId)
          : null,
      holds: path.holds,
      conditions: path.conditions.map((c) => ({
        condition: c.says,
        holds: c.holds,
        detail: readable(c) ? c.detail : null,
      })),
    })),
  };
}
