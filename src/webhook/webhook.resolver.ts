import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from "type-graphql";
import { Account } from "../auth/account.entity";
import type { Context } from "../context";
import {
  createWebhook,
  deleteWebhook,
  managing,
  pauseWebhook,
  replayWebhook,
  resumeWebhook,
  rotateSecret,
  updateWebhook,
} from "./change-webhook";
import { deliveriesOf } from "./deliveries";
import { webhooksOf } from "./webhook-store";
import {
  CreateWebhookInput,
  UpdateWebhookInput,
  Webhook,
  WebhookDeliveryConnection,
  WebhookSecret,
} from "./webhook.type";

@Resolver(() => Webhook)
export class WebhookResolver {
  @Query(() => [Webhook], {
    description: "Those of the viewer's organization, oldest first: to its ORG_ADMINs.",
  })
  async webhooks(@Ctx() ctx: Context): Promise<Webhook[]> {
    return webhooksOf(ctx.hub, managing(ctx).organizationId);
  }

  @FieldResolver(() => Account, { description: "As whom it sees." })
  account(@Ctx() ctx: Context, @Root() hook: Webhook): Account | undefined {
    return ctx.directory.accounts.get(hook.accountId);
  }

  @FieldResolver(() => String, { description: "Up to where the log was delivered." })
  cursor(@Ctx() ctx: Context, @Root() hook: Webhook): string {
    return ctx.hub.logCursor.seal(hook.position, true);
  }

  @FieldResolver(() => WebhookDeliveryConnection, {
    description: "The attempts of the last 30 days, newest first.",
  })
  deliveries(
    @Ctx() ctx: Context,
    @Root() hook: Webhook,
    @Arg("first", () => Int, { nullable: true, defaultValue: 20, description: "1 to 100." })
    first: number | null,
    @Arg("after", () => String, { nullable: true }) after: string | null,
  ): Promise<WebhookDeliveryConnection> {
    return deliveriesOf(ctx, hook, first ?? 20, after ?? null);
  }

  @Mutation(() => WebhookSecret)
  createWebhook(
    @Ctx() ctx: Context,
    @Arg("input", () => CreateWebhookInput) input: CreateWebhookInput,
  ): Promise<WebhookSecret> {
    return createWebhook(ctx, input);
  }

  @Mutation(() => Webhook, { description: "Replaces name, URL and filter." })
  updateWebhook(
    @Ctx() ctx: Context,
    @Arg("id", () => ID) id: string,
    @Arg("input", () => UpdateWebhookInput) input: UpdateWebhookInput,
  ): Promise<Webhook> {
    return updateWebhook(ctx, id, input);
  }

  @Mutation(() => Boolean)
  deleteWebhook(@Ctx() ctx: Context, @Arg("id", () => ID) id: string): Promise<boolean> {
    return deleteWebhook(ctx, id);
  }

  @Mutation(() => WebhookSecret, {
    description: "A new secret. For 24 hours each message is signed with the old one as well.",
  })
  rotateWebhookSecret(
    @Ctx() ctx: Context,
    @Arg("id", () => ID) id: string,
  ): Promise<WebhookSecret> {
    return rotateSecret(ctx, id);
  }

  @Mutation(() => Webhook, {
    description: "Delivers again what came after a cursor, as far as it may be delivered today.",
  })
  replayWebhook(
    @Ctx() ctx: Context,
    @Arg("id", () => ID) id: string,
    @Arg("after", () => String) after: string,
  ): Promise<Webhook> {
    return replayWebhook(ctx, id, after);
  }

  @Mutation(() => Webhook)
  pauseWebhook(@Ctx() ctx: Context, @Arg("id", () => ID) id: string): Promise<Webhook> {
    return pauseWebhook(ctx, id);
  }

  @Mutation(() => Webhook, {
    description:
      "Goes on where it stopped, also where the hub disabled it; from now on under the key with which this is asked.",
  })
  resumeWebhook(@Ctx() ctx: Context, @Arg("id", () => ID) id: string): Promise<Webhook> {
    return resumeWebhook(ctx, id);
  }
}
