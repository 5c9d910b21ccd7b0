import { Problems } from "./errors";
import { uuidOf } from "./ids";
import { checkText, MAX_NAME } from "./inputs";
import type { FieldName } from "./sharing/fields";
import { type Where } from "./sharing/reader";
import { shows, showsWording } from "./sharing/reader-sql";
import { type Tlp, tlpRank } from "./sharing/tlp";

/**
 * Gathers the conditions of a filter. A condition on a field holds only where the viewer is shown that field, so that a
 * filter never tells what a redaction hides.
 */
export class Filter {
  private readonly parts: string[] = [];
  private readonly values: unknown[] = [];
  private readonly sets: string[] = [];

  /** The place of a value in the query. */
  value(value: unknown): string {
    this.values.push(value);
    return `$<${this.values.length - 1}>`;
  }

  /** The place of a text that a client sent. Throws BAD_USER_INPUT for one that no field could hold. */
  given(path: string, text: string, max = MAX_NAME): string {
    const problems = new Problems();
    checkText(problems, `filter.${path}`, text, max);
    problems.throwIfAny();
    return this.value(text);
  }

  /** A condition on a field of the item. */
  field(field: FieldName, sql: string): void {
    this.parts.push(`${shows(field)} AND (${sql})`);
  }

  /** SQL of the ids that alone can match, found by an index. */
  only(ids: string): void {
    this.sets.push(ids);
  }

  add(sql: string): void {
    this.parts.push(sql);
  }

  tlp(tlps: readonly Tlp[] | null | undefined): void {
    if (tlps) this.add(`s.tlp = ANY(${this.value(tlps.map(tlpRank))}::smallint[])`);
  }

  /** Items that reach the viewer through this group. */
  group(groupId: string | null | undefined): void {
    if (groupId !== null && groupId !== undefined)
      this.add(`${this.value(uuidOf(groupId, "group"))}::uuid = ANY(s.groups)`);
  }

  /**
   * Text anywhere in the shown wording, without regard to case.
   * @param own the columns of the item's own wording, by the field that shows them
   */
  text(text: string | null | undefined, own: Partial<Record<FieldName, string>>): void {
    if (!text) return;
    const pattern = this.given(
      "text",
      `%${text.replaceAll(/[\\%_]/g, (c) => `\\${c}`)}%`,
      2 * MAX_NAME,
    );
    const parts = Object.entries(own).map(([field, column]) => {
      const released = `(SELECT w.${RELEASED_AS[column ?? ""] ?? column} FROM release w WHERE w.id = s.worded_by)`;
      return `(CASE WHEN s.whole THEN c.${column} WHEN ${showsWording(field as FieldName)} THEN ${released} END) ILIKE ${pattern}`;
    });
    this.add(`(${parts.join(" OR ")})`);
  }

  done(): Where | null {
    if (!this.parts.length) return null;
    const all = this.parts.map((p) => `(${p})`).join(" AND ");
    const place = (first: number) => (_: string, i: string) => `$${first + Number(i)}`;
    const placed = (sql: string) => (first: number) => sql.replaceAll(/\$<(\d+)>/g, place(first));
    const among = this.sets.length ? `IN (${this.sets.join(" INTERSECT ")})` : "";
    return { sql: placed(all), among: placed(among), values: this.values };
  }
}

/** The column of a release that carries an item's wording column. */
const RELEASED_AS: Record<string, string> = { name: "title", body: "description" };
