import { Field, InputType, Int, ObjectType, registerEnumType } from "type-graphql";
import { AlertType } from "../alert/alert.type";
import type { LogPosition } from "../cursors";

export enum MailLanguage {
  JA = "JA",
  EN = "EN",
}
registerEnumType(MailLanguage, { name: "MailLanguage" });

export enum MailState {
  UNCONFIRMED = "UNCONFIRMED",
  ACTIVE = "ACTIVE",
  STOPPED = "STOPPED",
  KEY_ENDED = "KEY_ENDED",
  REFUSED = "REFUSED",
}
registerEnumType(MailState, {
  name: "MailState",
  description:
    "UNCONFIRMED: the code that was sent to the address is awaited. STOPPED: by the account or by a link in a mail. KEY_ENDED: the key with which it was set is no longer valid. REFUSED: the mail server does not take mail for the address. All but ACTIVE until it is set again.",
});

export enum MailKind {
  ALERT = "ALERT",
  DIGEST = "DIGEST",
  CONFIRMATION = "CONFIRMATION",
  NOTICE = "NOTICE",
}
registerEnumType(MailKind, { name: "MailKind" });

@ObjectType({ description: "What an account gets by e-mail. Known to the account alone." })
export class MailSettings {
  accountId!: string;
  keyId!: string;
  code!: string | null;
  codeAt!: Date | null;
  /** What is to be sent before anything else. */
  pending!: MailKind.CONFIRMATION | MailKind.NOTICE | null;
  position!: LogPosition;
  digestPosition!: LogPosition;
  nextAttemptAt!: Date | null;
  revision!: number;
  @Field(() => String) address!: string;
  @Field(() => MailState) state!: MailState;
  @Field(() => MailLanguage) language!: MailLanguage;
  @Field(() => String, { description: "IANA name." }) timeZone!: string;
  @Field(() => [AlertType], { description: "Sent at once, one mail for each." })
  immediate!: AlertType[];
  @Field(() => Int, { nullable: true, description: "0 to 23; null: no digest." })
  digestHour!: number | null;
  @Field(() => [AlertType], { nullable: true, description: "In the digest; null: all." })
  digest!: AlertType[] | null;
  @Field(() => Date, { nullable: true }) digestDueAt!: Date | null;
  @Field(() => Int, { description: "Attempts that failed since the last that did not." })
  failures!: number;
  @Field(() => String, {
    nullable: true,
    description: "What was last wrong with sending, until a mail is taken.",
  })
  problem!: string | null;
  @Field(() => Date, { nullable: true }) problemAt!: Date | null;
}

@ObjectType({ description: "One attempt to send a mail. What stood in it is not kept." })
export class MailDelivery {
  @Field(() => Date) at!: Date;
  @Field(() => MailKind) kind!: MailKind;
  @Field(() => String) messageId!: string;
  @Field(() => Boolean, { description: "Whether the mail server took it." }) accepted!: boolean;
  @Field(() => Int, { nullable: true, description: "Of SMTP, where it was refused." })
  code!: number | null;
}

@InputType()
export class MailInput {
  @Field(() => String, {
    nullable: true,
    description:
      "By default the account's own. Any other must be confirmed by the code that is sent to it.",
  })
  address?: string | null;
  @Field(() => [AlertType], { nullable: true, defaultValue: [] }) immediate?: AlertType[] | null;
  @Field(() => Int, { nullable: true, description: "0 to 23; null: no digest." })
  digestHour?: number | null;
  @Field(() => [AlertType], { nullable: true, description: "In the digest; null: all." })
  digest?: AlertType[] | null;
  @Field(() => String, { nullable: true, defaultValue: "Asia/Tokyo", description: "IANA name." })
  timeZone?: string | null;
  @Field(() => MailLanguage, { nullable: true, defaultValue: MailLanguage.JA })
  language?: MailLanguage | null;
}
