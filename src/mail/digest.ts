import type { AlertJson, AlertPrinter } from "../alert-json";
import type { LogPosition } from "../cursors";
import type { Hub } from "../hub";
import { type NextAlert, nextAlerts } from "../next-alert";
import { composeDigest, type Draft } from "./compose";
import type { MailSettings } from "./mail.type";

/** So many are listed in a mail; of the rest it says how many of each type there are. */
const LISTED = 200;
/** So many go into one digest at the most; what is beyond goes into another one right away. */
const MOST = 20_000;
const BATCH = 200;

/** What goes into one digest. */
interface Digest {
  /** Those that are listed, oldest first. */
  alerts: NextAlert[];
  printed: AlertJson[];
  upTo: LogPosition;
  /** Whether that is everything. */
  end: boolean;
  compose: (at: number, publicUrl: string) => Draft;
}

/** Reads what has come since the last digest, with the account's rights as they are now. */
export async function readDigest(
  hub: Hub,
  printer: AlertPrinter,
  mail: MailSettings,
): Promise<Digest> {
  const filter = mail.digest && { types: mail.digest };
  const session = { keyId: mail.keyId };
  const alerts: NextAlert[] = [];
  const printed: AlertJson[] = [];
  const further = new Map<string, number>();
  let upTo = mail.digestPosition;
  let end = false;
  // What was done before the hour is in it.
  await hub.log.caughtUp();
  for (let count = 0; !end && count < MOST;) {
    const read = await nextAlerts(hub, session, "mail", upTo, filter, BATCH);
    ({ upTo, end } = read);
    count += read.alerts.length;
    for (const next of read.alerts) {
      if (alerts.length < LISTED) {
        alerts.push(next);
        printed.push(await printer.print(next.ctx, next.alert));
      } else further.set(next.alert.type, (further.get(next.alert.type) ?? 0) + 1);
    }
  }
  const compose = (at: number, publicUrl: string): Draft =>
    composeDigest(mail, printed, further, at, publicUrl);
  return { alerts, printed, upTo, end, compose };
}
