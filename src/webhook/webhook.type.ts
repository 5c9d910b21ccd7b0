import { Field, ID, InputType, Int, ObjectType, registerEnumType } from "type-graphql";
import { AlertFilter, AlertType } from "../alert/alert.type";
import type { LogPosition } from "../cursors";
import { globalId } from "../ids";
import { PageInfo } from "../page.type";
import { Json } from "../scalars";
import { DeliveryError } from "./delivery-error";

export enum WebhookState {
  /** Delivers. */
  ACTIVE = "ACTIVE",
  /** Its circuit is open: after many failures it is only probed from time to time. Nothing is lost. */
  OPEN = "OPEN",
  /** Stopped by an administrator. */
  PAUSED = "PAUSED",
  /** Stopped by the hub, until an administrator resumes it. */
  DISABLED = "DISABLED",
}
registerEnumType(WebhookState, {
  name: "WebhookState",
  description:
    "ACTIVE: delivers. OPEN: failed often and is only probed from time to time; nothing is lost. PAUSED: by an administrator. DISABLED: by the hub, until resumed.",
});

registerEnumType(DeliveryError, {
  name: "DeliveryError",
  description:
    "ADDRESS_REFUSED: the name leads to an address that the hub does not connect to. STATUS: an HTTP status other than 2xx. REDIRECT: 3xx; the hub does not follow.",
});

@ObjectType({
  description:
    "Where the hub sends alerts by HTTP, signed: for one organization, as one of its accounts sees them.",
})
export class Webhook {
  uuid!: string;
  organizationId!: string;
  accountId!: string;
  keyId!: string;
  position!: LogPosition;
  /** Counts the changes by administrators: what a delivery began under is compared with it. */
  revision!: number;
  /** Sealed. */
  secret!: string;
  formerSecret!: string | null;
  formerUntil!: Date | null;
  @Field(() => String) name!: string;
  @Field(() => String) url!: string;
  @Field(() => WebhookState) state!: WebhookState;
  @Field(() => String, { nullable: true, description: "Why the hub disabled it." })
  reason!: string | null;
  @Field(() => Json, { nullable: true, description: "The AlertFilter as it was given." })
  filter!: AlertFilter | null;
  @Field(() => Int, { description: "Attempts that failed since the last that did not." })
  failures!: number;
  @Field(() => Date, { nullable: true, description: "No attempt is made before." })
  nextAttemptAt!: Date | null;
  @Field(() => Date) createdAt!: Date;

  @Field(() => ID)
  get id(): string {
    return globalId("webhook", this.uuid);
  }
}

@ObjectType()
export class WebhookSecret {
  @Field(() => Webhook) webhook!: Webhook;
  @Field(() => String, { description: "`whsec_…`; shown once." }) secret!: string;
}

@ObjectType({ description: "One attempt to deliver one alert. What it carried is not kept." })
export class WebhookDelivery {
  @Field(() => Date) at!: Date;
  @Field(() => Int, { description: "1 for the first attempt." }) attempt!: number;
  @Field(() => AlertType) alertType!: AlertType;
  @Field(() => String, { description: "Of the alert." }) cursor!: string;
  @Field(() => Int, { nullable: true, description: "The HTTP status that was answered." })
  status!: number | null;
  @Field(() => DeliveryError, { nullable: true, description: "Null: delivered." })
  error!: DeliveryError | null;
  @Field(() => Int) durationMs!: number;
}

@ObjectType()
export class WebhookDeliveryEdge {
  @Field(() => String) cursor!: string;
  @Field(() => WebhookDelivery) node!: WebhookDelivery;
}

@ObjectType()
export class WebhookDeliveryConnection {
  @Field(() => [WebhookDeliveryEdge]) edges!: WebhookDeliveryEdge[];
  @Field(() => [WebhookDelivery]) nodes!: WebhookDelivery[];
  @Field(() => PageInfo) pageInfo!: PageInfo;
}

@InputType()
export class CreateWebhookInput {
  @Field(() => String) name!: string;
  @Field(() => String, { description: "https, without a user name or a fragment." }) url!: string;
  @Field(() => ID, {
    nullable: true,
    description:
      "An account of the organization, as which it sees; by default that of the viewer. TLP:RED and what names the account are never delivered.",
  })
  accountId?: string | null;
  @Field(() => AlertFilter, { nullable: true }) filter?: AlertFilter | null;
  @Field(() => String, {
    nullable: true,
    description: "Begin after this cursor; by default with what comes from now on.",
  })
  after?: string | null;
}

@InputType()
export class UpdateWebhookInput {
  @Field(() => String) name!: string;
  @Field(() => String) url!: string;
  @Field(() => AlertFilter, { nullable: true, description: "Null: no filter." })
  filter?: AlertFilter | null;
}
