import { randomUUID } from "node:crypto";
import type { Pool } from "pg";
import { Field, ID, InputType, Int, ObjectType } from "type-graphql";
import type { Context } from "../context";
import { badInput, notFound, Problems } from "../errors";
import { globalId, uuidOf } from "../ids";
import { normalizeObservable, type Observable } from "../observable/observable";
import { checkList, checkText, MAX_NAME } from "../inputs";
import { Node } from "../node.type";

@ObjectType({
  implements: Node,
  description:
    "A standing question of one organization: its own networks, domains, sectors or words. Matches arrive as WATCH_MATCHED.",
})
export class Watch implements Node {
  uuid!: string;
  organizationId!: string;
  watched!: Observable[];
  @Field(() => ID) id!: string;
  @Field(() => String) name!: string;
  @Field(() => [String], {
    description: "In canonical form; a domain stands for its subdomains too.",
  })
  values!: string[];
  @Field(() => [String]) sectors!: string[];
  @Field(() => String, { nullable: true }) text!: string | null;
  @Field(() => Int, { nullable: true }) minScore!: number | null;
  @Field(() => Date) createdAt!: Date;
}

@InputType()
export class WatchInput {
  @Field(() => String) name!: string;
  @Field(() => [String], { nullable: true, defaultValue: [] }) values?: string[] | null;
  @Field(() => [String], { nullable: true, defaultValue: [] }) sectors?: string[] | null;
  @Field(() => String, { nullable: true }) text?: string | null;
  @Field(() => Int, { nullable: true }) minScore?: number | null;
}

type WatchRow = Omit<Watch, "id" | "values">;

const COLUMNS = `id AS uuid, organization_id AS "organizationId", name, watched, sectors, text, min_score AS "minScore",
  created_at AS "createdAt"`;

const watchOf = (row: WatchRow): Watch =>
  Object.assign(new Watch(), row, {
    id: globalId("watch", row.uuid),
    values: row.watched.map((w) => w.value),
  });

/** The watches of the viewer's organization, oldest first. */
export async function watchesOf(ctx: Context): Promise<Watch[]> {
  const { rows } = await ctx.hub.pool.query<Watch>(
    `SELECT ${COLUMNS} FROM watch WHERE organization_id = $1 AND removed_at IS NULL ORDER BY created_at, id`,
    [ctx.account().organizationId],
  );
  return rows.map(watchOf);
}

/** What became of the watches of all organizations since a version. */
export interface WatchChanges {
  /** The version up to which this is complete. */
  version: string;
  added: Watch[];
  /** UUIDs. */
  removed: string[];
}

/** What is newer than a version; null: nothing is. */
export async function watchesSince(
  pool: Pick<Pool, "query">,
  version: string,
): Promise<WatchChanges | null> {
  const { rows: newest } = await pool.query<{ version: string }>({
    name: "watch version",
    text: `SELECT watch_version AS version FROM hub WHERE watch_version > $1 OR $1 < 0`,
    values: [version],
  });
  if (!newest[0]) return null;
  const { rows } = await pool.query<WatchRow & { version: string; removed: boolean }>({
    name: "watches since",
    text: `SELECT version, removed_at IS NOT NULL AS removed, ${COLUMNS} FROM watch WHERE version > $1 ORDER BY version`,
    values: [version],
  });
  return {
    // Rows of later than the version was read are as complete: versions are in commit order.
    version: rows.at(-1)?.version ?? newest[0].version,
    added: rows.flatMap((row) => (row.removed ? [] : watchOf(row))),
    removed: rows.flatMap((row) => (row.removed ? row.uuid : [])),
  };
}

/** A watch of the viewer's organization; null for everything else. */
export async function findWatch(ctx: Context, uuid: string): Promise<Watch | null> {
  return (await watchesOf(ctx)).find((w) => w.uuid === uuid) ?? null;
}

/** For the viewer's organization; by any account of it. It asks for something: values, sectors, text or a score. */
export async function createWatch(ctx: Context, input: WatchInput): Promise<Watch> {
  const account = ctx.account();
  const problems = new Problems();
  const values = input.values ?? [];
  const sectors = input.sectors ?? [];
  checkText(problems, "input.name", input.name, MAX_NAME, true);
  checkList(problems, "input.values", values, 10_000, 4096);
  checkList(problems, "input.sectors", sectors, 100);
  checkText(problems, "input.text", input.text, MAX_NAME);
  const { minScore } = input;
  if (minScore !== null && minScore !== undefined && (minScore < 0 || minScore > 100)) {
    problems.add("input.minScore", "must be from 0 to 100");
  }
  const watched = values.map((value, i) => {
    const observable = normalizeObservable(value);
    if (!observable) problems.add(`input.values.${i}`, "is no known observable type");
    return observable;
  });
  problems.throwIfAny();
  if (!values.length && !sectors.length && !input.text && minScore == null) {
    throw badInput("input", "must watch for something: values, sectors, text or minScore");
  }
  const uuid = randomUUID();
  await ctx.change("content", async (change) => {
    await change.query(
      `INSERT INTO watch (id, organization_id, name, watched, sectors, text, min_score, created_at, created_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        uuid,
        account.organizationId,
        input.name,
        JSON.stringify(watched),
        sectors,
        input.text ?? null,
        minScore ?? null,
        change.now,
        account.uuid,
      ],
    );
    change.record(globalId("watch", uuid), null, { name: input.name });
  });
  await ctx.hub.watches.refresh();
  return (await findWatch(ctx, uuid)) as Watch;
}

/** By any account of the watch's organization. An empty row stays, by which every process hears of it. */
export async function deleteWatch(ctx: Context, id: string): Promise<boolean> {
  const account = ctx.account();
  await ctx.change("content", async (change) => {
    const gone = await change.query<object[]>(
      `WITH gone AS (
         UPDATE watch SET removed_at = $3, name = '', watched = '[]', sectors = '{}', text = NULL, min_score = NULL
         WHERE id = $1 AND organization_id = $2 AND removed_at IS NULL RETURNING id)
       SELECT id FROM gone`,
      [uuidOf(id, "watch"), account.organizationId, change.now],
    );
    if (!gone.length) throw notFound("watch");
    change.record(id, {}, null);
  });
  await ctx.hub.watches.refresh();
  return true;
}
