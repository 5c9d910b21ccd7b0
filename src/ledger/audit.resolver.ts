import { Arg, Ctx, Field, Int, ObjectType, Query, Resolver } from "type-graphql";
import { Account } from "../auth/account.entity";
import { isOperatorAdmin, isOperatorAnalyst, isOwnAdmin, requireThat } from "../auth/rights";
import type { Context } from "../context";
import { badInput } from "../errors";
import { Organization } from "../organization/organization.entity";
import { PageInfo } from "../page.type";
import { Json } from "../scalars";
import { auditAfter, type AuditRow } from "./audit-page";

@ObjectType({
  description:
    "One act: who did what, from where, on which record. It never holds the content of items.",
})
export class AuditEntry {
  @Field(() => Date) at!: Date;
  @Field(() => String, { description: "The mutation." }) act!: string;
  @Field(() => Organization, { nullable: true }) organization!: Organization | null;
  @Field(() => Account, { nullable: true }) account!: Account | null;
  @Field(() => String, { nullable: true, description: "The network address it came from." })
  address!: string | null;
  @Field(() => String, { nullable: true, description: "The id of the record." }) subject!:
    string | null;
  @Field(() => Json, { nullable: true }) before!: object | null;
  @Field(() => Json, { nullable: true }) after!: object | null;
}

@ObjectType()
export class AuditEntryConnection {
  @Field(() => [AuditEntry]) nodes!: AuditEntry[];
  @Field(() => PageInfo) pageInfo!: PageInfo;
}

@ObjectType({
  description: "One link of the hash chain over the audit log and the disclosure ledger.",
})
export class LedgerLink {
  @Field(() => Int) seq!: number;
  @Field(() => String, { description: "audit or disclosure." }) kind!: string;
  @Field(() => String, {
    nullable: true,
    description: "The entry as the text that was hashed; null where it is gone. To the operator.",
  })
  entry!: string | null;
  @Field(() => String, {
    description:
      "SHA-256, hexadecimal, of the hash before (32 zero bytes at first) and the entry's text.",
  })
  hash!: string;
  @Field(() => Date) at!: Date;
}

@ObjectType({
  description:
    "The published head of the chain: whoever kept it can prove later that nothing before it was changed.",
})
export class LedgerHead {
  @Field(() => Int, {
    nullable: true,
    description: "To the operator; to others it would tell how much goes on.",
  })
  seq!: number | null;
  @Field(() => String) hash!: string;
  @Field(() => Date) at!: Date;
}

const HOUR_MS = 3_600_000;

@Resolver()
export class AuditResolver {
  @Query(() => AuditEntryConnection, {
    description:
      "Acts, oldest first: to an ORG_ADMIN those of its organization and others' on it, of acts on items those on items that it sees; to the operator all.",
  })
  async auditLog(
    @Ctx() ctx: Context,
    @Arg("first", () => Int, { nullable: true, defaultValue: 50, description: "1 to 100." })
    first: number | null,
    @Arg("after", () => String, { nullable: true }) after: string | null,
  ): Promise<AuditEntryConnection> {
    const account = ctx.account();
    const all = isOperatorAdmin(account) || isOperatorAnalyst(account);
    requireThat(
      all || isOwnAdmin(account, account.organizationId),
      "Only an ORG_ADMIN reads the audit log.",
    );
    const wanted = first ?? 50;
    if (wanted < 1 || wanted > 100) throw badInput("first", "must be from 1 to 100");
    const from = after
      ? ctx.hub.itemCursor.open(after)
      : { at: 0, id: "00000000-0000-0000-0000-000000000000" };
    if (!from) throw badInput("after", "is not a cursor of this hub");
    const rows = await auditAfter(ctx, account, from, wanted + 1, all);
    const shown = rows.slice(0, wanted);
    const cursorOf = (row: AuditRow | undefined): string | null =>
      row ? ctx.hub.itemCursor.seal({ at: row.at.getTime(), id: row.id }) : null;
    return {
      nodes: shown.map((row) => entryFor(ctx, account, row)),
      pageInfo: {
        hasNextPage: rows.length > wanted,
        hasPreviousPage: Boolean(after),
        startCursor: cursorOf(shown[0]),
        endCursor: cursorOf(shown.at(-1)),
      },
    };
  }

  @Query(() => LedgerHead, {
    nullable: true,
    description:
      "To the operator as it is, to every other account as it was at the last full hour; null while there was nothing.",
  })
  async ledgerHead(@Ctx() ctx: Context): Promise<LedgerHead | null> {
    const { chain } = ctx.hub.ledger;
    if (isOperatorAdmin(ctx.account())) return chain.head();
    const head = await chain.head(new Date(Math.floor(ctx.hub.now() / HOUR_MS) * HOUR_MS));
    return head && { ...head, seq: null };
  }

  @Query(() => Int, {
    description:
      "How many entries are in no link of the chain. To the operator; any at all were put there past the hub.",
  })
  unchainedEntries(@Ctx() ctx: Context): Promise<number> {
    requireThat(isOperatorAdmin(ctx.account()), "Only an OPERATOR_ADMIN reads the whole ledger.");
    return ctx.hub.ledger.chain.unchained();
  }

  @Query(() => [LedgerLink], {
    description: "The chain after a link, in order, with its entries: for the operator to verify.",
  })
  async ledgerLinks(
    @Ctx() ctx: Context,
    @Arg("first", () => Int, { nullable: true, defaultValue: 500, description: "1 to 1000." })
    first: number | null,
    @Arg("afterSeq", () => Int, { nullable: true, defaultValue: 0 }) afterSeq: number | null,
  ): Promise<LedgerLink[]> {
    requireThat(isOperatorAdmin(ctx.account()), "Only an OPERATOR_ADMIN reads the whole ledger.");
    const wanted = first ?? 500;
    if (wanted < 1 || wanted > 1000) throw badInput("first", "must be from 1 to 1000");
    return ctx.hub.ledger.chain.after(afterSeq ?? 0, wanted);
  }
}

/** Of another organization's act on one's own record, its network address is not told. */
function entryFor(ctx: Context, reader: Account, row: AuditRow): AuditEntry {
  const own =
    row.organizationId === reader.organizationId ||
    reader.organizationId === ctx.directory.operatorId;
  return {
    ...row,
    organization: ctx.directory.organizations.get(row.organizationId) ?? null,
    account: ctx.directory.accounts.get(row.accountId) ?? null,
    address: own ? row.address : null,
  };
}
