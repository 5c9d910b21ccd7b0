import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from "type-graphql";
import type { Context } from "../context";
import { uuidOf } from "../ids";
import { IndicatorConnection } from "../indicator/indicator.type";
import { submitItem } from "../item/submit-item";
import { ItemConnection } from "../page.type";
import { LinkedConnection } from "../linked.type";
import { isWithheld } from "../sharing/fields";
import type { ItemView } from "../sharing/disclosure";
import { ItemKind } from "../sharing/vocabulary";
import { incidentWhere } from "./incident-where";
import { Incident, IncidentConnection, IncidentFilter, IncidentInput } from "./incident.type";
import { createIncident, updateIncident } from "./write-incident";

@Resolver(() => Incident)
export class IncidentResolver {
  @Query(() => Incident, { nullable: true })
  async incident(@Ctx() ctx: Context, @Arg("id", () => ID) id: string): Promise<ItemView | null> {
    const uuid = uuidOf(id, "incident");
    return uuid && ctx.read(ItemKind.INCIDENT).byId(uuid);
  }

  @Query(() => IncidentConnection, {
    description: "Newest first, by the time that is shown as updatedAt.",
  })
  async incidents(
    @Ctx() ctx: Context,
    @Arg("first", () => Int, { nullable: true, defaultValue: 20, description: "1 to 100." })
    first: number | null,
    @Arg("after", () => String, { nullable: true }) after: string | null,
    @Arg("filter", () => IncidentFilter, { nullable: true }) filter: IncidentFilter | null,
  ): Promise<ItemConnection> {
    const where = incidentWhere(filter);
    const reader = ctx.read(ItemKind.INCIDENT);
    return new ItemConnection(reader, { first: first ?? 20, after: after ?? null, where });
  }

  @FieldResolver(() => IndicatorConnection)
  async indicators(
    @Ctx() ctx: Context,
    @Root() incident: ItemView,
    @Arg("first", () => Int, { nullable: true, defaultValue: 20, description: "1 to 100." })
    first: number | null,
    @Arg("after", () => String, { nullable: true }) after: string | null,
  ): Promise<LinkedConnection> {
    const reader = ctx.read(ItemKind.INDICATOR);
    const linked = isWithheld("indicators", incident.withheld)
      ? []
      : await ctx.linked(ItemKind.INDICATOR, incident.uuid);
    return new LinkedConnection(linked, reader, first ?? 20, after ?? null);
  }

  @Mutation(() => Incident)
  async createIncident(
    @Ctx() ctx: Context,
    @Arg("input", () => IncidentInput) input: IncidentInput,
  ): Promise<ItemView | null> {
    const uuid = await createIncident(ctx, input);
    return ctx.read(ItemKind.INCIDENT).byId(uuid);
  }

  @Mutation(() => Incident, {
    description:
      "Replaces the whole content; what is omitted becomes null. With expectedUpdatedAt: CONFLICT if somebody changed it since.",
  })
  async updateIncident(
    @Ctx() ctx: Context,
    @Arg("id", () => ID) id: string,
    @Arg("input", () => IncidentInput) input: IncidentInput,
    @Arg("expectedUpdatedAt", () => Date, { nullable: true }) expectedUpdatedAt: Date | null,
  ): Promise<ItemView | null> {
    const uuid = await updateIncident(ctx, id, input, expectedUpdatedAt ?? null);
    return ctx.read(ItemKind.INCIDENT).byId(uuid);
  }

  @Mutation(() => Incident, {
    description:
      "Hands it to the operator's analysts, with those linked items that its owner owns.",
  })
  async submitIncident(
    @Ctx() ctx: Context,
    @Arg("id", () => ID) id: string,
  ): Promise<ItemView | null> {
    const item = await submitItem(ctx, uuidOf(id, "incident") ? id : "");
    return ctx.read(ItemKind.INCIDENT).byId(item.id);
  }
}
