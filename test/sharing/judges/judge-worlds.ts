import type { MaybeViewer } from "../../../src/sharing/parties";
import { AccessPathKind } from "../../../src/sharing/vocabulary";
import type { World, WorldItem } from "../generated-world";
import { oracle } from "../oracle";
import type { Disagreements, Question } from "./disagreements";
import { KINDS } from "../../doors/selections";
import type { Seen, Sight } from "./expected";
import type { HubOfWorlds } from "./hub-of-worlds";
import { DAY } from "../worlds/time";
import { judgeInMemory, type Reached } from "./in-memory";
import { judgeEnded, judgeLists } from "./readers";
import { Asking } from "./resolvers";

/** So many viewers ask at once. */
const WIDTH = 8;

/** Puts worlds into the hub, and has everybody in them ask every judge. */
export async function judgeWorlds(
  hub: HubOfWorlds,
  worlds: readonly World[],
  found: Disagreements,
  reached: Reached,
): Promise<void> {
  await hub.hold(worlds);
  hub.denied = [];
  const placed = new PlacedItems(worlds);
  const questions = worlds.flatMap((world, place) =>
    world.viewers.map((viewer): Question => ({ world, place, viewer, now: world.now })),
  );
  for (const question of questions)
    for (const moment of [question.now, question.world.another])
      judgeInMemory({ ...question, now: moment }, hub.hub.directory, found, reached);
  // Whatever the world, everybody is the same: shown the same of all of them.
  const asked = questions.filter(({ viewer, place }) => viewer !== null || place % 4 === 0);
  await inParallel(WIDTH, asked, async (question, turn) => {
    try {
      await askHub(question, hub, placed, turn, found);
    } catch (error) {
      found.expect("no judge fails", question, {}, String(error), "");
    }
  });
  if (questions[0])
    found.expect("nothing is thrown while deciding", questions[0], {}, hub.denied, []);
}

/** Has one viewer ask the resolvers and the readers. @param turn which of the questions that are asked by turns are its */
async function askHub(
  question: Question,
  hub: HubOfWorlds,
  placed: PlacedItems,
  turn: number,
  found: Disagreements,
): Promise<void> {
  const { world, viewer, now } = question;
  const sight = placed.seenBy(viewer, now, world);
  const asking = new Asking(question, hub, sight, turn, found);
  await asking.judge();
  const there = KINDS.filter((kind) => turn % 4 === 0 || world.items.some((i) => i.kind === kind));
  const others = there.filter((kind) => kind !== asking.listed);
  if (turn % 2) await judgeLists(question, hub, sight, others, turn % 3 ? 100 : 2, found);
  if (now % DAY === 0 || turn % 4 === 0)
    await judgeEnded(question, hub, placed.seenBy(viewer, now - 1, world), sight, found);
  // At another instant as well: the hub reads so for what changed, and for alerts.
  if (turn % 4) return;
  const another = { ...question, now: world.another };
  const then = placed.seenBy(viewer, world.another, world);
  await judgeLists(another, hub, then, there, 100, found);
}

/** The items of all the worlds that a hub holds. */
export class PlacedItems {
  private readonly all: { world: World; item: WorldItem }[];
  private readonly public: { world: World; item: WorldItem }[];

  constructor(worlds: readonly World[]) {
    this.all = worlds.flatMap((world) => world.items.map((item) => ({ world, item })));
    this.public = this.all.filter(({ item }) =>
      item.audiences.some((a) => a.path === AccessPathKind.PUBLIC),
    );
  }

  /** What the oracle lets somebody see. Worlds share nothing but the operator, and everybody. */
  seenBy(viewer: MaybeViewer, now: number, within: World): Sight {
    const shared = viewer?.organizationId === within.operatorId ? this.all : this.public;
    const own = within.items.map((item) => ({ world: within, item }));
    const sight = new Map<string, Seen>();
    for (const { world, item } of [...own, ...shared]) {
      if (sight.has(item.id)) continue;
      const verdict = oracle({ ...world, now }, viewer, item);
      if (verdict.visible) sight.set(item.id, { item, verdict });
    }
    return sight;
  }
}

async function inParallel<T>(
  width: number,
  list: readonly T[],
  work: (one: T, n: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let n = next++; n < list.length; n = next++) await work(list[n]!, n);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
