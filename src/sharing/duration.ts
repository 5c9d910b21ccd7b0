const DURATION =
  /^P(?=\d|T\d)(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9})S)?)?$/;
const SECOND = 1000;
const DAY = 86_400 * SECOND;
const UNITS = [365 * DAY, 30 * DAY, 7 * DAY, DAY, 3600 * SECOND, 60 * SECOND, SECOND];

/**
 * Milliseconds of an ISO 8601 duration of whole units; null where it is none.
 * WHY: a month is 30 days and a year 365 here. `retention` and `signWithin` are compared in memory and in SQL,
 * and both must draw the boundary at the same instant.
 */
export function durationMs(duration: string): number | null {
  const match = DURATION.exec(duration);
  if (!match) return null;
  return UNITS.reduce((sum, unit, i) => sum + Number(match[i + 1] ?? 0) * unit, 0);
}
