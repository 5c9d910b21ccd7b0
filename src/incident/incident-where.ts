import { Filter } from "../where";
import type { Where } from "../sharing/reader";
import type { IncidentFilter } from "./incident.type";

/** A filter as SQL over what the viewer is shown; null where nothing is filtered. */
export function incidentWhere(filter: IncidentFilter | null): Where | null {
  if (!filter) return null;
  const where = new Filter();
  where.text(filter.text, { title: "title", summary: "summary", description: "description" });
  if (filter.category)
    where.field("category", `c.category = ${where.given("category", filter.category)}`);
  if (filter.severity)
    where.field("severity", `c.severity = ${where.given("severity", filter.severity)}`);
  where.group(filter.groupId);
  where.tlp(filter.tlp);
  if (filter.occurredAfter)
    where.field("occurredAt", `c.occurred_at > ${where.value(filter.occurredAfter)}`);
  if (filter.occurredBefore)
    where.field("occurredAt", `c.occurred_at < ${where.value(filter.occurredBefore)}`);
  return where.done();
}
