import fc from "fast-check";
import { type Base, openWorld, type World } from "./revocation/world";
import { base } from "./revocation/base";
import { commands, type Now } from "./revocation/acts";
import { Ears } from "./revocation/ears";

/** `RUNS=500 SEED=7 npx jest revocation`: a long run, and one that happened before. */
const RUNS = Number(process.env.RUNS ?? 6);
const SEED = Number(process.env.SEED ?? 20_260_401);
const MOST = Number(process.env.COMMANDS ?? 60);
/** How long to look, in all; a failure is then reported as small as it has become. */
const TIME_MS = Number(process.env.TIME_MS ?? 120_000);

let from: Base;
beforeAll(async () => {
  from = await base();
});
afterAll(async () => {
  await latest.catch(() => undefined);
  await from?.database.drop();
});

/** One run: a hub of its own on a copy of the base, and what is done to it. */
async function run(all: Iterable<fc.AsyncCommand<Now, World>>): Promise<void> {
  const world = await openWorld(from);
  try {
    world.ears = new Ears(world);
    for (const viewer of ["beta", "operator", "anonymous"])
      await world.ears.subscribe(viewer, false, null);
    await fc.asyncModelRun(() => ({ model: { world }, real: world }), all);
    acts += world.acts.length;
  } finally {
    await world.stop();
  }
}

let acts = 0;
/** fast-check leaves a run under way when the time is up. */
let latest: Promise<void> = Promise.resolve();

test(
  `whatever happens, everybody sees and hears what the sharing model says (SEED=${SEED} RUNS=${RUNS})`,
  async () => {
    await fc.assert(
      fc.asyncProperty(commands(MOST), (all) => (latest = run(all))),
      {
        seed: SEED,
        numRuns: RUNS,
        interruptAfterTimeLimit: TIME_MS,
        endOnFailure: process.env.HUNT !== undefined,
      },
    );
    console.log(`${acts} acts`);
    expect(acts).toBeGreaterThan(0);
  },
  TIME_MS * 2 + 60_000,
);
