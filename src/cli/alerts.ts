import { ask, followAlerts, type HubAddress, untilReached } from "./client";
import { CursorFile } from "./cursor-file";
import type { AlertFilter, AlertLineFragment, AlertType, Tlp } from "./generated";
import { AlertsDocument, EndOfLogDocument } from "./generated";
import { alertLine } from "./print";
import type { World } from "./world";

export interface AlertOptions {
  json?: boolean;
  after?: string;
  follow?: boolean;
  types?: string;
  "min-tlp"?: string;
  "cursor-file"?: string;
}

/** Prints the alerts so far, or follows them, one a line; where to go on is kept once a line is out. */
export async function alerts(hub: HubAddress, options: AlertOptions, world: World): Promise<void> {
  const filter = filterOf(options);
  const path = options["cursor-file"];
  const file = path === undefined ? null : new CursorFile(path);
  // WHY the file first: whoever starts this again with the same words wants to go on, not to begin again.
  let after = file?.read() ?? options.after ?? null;
  const print = (alert: AlertLineFragment): void => {
    world.out(options.json ? JSON.stringify(alert) : alertLine(alert));
  };
  const reached = async (cursor: string): Promise<void> => {
    // INVARIANT: a cursor is kept only when what it stands behind has been printed.
    await world.flush?.();
    after = cursor;
    file?.write(cursor);
  };
  if (options.follow) {
    const wait = { patient: file !== null, signal: world.signal, say: world.err };
    // So that nothing is missed where the connection is lost before the first alert.
    after ??= await untilReached(
      wait,
      async () => (await ask(hub, EndOfLogDocument, {})).viewer.alertCursor,
    );
    if (after === null) return;
    file?.write(after);
    for await (const alert of followAlerts(hub, { after, filter }, wait)) {
      print(alert);
      await reached(alert.cursor);
    }
  } else {
    for (let more = true; more;) {
      const page = (await ask(hub, AlertsDocument, { after, filter })).alerts;
      page.nodes.forEach(print);
      if (page.pageInfo.endCursor !== null) await reached(page.pageInfo.endCursor);
      more = page.pageInfo.hasNextPage && !world.signal.aborted;
    }
  }
  if (after !== null) world.err(`Go on with --after ${after}`);
}

/** What is wrong with a word, the hub says. */
function filterOf(options: AlertOptions): AlertFilter | null {
  const { types, "min-tlp": minTlp } = options;
  if (types === undefined && minTlp === undefined) return null;
  return {
    ...(types !== undefined && { types: types.split(",") as AlertType[] }),
    ...(minTlp !== undefined && { minTlp: minTlp.toUpperCase().replace("+", "_") as Tlp }),
  };
}
