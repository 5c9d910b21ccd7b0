const DAY_MS = 86_400_000;

/** Whether a name is one of the IANA time zones. */
export function isTimeZone(name: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat("en", { timeZone: name }));
  } catch {
    return false;
  }
}

/** The next instant after another at which it is a full hour somewhere. Where clocks skip that hour: just after. */
export function nextAt(hour: number, timeZone: string, after: number): number {
  for (let days = 0; ; days++) {
    const day = new Date(after + offsetMs(timeZone, after) + days * DAY_MS);
    const wall = Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate(), hour);
    // The offset at the instant itself may be another than now; twice settles it.
    const guess = wall - offsetMs(timeZone, wall - offsetMs(timeZone, after));
    const instant = wall - offsetMs(timeZone, guess);
    if (instant > after) return instant;
  }
}

/** How much the clocks of a time zone are ahead of UTC at an instant. */
function offsetMs(timeZone: string, at: number): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(at);
  const of = (type: string): number => Number(parts.find((p) => p.type === type)?.value);
  const wall = Date.UTC(
    of("year"),
    of("month") - 1,
    of("day"),
    of("hour"),
    of("minute"),
    of("second"),
  );
  return wall - Math.floor(at / 1000) * 1000;
}
