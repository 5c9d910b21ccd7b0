export const DAY = 86_400_000;
export const START = Date.UTC(2026, 0, 1);

/** Everything happens at one of a few instants, so that boundaries coincide. */
export const at = (day: number): number => START + day * DAY;

export const rfc3339 = (ms: number): string => new Date(ms).toISOString();
