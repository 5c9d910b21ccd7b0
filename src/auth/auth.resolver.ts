import { Arg, Ctx, FieldResolver, ID, Mutation, Resolver, Root } from "type-graphql";
import type { Context } from "../context";
import { Organization } from "../organization/organization.entity";
import { Role } from "../sharing/vocabulary";
import { Account, ApiKey } from "./account.entity";
import { createApiKey, revokeApiKey } from "./api-key";
import { CreateAccountInput, CreateApiKeyInput, CreatedApiKey } from "./auth.type";
import { createAccount, setAccountDisabled } from "./create-account";
import { administers, readsAccount } from "./rights";

@Resolver(() => Account)
export class AuthResolver {
  @FieldResolver(() => Organization)
  organization(@Ctx() ctx: Context, @Root() account: Account): Organization | undefined {
    return ctx.directory.organizations.get(account.organizationId);
  }

  @FieldResolver(() => String, {
    description: "To its own organization and the operator; empty to others.",
  })
  email(@Ctx() ctx: Context, @Root() account: Account): string {
    return reads(ctx, account) ? account.email : "";
  }

  @FieldResolver(() => [Role], {
    description: "To its own organization and the operator; empty to others.",
  })
  roles(@Ctx() ctx: Context, @Root() account: Account): Role[] {
    return reads(ctx, account) ? account.roles : [];
  }

  @FieldResolver(() => Date, {
    nullable: true,
    description: "To its own organization and the operator.",
  })
  disabledAt(@Ctx() ctx: Context, @Root() account: Account): Date | null {
    return reads(ctx, account) ? account.disabledAt : null;
  }

  @FieldResolver(() => [ApiKey], {
    description: "To the account itself and those who administer its organization.",
  })
  apiKeys(@Ctx() ctx: Context, @Root() account: Account): ApiKey[] {
    const by = ctx.maybeAccount();
    if (!by || (by.uuid !== account.uuid && !administers(by, account.organizationId))) return [];
    return [...ctx.directory.keys.values()].filter((key) => key.accountId === account.uuid);
  }

  @Mutation(() => Account)
  createAccount(
    @Ctx() ctx: Context,
    @Arg("input", () => CreateAccountInput) input: CreateAccountInput,
  ): Promise<Account> {
    return createAccount(ctx, input);
  }

  @Mutation(() => Account, {
    description: "Stops an account and its keys at once. Disabling it again changes nothing.",
  })
  disableAccount(@Ctx() ctx: Context, @Arg("id", () => ID) id: string): Promise<Account> {
    return setAccountDisabled(ctx, id, true);
  }

  @Mutation(() => Account)
  enableAccount(@Ctx() ctx: Context, @Arg("id", () => ID) id: string): Promise<Account> {
    return setAccountDisabled(ctx, id, false);
  }

  @Mutation(() => CreatedApiKey)
  createApiKey(
    @Ctx() ctx: Context,
    @Arg("input", () => CreateApiKeyInput) input: CreateApiKeyInput,
  ): Promise<CreatedApiKey> {
    return createApiKey(ctx, input);
  }

  @Mutation(() => Boolean)
  revokeApiKey(@Ctx() ctx: Context, @Arg("id", () => ID) id: string): Promise<boolean> {
    return revokeApiKey(ctx, id);
  }
}

const reads = (ctx: Context, account: Account): boolean =>
  readsAccount(ctx.maybeAccount(), account);
