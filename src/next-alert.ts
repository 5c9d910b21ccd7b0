import { alertsAfter } from "./alert/alerts";
import type { Alert, AlertFilter } from "./alert/alert.type";
import type { Session } from "./auth/viewer";
import { Context } from "./context";
import { type LogPosition, WHOLE_ENTRY } from "./cursors";
import type { Hub } from "./hub";
import type { Channel } from "./ledger/ledger";

/** One alert for a channel, and where it stands. */
export interface NextAlert {
  position: LogPosition;
  alert: Alert;
  /** The account for which it was read, at the moment of reading. */
  ctx: Context;
  /** Puts the reading of its item into the ledger: when content has left the hub. */
  disclosed: () => void;
}

/** What is next in the log for somebody. */
export interface Next {
  alerts: NextAlert[];
  /** Up to where everything was read. */
  upTo: LogPosition;
  /** Whether that is the end of the log, as far as it was known. */
  end: boolean;
}

/**
 * The next alerts for an account after a position, with its rights as they are now: at most `wanted`. A channel that
 * delivers later, or once more, asks again. Throws UNAUTHENTICATED once the credential is no longer good.
 */
export async function nextAlerts(
  hub: Hub,
  session: Session,
  channel: Channel,
  from: LogPosition,
  filter: AlertFilter | null,
  wanted = 1,
): Promise<Next> {
  const fresh = (): Context => new Context(hub, session, channel);
  fresh().account();
  const head = Math.max(hub.log.position, from.seq);
  const { delivered, goOn } = await alertsAfter(fresh, from, filter, wanted);
  const ctx = fresh();
  const alerts = delivered.slice(0, wanted).map(({ position, alert, shows }) => ({
    position,
    alert,
    ctx,
    disclosed: () => shows?.record(ctx.viewer),
  }));
  const last = alerts.at(-1);
  if (last && alerts.length === wanted) return { alerts, upTo: last.position, end: false };
  return { alerts, upTo: goOn ?? { seq: head, sub: WHOLE_ENTRY }, end: goOn === null };
}
