import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from "type-graphql";
import type { Context } from "../context";
import { uuidOf } from "../ids";
import { ItemConnection } from "../page.type";
import type { ItemView } from "../sharing/disclosure";
import { ItemKind } from "../sharing/vocabulary";
import { indicatorWhere } from "./indicator-where";
import {
  Indicator,
  IndicatorConnection,
  IndicatorFilter,
  IndicatorInput,
  LookupResult,
  ObservableType,
} from "./indicator.type";
import { type Lookup, lookup } from "./lookup";
import { recordSighting } from "./sighting";
import { createIndicator } from "./write-indicator";

@Resolver(() => Indicator)
export class IndicatorResolver {
  @Query(() => Indicator, { nullable: true })
  async indicator(@Ctx() ctx: Context, @Arg("id", () => ID) id: string): Promise<ItemView | null> {
    const uuid = uuidOf(id, "indicator");
    return uuid && ctx.read(ItemKind.INDICATOR).byId(uuid);
  }

  @Query(() => IndicatorConnection, {
    description: "Newest first, by the time that is shown as updatedAt.",
  })
  async indicators(
    @Ctx() ctx: Context,
    @Arg("first", () => Int, { nullable: true, defaultValue: 20, description: "1 to 100." })
    first: number | null,
    @Arg("after", () => String, { nullable: true }) after: string | null,
    @Arg("filter", () => IndicatorFilter, { nullable: true }) filter: IndicatorFilter | null,
  ): Promise<ItemConnection> {
    const where = indicatorWhere(filter);
    const reader = ctx.read(ItemKind.INDICATOR);
    return new ItemConnection(reader, { first: first ?? 20, after: after ?? null, where });
  }

  @Query(() => [LookupResult], {
    description:
      "Which of these values (addresses, domains, URLs, hashes, mail addresses; defanged forms accepted) are known. At most 10,000, answered in the order given.",
  })
  lookup(@Ctx() ctx: Context, @Arg("values", () => [String]) values: string[]): Promise<Lookup[]> {
    return lookup(ctx, values);
  }

  @FieldResolver(() => [ObservableType])
  observables(@Ctx() ctx: Context, @Root() indicator: ItemView): Promise<ObservableType[]> {
    return ctx.observables(indicator);
  }

  @FieldResolver(() => Int, {
    nullable: true,
    description: "0 to 100, of what this viewer is shown; null where that is withheld.",
  })
  async score(@Ctx() ctx: Context, @Root() indicator: ItemView): Promise<number | null> {
    return (await ctx.score(indicator)).score;
  }

  @FieldResolver(() => Int, { description: "Sightings that reach this viewer." })
  async sightingCount(@Ctx() ctx: Context, @Root() indicator: ItemView): Promise<number> {
    return (await ctx.score(indicator)).seen;
  }

  @Mutation(() => Indicator)
  async createIndicator(
    @Ctx() ctx: Context,
    @Arg("input", () => IndicatorInput) input: IndicatorInput,
  ): Promise<ItemView | null> {
    const uuid = await createIndicator(ctx, input);
    return ctx.read(ItemKind.INDICATOR).byId(uuid);
  }

  @Mutation(() => Indicator, {
    description: "Somebody saw it, or it was a false alarm. Needs the MEMBER role.",
  })
  async recordSighting(
    @Ctx() ctx: Context,
    @Arg("indicatorId", () => ID) indicatorId: string,
    @Arg("seenAt", () => Date, { nullable: true, description: "Omitted: now." })
    seenAt: Date | null,
    @Arg("count", () => Int, { nullable: true, defaultValue: 1 }) count: number | null,
    @Arg("falsePositive", () => Boolean, { nullable: true, defaultValue: false })
    falsePositive: boolean | null,
  ): Promise<ItemView | null> {
    const input = {
      indicatorId,
      seenAt: seenAt ?? null,
      count: count ?? 1,
      falsePositive: falsePositive ?? false,
    };
    const uuid = await recordSighting(ctx, input);
    return ctx.read(ItemKind.INDICATOR).byId(uuid);
  }
}

@Resolver(() => LookupResult)
export class LookupResultResolver {
  @FieldResolver(() => Int, { nullable: true })
  async score(@Ctx() ctx: Context, @Root() result: Lookup): Promise<number | null> {
    const scores = await Promise.all(
      result.indicators.map(async (i) => (await ctx.score(i)).score),
    );
    const known = scores.filter((score) => score !== null);
    return known.length ? Math.max(...known) : null;
  }

  @FieldResolver(() => Int)
  async sightingCount(@Ctx() ctx: Context, @Root() result: Lookup): Promise<number> {
    const counts = await Promise.all(result.indicators.map(async (i) => (await ctx.score(i)).seen));
    return Math.min(
      counts.reduce((sum, n) => sum + n, 0),
      2_147_483_647,
    );
  }
}
