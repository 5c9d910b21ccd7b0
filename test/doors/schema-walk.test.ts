import fc from "fast-check";
import { randomUUID } from "node:crypto";
import {
  buildClientSchema,
  getIntrospectionQuery,
  type GraphQLSchema,
  type IntrospectionQuery,
} from "graphql";
import { world as anyWorld } from "../sharing/arbitraries";
import { startEmptyHub, type TestHub } from "../support/hub";
import { everyField, walksOf } from "./walk/documents";
import { Judge } from "./walk/judge";
import { walker, type Walker } from "./walk/known-to";
import { marked } from "./walk/marked-world";
import { questionsFor } from "./walk/questions";
import { settle, type Settled } from "./walk/settle";
import { streamed } from "./walk/streamed";

/** `WALKS=100 SEED=7 npx jest schema-walk`: a long walk, and one that was made before. */
const WALKS = Number(process.env.WALKS ?? 8);
const SEED = Number(process.env.SEED ?? 20_260_301);

let hub: TestHub;
let schema: GraphQLSchema;
const reached = new Set<string>();
beforeAll(async () => {
  console.log(`schema walk: WALKS=${WALKS} SEED=${SEED}`);
  hub = await startEmptyHub();
});
afterAll(() => hub.stop());

const worlds = fc
  .sample(anyWorld, { seed: SEED, numRuns: WALKS })
  .toSorted((a, b) => a.now - b.now)
  .map((w, n): [number, typeof w] => [n, w]);

/** Everybody who asks in a world: nobody known, each account with its own key or another's, the first with both. */
function walkersIn(settled: Settled): Walker[] {
  return settled.world.viewers.flatMap((viewer, n): Walker[] => {
    if (!viewer) return [walker(settled, null, hub.anonymous, "anybody")];
    const ring = settled.keys.get(viewer.accountId);
    if (!ring) throw new Error("an account without keys");
    const who = `${viewer.affiliation} ${viewer.roles.join("+")} of ${viewer.organizationKind}`;
    const own = walker(settled, { ...viewer, ownCredential: true }, ring.own, who);
    const foreign = walker(
      settled,
      { ...viewer, ownCredential: false },
      ring.foreign,
      `${who} with a key made by another`,
    );
    if (n === 1) return [own, foreign];
    return [viewer.ownCredential ? own : foreign];
  });
}

test.each(worlds)(
  "in random world %d nobody is told anything that the oracle does not allow",
  async (_, generated) => {
    hub.clock.moveTo(generated.now);
    const settled = await settle(hub, marked(generated, randomUUID));
    schema ??= await introspected(settled);
    const query = schema.getQueryType();
    const subscription = schema.getSubscriptionType();
    if (!query || !subscription) throw new Error("no queries");
    const failures: string[] = [];
    for (const one of walkersIn(settled)) {
      const judge = new Judge(one);
      for (const walk of walksOf(schema, query, "query")) {
        for (const variables of questionsFor(walk, one)) {
          const answer = await one.client.query(walk.document, variables);
          if (answer.data) judge.reached.add(`Query.${walk.field}`);
          judge.answer(`${walk.field}(${JSON.stringify(variables)})`, answer);
          for (const error of answer.errors ?? [])
            if (
              error.extensions.code === "INTERNAL" ||
              error.extensions.code === "QUERY_TOO_COMPLEX"
            )
              failures.push(`${walk.field}: ${error.message}`);
        }
      }
      for (const walk of walksOf(schema, subscription, "subscription")) {
        judge.reached.add(`Subscription.${walk.field}`);
        judge.answer(walk.field, await streamed(hub, one.client, walk.document));
      }
      failures.push(...judge.failures);
      for (const field of judge.reached) reached.add(field);
    }
    expect(failures.slice(0, 20)).toEqual([]);
  },
  120_000,
);

async function introspected({ keys }: Settled): Promise<GraphQLSchema> {
  const [ring] = keys.values();
  const answer = await ring?.own.query(getIntrospectionQuery());
  return buildClientSchema(answer?.data as unknown as IntrospectionQuery);
}

test("every field of every type was in some answer", () => {
  const missed = [...everyField(schema)].filter((field) => !reached.has(field));
  expect(missed).toEqual([]);
});
