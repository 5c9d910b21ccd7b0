import fc from "fast-check";
import { world as anyWorld } from "./arbitraries";
import { Disagreements } from "./judges/disagreements";
import { expectNone } from "./judges/expect-none";
import { HubOfWorlds } from "./judges/hub-of-worlds";
import type { Reached } from "./judges/in-memory";
import { judgeWorlds } from "./judges/judge-worlds";

/** `WORLDS=100000 SEED=7 npx jest equivalence`: a long run, and one that happened before. */
const WORLDS = Number(process.env.WORLDS ?? 2_000);
const SEED = Number(process.env.SEED ?? 20_260_301);
/** So many worlds are in the hub at once. Each lot has a seed of its own: the first SEED, the next SEED + 1. */
const LOT = 100;
/** A long run tells after each so many worlds how far it is. */
const TOLD_AT = 1_000;
const MS_A_WORLD = 500;

let hub: HubOfWorlds;
beforeAll(async () => {
  hub = await HubOfWorlds.open();
});
afterAll(() => hub.close());

test(
  "in random worlds the predicate, the explanation, the SQL and the resolvers say what the sharing model says",
  async () => {
    const reached: Reached = new Map();
    let compared = 0;
    for (let done = 0, seed = SEED; done < WORLDS; done += LOT, seed++) {
      const numRuns = Math.min(LOT, WORLDS - done);
      const worlds = fc.sample(anyWorld, { seed, numRuns });
      const found = new Disagreements();
      await judgeWorlds(hub, worlds, found, reached);
      await expectNone(hub, { seed, worlds }, found);
      compared += found.compared;
      if (WORLDS > 2 * TOLD_AT && (done + LOT) % TOLD_AT === 0)
        console.log(`${done + LOT} of ${WORLDS} worlds from SEED=${SEED} on agree`);
    }
    console.log(`${WORLDS} worlds from SEED=${SEED} on, ${compared} comparisons: all agree`);
    // Worlds in which a path never holds would prove nothing of it.
    const paths = ["AGREEMENT", "BILATERAL", "NAMED", "OPERATOR", "OWNER", "PUBLIC"];
    if (WORLDS >= 1_000)
      expect(paths.filter((path) => (reached.get(path) ?? 0) < WORLDS / 20)).toEqual([]);
  },
  180_000 + WORLDS * MS_A_WORLD,
);
