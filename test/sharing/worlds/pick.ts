/** There is one operator, in all worlds that share a database the same. */
export const OPERATOR = "0e0e0e0e-0000-4000-8000-000000000000";

/** Any number picks somebody. */
export function pick<T>(list: readonly T[], n: number): T {
  const one = list[n % list.length];
  if (one === undefined) throw new RangeError("nothing to pick from");
  return one;
}
