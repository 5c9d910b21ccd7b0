import { type DocumentNode, execute, type GraphQLSchema, parse } from "graphql";
import type { Alert } from "./alert/alert.type";
import type { Context } from "./context";

/** An alert as webhooks carry it: documented in docs/webhooks.md, and only ever added to. */
const SELECTION = `
  cursor type at count
  group { id slug name }
  itemId
  item {
    id kind stixId tlp pap createdAt updatedAt
    source { attribution sector organization { id name } }
    access { kind until agreementVersion { id number terms { onward purposes retention } } }
    redactions { field reason }
    ... on Incident {
      title summary description category severity occurredAt detectedAt awareAt victim contact affectedSystems dataStolen
    }
    ... on Indicator {
      name description pattern patternType validFrom validUntil confidence labels observables { type value }
    }
    ... on Advisory { title summary body }
  }
  subject { type: __typename id }`;

export interface AlertJson {
  cursor: string;
  type: string;
  at: string;
  count: number;
  group: { id: string; slug: string; name: string } | null;
  itemId: string | null;
  item: ItemJson | null;
  subject: { type: string; id: string } | null;
}

export interface ItemJson {
  id: string;
  kind: string;
  tlp: string;
  pap: string;
  source: {
    attribution: string;
    sector: string | null;
    organization: { id: string; name: string } | null;
  };
  title?: string | null;
  name?: string | null;
  summary?: string | null;
  description?: string | null;
  body?: string | null;
  pattern?: string | null;
}

/** Alerts as plain JSON, by the resolvers that answer a subscription: the same fields, the same redactions. */
export class AlertPrinter {
  private readonly document: DocumentNode = parse(`subscription { alerts { ${SELECTION} } }`);

  constructor(private readonly schema: GraphQLSchema) {}

  /** Throws where a field could not be resolved: half an alert is not delivered. */
  async print(ctx: Context, alert: Alert): Promise<AlertJson> {
    const { data, errors } = await execute({
      schema: this.schema,
      document: this.document,
      rootValue: alert,
      contextValue: ctx,
    });
    if (errors?.[0]) throw errors[0];
    return (data as unknown as { alerts: AlertJson }).alerts;
  }
}
