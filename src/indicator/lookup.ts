import type { Context } from "../context";
import { badInput } from "../errors";
import type { ItemView } from "../sharing/disclosure";
import { ItemKind } from "../sharing/vocabulary";
import type { IndicatorWarning } from "./indicator.type";
import { normalizeObservable, type Observable } from "../observable/observable";
import { warningsFor } from "./warninglist";

const MAX_VALUES = 10_000;
const NONE: readonly ItemView[] = [];

/** One value, merged over the assertions that the viewer may see; score and sightings are counted when asked for. */
export class Lookup {
  readonly normalized: string | null;
  readonly type: string | null;

  constructor(
    readonly value: string,
    observable: Observable | null,
    readonly indicators: readonly ItemView[],
  ) {
    this.normalized = observable?.value ?? null;
    this.type = observable?.type ?? null;
  }

  get warnings(): IndicatorWarning[] {
    return this.normalized !== null && this.type !== null
      ? warningsFor({ type: this.type, value: this.normalized })
      : [];
  }
}

/** In the order asked. A value that is no known observable, or that nothing visible asserts, has no indicators. */
export async function lookup(ctx: Context, values: readonly string[]): Promise<Lookup[]> {
  if (values.length > MAX_VALUES)
    throw badInput("values", `must have at most ${MAX_VALUES} entries, has ${values.length}`);
  const observables = values.map((value) => normalizeObservable(value));
  const asserting = await ctx.read(ItemKind.INDICATOR).asserting(observables);
  return values.map(
    (value, i) => new Lookup(value, observables[i] ?? null, asserting.get(i) ?? NONE),
  );
}
