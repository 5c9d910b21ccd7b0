import "reflect-metadata";
import { GraphQLSchema, isInterfaceType, isObjectType } from "graphql";
import { buildSchema, registerEnumType } from "type-graphql";
import { AdvisoryResolver } from "./advisory/advisory.resolver";
import { AlertResolver } from "./alert/alert.resolver";
import { AuthResolver } from "./auth/auth.resolver";
import { BundleResolver } from "./exchange/bundle.resolver";
import { IepResolver } from "./exchange/iep/iep.resolver";
import { IncidentResolver } from "./incident/incident.resolver";
import { IndicatorResolver, LookupResultResolver } from "./indicator/indicator.resolver";
import { DecisionResolver } from "./item/decision.resolver";
import { SharedItemResolver } from "./item/shared-item.resolver";
import { AuditResolver } from "./ledger/audit.resolver";
import { DisclosureResolver } from "./ledger/disclosure.resolver";
import {
  AgreementSignatureResolver,
  AgreementVersionResolver,
  SharingAgreementResolver,
} from "./organization/agreement.resolver";
import { MembershipResolver } from "./organization/membership.resolver";
import {
  OrganizationResolver,
  PartyResolver,
  SectorGroupResolver,
  ViewerResolver,
} from "./organization/organization.resolver";
import { typeOf } from "./node.type";
import type { Context } from "./context";
import { Roster } from "./sharing/vocabulary";
import {
  AudiencePeriodResolver,
  ReleaseResolver,
  ReleasesResolver,
} from "./release/release.resolver";
import { MailResolver } from "./mail/mail.resolver";
import { WebhookResolver } from "./webhook/webhook.resolver";
import { DateTime } from "./scalars";
import { Pap } from "./sharing/pap";
import { Tlp } from "./sharing/tlp";
import {
  AccessPathKind,
  Affiliation,
  AgreementState,
  Attribution,
  ItemKind,
  MembershipState,
  OrganizationKind,
  Role,
} from "./sharing/vocabulary";

const ENUMS = {
  Tlp,
  Pap,
  ItemKind,
  OrganizationKind,
  Role,
  Affiliation,
  MembershipState,
  AgreementState,
  Attribution,
  AccessPathKind,
  Roster,
};

/** The GraphQL schema of the hub, from the decorators; `schema.graphql` is its committed print. */
export async function makeSchema(): Promise<GraphQLSchema> {
  for (const [name, type] of Object.entries(ENUMS)) registerEnumType(type, { name });
  const schema = await buildSchema({
    resolvers: [
      AdvisoryResolver,
      AgreementSignatureResolver,
      AgreementVersionResolver,
      AlertResolver,
      AuditResolver,
      AuthResolver,
      BundleResolver,
      DecisionResolver,
      DisclosureResolver,
      IepResolver,
      IncidentResolver,
      IndicatorResolver,
      LookupResultResolver,
      MailResolver,
      MembershipResolver,
      OrganizationResolver,
      PartyResolver,
      ReleaseResolver,
      ReleasesResolver,
      AudiencePeriodResolver,
      SectorGroupResolver,
      SharedItemResolver,
      SharingAgreementResolver,
      ViewerResolver,
      WebhookResolver,
    ],
    scalarsMap: [{ type: Date, scalar: DateTime }],
    validate: false,
    // Alerts bring their own stream; nothing is published through the library.
    pubSub: { publish: () => undefined, subscribe: () => NOTHING },
  });
  nameActs(schema);
  return withoutPlainResolvers(schema);
}

/** Tells the context which mutation is under way, so that the audit log can name it. Mutations run one after another. */
function nameActs(schema: GraphQLSchema): void {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const { resolve, name } = field;
    field.resolve = (root, args, context: Context, info): unknown => {
      context.act = name;
      return resolve?.(root, args, context, info);
    };
  }
}

const NOTHING: AsyncIterable<never> = {
  [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }),
};

/**
 * WHY: TypeGraphQL gives every field a resolver, also those that only read a property, and the executor then pays for
 * each of them. Without one it reads the property itself.
 */
function withoutPlainResolvers(schema: GraphQLSchema): GraphQLSchema {
  // An alert is its operation's root already.
  for (const field of Object.values(schema.getSubscriptionType()?.getFields() ?? {}))
    field.resolve = (alert: unknown) => alert;
  for (const type of Object.values(schema.getTypeMap())) {
    // WHY: TypeGraphQL makes this asynchronous, which the compiled executor does not wait for.
    if (isInterfaceType(type)) type.resolveType = typeOf;
    if (!isObjectType(type) || type.name.startsWith("__")) continue;
    for (const field of Object.values(type.getFields())) {
      if (isPlain(field.resolve) && !LAZY.has(field.name)) delete field.resolve;
    }
  }
  return schema;
}

/** Properties that are promises: the compiled executor waits only for what a resolver returns. */
const LAZY = new Set(["nodes", "edges", "pageInfo", "totalCount"]);

const isPlain = (resolve: unknown): boolean =>
  typeof resolve === "function" && resolve.toString().includes("root[fieldMetadata.name]");
