import { listed, type Scenario } from "../sharing/scenario-world";
import { instantOf } from "../sharing/scenario-world";
import type { Community } from "./community";
import type { Shown } from "./selections";

type ShownFields = NonNullable<Scenario["fields"]>[string];

/** Expects of an item that came out of the doors what a scenario writes under `fields`. */
export function expectAsWritten(community: Community, view: Shown, written: ShownFields): void {
  const { shows, hides, title, source, sector, created, updated, stixId, ...rest } = written;
  const redacted = view.redactions.map((r) => r.field);
  for (const field of listed(shows))
    expect([field, redacted.includes(field)]).toEqual([field, false]);
  for (const field of listed(hides))
    expect([field, redacted.includes(field)]).toEqual([field, true]);
  expect(view).toMatchObject(rest);
  if (title !== undefined) expect(view.title ?? view.name).toBe(titleOf(community, view, title));
  if (source !== undefined) expect(view.source.attribution).toBe(source);
  if (sector !== undefined) expect(view.source.sector).toBe(sector);
  // A scenario writes ids that its own world would give.
  if (stixId !== undefined)
    expect(view.stixId.split("--")[0]).toBe((stixId as string).split("--")[0]);
  if (created !== undefined) expect(community.dayOf(view.createdAt)).toBe(day(created));
  if (updated !== undefined) expect(community.dayOf(view.updatedAt)).toBe(day(updated));
}

/** A generated title names the id under which the viewer knows the item; others are said in the community's way. */
function titleOf(community: Community, view: Shown, title: string): string | null {
  const [generated] = /^(Incident|Indicator|Advisory) /.exec(title) ?? [];
  return generated
    ? `${generated}${view.stixId.split("--")[1]?.slice(0, 8)}`
    : community.said(title);
}

const day = (written: number): number => (instantOf(written) - instantOf(0)) / 86_400_000;
