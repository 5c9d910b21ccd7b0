import type { GraphQLSchema } from "graphql";
import { AlertPrinter } from "./alert-json";
import type { Hub } from "./hub";
import { MailWork } from "./mail/deliver-mail";
import { Turns } from "./turns";
import { SoleDuty } from "./sole-duty";
import { WebhookWork } from "./webhook/deliver-webhook";
import { Workers, WORKERS_CHANNEL } from "./workers";

/** Of the hubs on one database, the one that holds it delivers. */
const DELIVERIES_LOCK = 7_264_008;

/** So many read the log at once: who asks the hub something shares the database with them. */
const MOST_READING = 4;

/** What leaves the hub by itself: one of the hubs on a database sends it. */
export interface Deliveries {
  /** Looks at everything anew, as after a change; for tests that moved the clock. */
  wake(): void;
  /** Lets what is under way end, for at most some seconds. */
  close(): Promise<void>;
}

export function startDeliveries(hub: Hub, schema: GraphQLSchema): Deliveries {
  const printer = new AlertPrinter(schema);
  const { mail } = hub.config;
  const reading = new Turns(MOST_READING);
  const workers = new Workers(hub, [
    new WebhookWork(hub, printer, reading),
    ...(mail ? [new MailWork(hub, printer, reading, mail)] : []),
  ]);
  const duty = new SoleDuty(hub, DELIVERIES_LOCK, WORKERS_CHANNEL, workers);
  duty.open();
  return { wake: () => workers.wake(), close: () => duty.close() };
}
