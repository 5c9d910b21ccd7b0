import { Arg, Ctx, FieldResolver, Int, Mutation, Query, Resolver, Root } from "type-graphql";
import type { Context } from "../context";
import { badInput } from "../errors";
import { confirmMail, setMail, stopMail } from "./change-mail";
import { loadMail, mailDeliveriesOf } from "./mail-store";
import { MailDelivery, MailInput, MailSettings } from "./mail.type";

@Resolver(() => MailSettings)
export class MailResolver {
  @Query(() => MailSettings, {
    nullable: true,
    description: "What the viewer gets by e-mail; null where it never asked for any.",
  })
  mailSettings(@Ctx() ctx: Context): Promise<MailSettings | null> {
    return loadMail(ctx.hub, ctx.account().uuid);
  }

  @FieldResolver(() => [MailDelivery], {
    description: "Attempts of the last 30 days, newest first.",
  })
  deliveries(
    @Ctx() ctx: Context,
    @Root() mail: MailSettings,
    @Arg("first", () => Int, { nullable: true, defaultValue: 20, description: "1 to 100." })
    first: number | null,
  ): Promise<MailDelivery[]> {
    const wanted = first ?? 20;
    if (wanted < 1 || wanted > 100) throw badInput("first", "must be from 1 to 100");
    return mailDeliveriesOf(ctx.hub, mail.accountId, wanted);
  }

  @Mutation(() => MailSettings, {
    description:
      "What the viewer's account gets by e-mail: alerts at once, a daily digest, or both. Content goes out up to TLP:GREEN; above it a mail is a link. It holds for as long as the key with which it is set.",
  })
  setMail(
    @Ctx() ctx: Context,
    @Arg("input", () => MailInput) input: MailInput,
  ): Promise<MailSettings> {
    return setMail(ctx, input);
  }

  @Mutation(() => MailSettings)
  confirmMail(@Ctx() ctx: Context, @Arg("code", () => String) code: string): Promise<MailSettings> {
    return confirmMail(ctx, code);
  }

  @Mutation(() => MailSettings, { description: "Stops every mail to the viewer's account." })
  stopMail(@Ctx() ctx: Context): Promise<MailSettings> {
    return stopMail(ctx);
  }
}
