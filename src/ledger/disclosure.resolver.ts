import { Arg, Ctx, Field, ID, Int, ObjectType, Query, Resolver } from "type-graphql";
import type { Context } from "../context";
import { badInput } from "../errors";
import { parseGlobalId } from "../ids";
import { findItem } from "../item/find-item";
import { SharedItem } from "../item/shared-item.type";
import { Organization } from "../organization/organization.entity";
import { Roster } from "../sharing/vocabulary";
import { PageInfo } from "../page.type";
import { AccessPathKind, MembershipState } from "../sharing/vocabulary";

@ObjectType({
  description:
    "That another organization read an item of the viewer's, aggregated by path, channel and day.",
})
export class Disclosure {
  @Field(() => SharedItem) item!: object;
  @Field(() => Organization, {
    nullable: true,
    description: "Where the reader may be named: see the sharing model.",
  })
  organization!: Organization | null;
  @Field(() => String, {
    nullable: true,
    description:
      "The reader's sector, where it may not be named and at least 3 organizations share it.",
  })
  sector!: string | null;
  @Field(() => AccessPathKind) path!: AccessPathKind;
  @Field(() => String, { description: "query, subscription, webhook or mail." }) channel!: string;
  @Field(() => Date) firstAt!: Date;
  @Field(() => Date) lastAt!: Date;
  @Field(() => Int) count!: number;
}

@ObjectType()
export class DisclosureEdge {
  @Field(() => String) cursor!: string;
  @Field(() => Disclosure) node!: Disclosure;
}

@ObjectType()
export class DisclosureConnection {
  @Field(() => [DisclosureEdge]) edges!: DisclosureEdge[];
  @Field(() => [Disclosure]) nodes!: Disclosure[];
  @Field(() => PageInfo) pageInfo!: PageInfo;
  @Field(() => Int) totalCount!: number;
}

interface Row {
  id: string;
  itemId: string;
  /** null: not to be named. */
  organizationId: string | null;
  path: AccessPathKind;
  groupId: string | null;
  channel: string;
  firstAt: Date;
  lastAt: Date;
  count: number;
}

/**
 * By item, recipient, path, channel and day; recipients that may not be named together, as how many they are would tell.
 * `$1`: owner, `$2`: TLPs that the account may see, `$3`: the item, or null; `$4`: the OPEN groups.
 */
const AGGREGATED = `
  SELECT (array_agg(d.id ORDER BY d.first_at, d.id))[1] AS id, d.item_id AS "itemId", d.named AS "organizationId",
    d.path, d.group_id AS "groupId", d.channel, min(d.first_at) AS "firstAt", max(d.last_at) AS "lastAt", sum(d.count)::int AS count
  FROM (SELECT *, CASE WHEN path IN ('BILATERAL', 'NAMED', 'OPERATOR') OR group_id = ANY($4::uuid[])
    THEN organization_id END AS named FROM disclosure) d
  JOIN item i ON i.id = d.item_id AND i.tlp = ANY($2::smallint[])
  WHERE d.owner_id = $1 AND ($3::uuid IS NULL OR d.item_id = $3)
  GROUP BY d.item_id, d.named, d.path, d.group_id, d.channel, d.day`;

@Resolver()
export class DisclosureResolver {
  @Query(() => DisclosureConnection, {
    description: "Who has read the viewer's own items, oldest first.",
  })
  async disclosures(
    @Ctx() ctx: Context,
    @Arg("itemId", () => ID, { nullable: true }) itemId: string | null,
    @Arg("first", () => Int, { nullable: true, defaultValue: 50, description: "1 to 100." })
    first: number | null,
    @Arg("after", () => String, { nullable: true }) after: string | null,
  ): Promise<DisclosureConnection> {
    const account = ctx.account();
    const wanted = first ?? 50;
    if (wanted < 1 || wanted > 100) throw badInput("first", "must be from 1 to 100");
    const from = after
      ? ctx.hub.itemCursor.open(after)
      : { at: 0, id: "00000000-0000-0000-0000-000000000000" };
    if (!from) throw badInput("after", "is not a cursor of this hub");
    await ctx.hub.ledger.flush();
    // Of items above what its TLP admits, an account does not learn who read them either.
    const own = [account.organizationId, ctx.scope().owner?.admitted ?? []];
    const uuid = itemId
      ? (parseGlobalId(itemId)?.uuid ?? "00000000-0000-0000-0000-000000000000")
      : null;
    const open = [...ctx.directory.groups.values()]
      .filter((g) => g.roster === Roster.OPEN)
      .map((g) => g.uuid);
    const { rows } = await ctx.hub.pool.query<Row>(
      `SELECT * FROM (${AGGREGATED}) d WHERE ("firstAt", id) > ($5, $6) ORDER BY "firstAt", id LIMIT $7`,
      [...own, uuid, open, new Date(from.at), from.id, wanted + 1],
    );
    const { rows: counted } = await ctx.hub.pool.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM (${AGGREGATED}) d`,
      [...own, uuid, open],
    );
    const edges: DisclosureEdge[] = [];
    for (const row of rows.slice(0, wanted)) {
      const node = await shown(ctx, row);
      if (node)
        edges.push({
          node,
          cursor: ctx.hub.itemCursor.seal({ at: row.firstAt.getTime(), id: row.id }),
        });
    }
    return {
      edges,
      nodes: edges.map((e) => e.node),
      totalCount: counted[0]?.count ?? 0,
      pageInfo: {
        hasNextPage: rows.length > wanted,
        hasPreviousPage: Boolean(after),
        startCursor: edges[0]?.cursor ?? null,
        endCursor: edges.at(-1)?.cursor ?? null,
      },
    };
  }
}

/** A reading as its owner may know it: the reader by name, else by its sector, else by nothing but the day. */
async function shown(ctx: Context, row: Row): Promise<Disclosure | null> {
  const item = await findItem(ctx, row.itemId);
  if (!item) return null;
  const group = ctx.directory.groups.get(row.groupId ?? "");
  if (row.organizationId !== null) {
    return {
      ...row,
      item,
      organization: ctx.directory.organizations.get(row.organizationId) ?? null,
      sector: null,
    };
  }
  const members = group
    ? ctx.directory.membersOf(group.uuid).filter((m) => m.state === MembershipState.ACTIVE).length
    : 0;
  const day = new Date(row.firstAt.toISOString().slice(0, 10));
  const sector = members >= 3 ? (group?.sector ?? null) : null;
  return { ...row, item, organization: null, sector, firstAt: day, lastAt: day, count: 1 };
}
