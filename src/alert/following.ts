import type { LogPosition } from "../cursors";
import type { AlertFilter } from "./alert.type";
import type { Alert } from "./alert.type";

/**
 * From where on, and which alerts, a subscription asked for: what its resolver gives to the fan-out, which delivers.
 * WHY an iterable: GraphQL takes nothing else for the stream of a subscription. It is never iterated.
 */
export class Following implements AsyncIterable<Alert> {
  constructor(
    readonly from: LogPosition,
    readonly filter: AlertFilter | null,
  ) {}

  [Symbol.asyncIterator](): AsyncIterator<Alert> {
    throw new Error("alerts are delivered by the fan-out");
  }
}
