import { randomUUID } from "node:crypto";
import fc from "fast-check";
import {
  buildClientSchema,
  getIntrospectionQuery,
  type GraphQLSchema,
  type IntrospectionQuery,
} from "graphql";
import { largerWorld as anyWorld } from "../sharing/arbitraries";
import type { World } from "../sharing/generated-world";
import { oracle } from "../sharing/oracle";
import type { Arguments } from "../support/client";
import { startEmptyHub, type TestHub } from "../support/hub";
import { everyField, type Walk, walksOf } from "./walk/documents";
import { Judge } from "./walk/judge";
import { type Walker, walkersIn } from "./walk/known-to";
import { marked } from "./walk/marked-world";
import { questionsFor } from "./walk/questions";
import { settle, type Settled } from "./walk/settle";
import { streamed } from "./walk/streamed";

/** `WALKS=100 SEED=7 npx jest schema-walk`: a long walk, and one that was made before. */
const WALKS = Number(process.env.WALKS ?? 8);
const SEED = Number(process.env.SEED ?? 20_260_301);
const worlds = fc
  .sample(anyWorld, { seed: SEED, numRuns: WALKS })
  .toSorted((a, b) => a.now - b.now)
  .map((w, n): [number, typeof w] => [n, w]);

let hub: TestHub;
let schema: GraphQLSchema;
const reached = new Set<string>();
beforeAll(async () => {
  console.log(`schema walk: WALKS=${WALKS} SEED=${SEED}`);
  hub = await startEmptyHub();
});
afterAll(() => hub.stop());

test.each(worlds)(
  "in random world %d no answer tells anybody what the oracle does not allow",
  async (n, generated) => {
    hub.clock.moveTo(generated.now);
    const settled = await settle(hub, marked(generated, randomUUID));
    schema ??= await introspected(settled);
    const failures: string[] = [];
    const walkers = walkersIn(hub, settled);
    for (const walker of walkers) failures.push(...(await asked(walker)));
    // By now others have read what is an owner's.
    const readings = walksOfRoot("query").filter((walk) => walk.field === "disclosures");
    for (const walker of walkers) failures.push(...(await acted(walker, readings)));
    // Acts change the world: nothing is asked after them.
    if (n === worlds.length - 1)
      for (const walks of byConcern(walksOfRoot("mutation")))
        for (const walker of walkers.toSorted((a, b) => power(a) - power(b)))
          failures.push(...(await acted(walker, walks)));
    expect(failures.slice(0, 20)).toEqual([]);
  },
  120_000,
);

test("every field of every type was in some answer", () => {
  expect([...everyField(schema)].filter((field) => !reached.has(field))).toEqual([]);
});

test("what its owner or an analyst is told of an item is found to be too much for others", async () => {
  const hidden = (w: World): boolean =>
    w.items.some(
      (item) =>
        !oracle(w, null, item).visible && w.viewers.some((viewer) => oracle(w, viewer, item).whole),
    );
  const generated = worlds.map(([, w]) => w).find(hidden);
  if (!generated) throw new Error("every item is public, or nobody's");
  const settled = await settle(hub, marked(generated, randomUUID));
  const walkers = walkersIn(hub, settled);
  const anybody = walkers.find((w) => w.viewer === null);
  const owner = walkers.find((w) => [...w.verdicts.values()].some((v) => v.whole));
  if (!anybody || !owner) throw new Error("nobody asks");
  const judge = new Judge(anybody);
  for (const walk of walksOfRoot("query").filter((w) => w.field === "node"))
    for (const variables of questionsFor(walk, owner))
      judge.answer("node", await owner.client.query(walk.document, variables));
  const found = judge.failures.join("\n");
  for (const what of ["hidden item", "release", "owntitle", "PROPOSEDtitle", "reason"])
    expect(found).toContain(what);
});

function walksOfRoot(operation: Walk["operation"]): Walk[] {
  const root = {
    query: schema.getQueryType(),
    mutation: schema.getMutationType(),
    subscription: schema.getSubscriptionType(),
  }[operation];
  return root ? walksOf(schema, root, operation) : [];
}

/** Asks every question, and follows the alerts. */
async function asked(walker: Walker): Promise<string[]> {
  const judge = new Judge(walker);
  for (const walk of walksOfRoot("query"))
    for (const variables of questionsFor(walk, walker)) await one(judge, walker, walk, variables);
  for (const walk of walksOfRoot("subscription")) {
    reached.add(`Subscription.${walk.field}`);
    judge.answer(walk.field, await streamed(hub, walker.client, walk.document));
  }
  for (const field of judge.reached) reached.add(field);
  return judge.failures;
}

/** Asks, or tries, what is given. */
async function acted(walker: Walker, walks: readonly Walk[]): Promise<string[]> {
  const judge = new Judge(walker);
  for (const walk of walks)
    for (const variables of questionsFor(walk, walker)) await one(judge, walker, walk, variables);
  for (const field of judge.reached) reached.add(field);
  return judge.failures;
}

async function one(judge: Judge, walker: Walker, walk: Walk, variables: Arguments): Promise<void> {
  const answer = await walker.client.query(walk.document, variables);
  const root = `${walk.operation.charAt(0).toUpperCase()}${walk.operation.slice(1)}`;
  if (answer.status === 200) reached.add(`${root}.${walk.field}`);
  if (!Object.keys(variables).length) judge.counted(walk.field, answer);
  judge.answer(`${walk.field}(${JSON.stringify(variables)})`, answer);
  for (const { message, extensions } of answer.errors ?? [])
    if (extensions.code === "INTERNAL" || extensions.code === "QUERY_TOO_COMPLEX")
      judge.failures.push(`${walk.field}(${JSON.stringify(variables)}): ${message}`);
}

/** One document of each act: first the acts on items, then those on parties, which change what others may see. */
function byConcern(walks: readonly Walk[]): Walk[][] {
  const acts = [...new Map(walks.toReversed().map((w) => [w.field, w])).values()];
  const onItems = /Incident|Indicator|Advisory|Item|Release|Sighting|Bundle|Watch/;
  return [acts.filter((a) => onItems.test(a.field)), acts.filter((a) => !onItems.test(a.field))];
}

/** Whose acts change what others may see comes last. */
function power({ viewer, settled }: Walker): number {
  if (viewer?.roles.some((r) => r === "OPERATOR_ADMIN")) return 3;
  if (viewer?.accountId === settled.coordinator.accountId) return 2;
  return viewer?.roles.some((r) => r === "ORG_ADMIN") ? 1 : 0;
}

async function introspected({ keys }: Settled): Promise<GraphQLSchema> {
  const [ring] = keys.values();
  const answer = await ring?.own.query(getIntrospectionQuery());
  return buildClientSchema(answer?.data as unknown as IntrospectionQuery);
}
