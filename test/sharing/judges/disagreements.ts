import type { MaybeViewer } from "../../../src/sharing/parties";
import type { World } from "../generated-world";

/** What somebody was told that another judge denies. */
export interface Disagreement {
  /** The place of the viewer's world among those judged together. */
  place: number;
  viewer: MaybeViewer;
  /** The instant of the question. */
  now: number;
  about: object;
  actual: string;
  expected: string;
}

/** Who asks, in which world and when. */
export interface Question {
  world: World;
  place: number;
  viewer: MaybeViewer;
  now: number;
}

/** What disagreed, by the name of the law: how often, and where first. */
export class Disagreements {
  readonly byLaw = new Map<string, { times: number; first: Disagreement }>();
  /** How many comparisons were made. */
  compared = 0;

  expect(
    law: string,
    { place, viewer, now }: Question,
    about: object,
    actual: unknown,
    expected: unknown,
  ): void {
    this.compared++;
    const [is, must] = [JSON.stringify(actual) ?? "", JSON.stringify(expected) ?? ""];
    if (is === must) return;
    const known = this.byLaw.get(law);
    if (known) known.times++;
    else {
      const [a, e] = onlyWhatDiffers(actual, expected) ?? [is, must];
      const first = { place, viewer, now, about, actual: a, expected: e };
      this.byLaw.set(law, { times: 1, first });
    }
  }
}

/** Of two objects only the entries that are not the same. */
function onlyWhatDiffers(actual: unknown, expected: unknown): [string, string] | null {
  if (!isObject(actual) || !isObject(expected)) return null;
  const differ = [...new Set([...Object.keys(actual), ...Object.keys(expected)])].filter(
    (key) => JSON.stringify(actual[key]) !== JSON.stringify(expected[key]),
  );
  const of = (one: Record<string, unknown>): string =>
    JSON.stringify(Object.fromEntries(differ.map((key) => [key, one[key]])));
  return differ.length ? [of(actual), of(expected)] : null;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
