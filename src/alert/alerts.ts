import type { Context } from "../context";
import { type LogPosition, WHOLE_ENTRY } from "../cursors";
import { badInput } from "../errors";
import type { Hub } from "../hub";
import type { AlertFilter } from "./alert.type";
import { entriesOf, readable } from "./entries";
import { isAfter, type Raised, raisedFor, readFrom } from "./raise";

const BATCH = 200;

/** Makes a context for the viewer as things are at this moment; throws once its credential is no longer good. */
export type Fresh = () => Context;

/** Where to begin. Throws BAD_USER_INPUT for a cursor that this hub did not make. */
export function positionOf(hub: Hub, after: string | null, otherwise: number): LogPosition {
  if (after === null) return { seq: otherwise, sub: WHOLE_ENTRY };
  const position = hub.logCursor.open(after);
  if (!position) throw badInput("after", "is not a cursor of this hub");
  return position;
}

/** One reading of the log for a viewer. */
export interface Reading {
  delivered: Raised[];
  /** Where to go on from, where the reading stopped before the end of the log; null: it did not. */
  goOn: LogPosition | null;
}

/** So long one reading goes on. WHY no number of entries: that would tell how many concern others. */
const LONGEST_READING_MS = 1_000;

/**
 * The alerts for the viewer after a position, oldest first: at least `wanted`, unless the log or the reading ends before.
 * Whoever hands one over says so to the ledger.
 */
export async function alertsAfter(
  fresh: Fresh,
  from: LogPosition,
  filter: AlertFilter | null,
  wanted: number,
): Promise<Reading> {
  const delivered: Raised[] = [];
  let seq = readFrom(from);
  const until = performance.now() + LONGEST_READING_MS;
  for (let stop = false; delivered.length < wanted; stop = performance.now() > until) {
    if (stop) return { delivered, goOn: { seq, sub: WHOLE_ENTRY } };
    const { hub } = fresh();
    const rows = readable(await hub.log.after(seq, BATCH));
    for (const entry of await entriesOf(hub, rows)) {
      for (const one of await raisedFor(fresh(), entry, filter)) {
        if (isAfter(one, from)) delivered.push(one);
      }
      if (delivered.length >= wanted) break;
    }
    const last = rows.at(-1);
    if (!last) break;
    seq = last.seq;
  }
  return { delivered, goOn: null };
}
