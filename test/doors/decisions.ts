import { oracle } from "../sharing/oracle";
import { listed } from "../sharing/scenario-world";
import { FIELDS } from "../sharing/worlds/consent";
import { ITEM } from "./selections";
import { askedBy, type Asker, type Community, of } from "./community";

const DECISION = `visible fields paths { kind holds conditions { condition holds detail } }`;

interface Decision {
  visible: boolean;
  fields: string[];
  paths: {
    kind: string;
    holds: boolean;
    conditions: { condition: string; holds: boolean }[];
  }[];
}

/** One thing that the scenario says of somebody and an item at an instant. */
interface Asked {
  asker: Asker;
  /** The item's name. */
  item: string;
  now: number;
  /** The reason that it names, if it names one. */
  because: string | null;
}

/** Everything that the scenario says of an account with a key of its own: of others nobody can ask. */
export function decisionsAsked(community: Community): Asked[] {
  const { sees, because } = community.scenario;
  const asked = (text: string, item: string, reason: string | null): Asked[] => {
    const { now } = community.world.viewer(whoAndWhen(text));
    const asker = community.askers.find((a) => a.who === askedBy(text));
    return asker?.viewer?.ownCredential ? [{ asker, item, now, because: reason }] : [];
  };
  return [
    ...[sees, community.scenario["does-not-see"]].flatMap((says) =>
      Object.entries(says ?? {}).flatMap(([text, items]) =>
        listed(items).flatMap((item) => asked(text, item, null)),
      ),
    ),
    ...Object.entries(because ?? {}).flatMap(([text, reason]) => asked(text, of(text), reason)),
  ];
}

/** `Botan of outage on day 3`: `Botan on day 3`. */
export function whoAndWhen(text: string): string {
  const [when] = / (?:on day|just before day) \d+$/.exec(text) ?? [""];
  return `${askedBy(text)}${when}`;
}

/**
 * Asks the item's owner, and the operator, why somebody sees it or not: they say what the oracle says, and the scenario's
 * reason is among theirs.
 * @param at the instant to ask about, as the hub's clock has it; null: this moment
 */
export async function expectDecision(
  community: Community,
  { asker, item: name, now, because }: Asked,
  at: number | null,
): Promise<void> {
  const item = community.world.item(name);
  const args = {
    itemId: community.idOf(item.id),
    accountId: community.idOf(asker.viewer?.accountId ?? ""),
    ...(at !== null && { at: new Date(at).toISOString() }),
  };
  const verdict = oracle(community.at(now), asker.viewer, item);
  const fields = FIELDS.filter((f) => new RegExp(`\\b${f}\\b`).test(ITEM[item.kind]));
  const owner = community.clientOf(item.ownerId);
  const told = await owner.ask<Decision>("sharingDecision", args, DECISION);
  const about = `${asker.who} of ${name}, day ${community.dayOf(at ?? community.hub.clock.now())}`;
  expect({ about, visible: told.visible, fields: told.fields.toSorted() }).toEqual({
    about,
    visible: verdict.visible,
    fields: verdict.visible ? fields.filter((f) => verdict.fields.has(f)).toSorted() : [],
  });
  const holding = new Set(told.paths.filter((p) => p.holds).map((p) => p.kind));
  expect({ about, holding: [...holding].toSorted() }).toEqual({
    about,
    holding: [...new Set(verdict.paths)],
  });
  for (const path of told.paths) expect(path.holds).toBe(path.conditions.every((c) => c.holds));
  if (because !== null) {
    const reasons = told.visible
      ? [...holding]
      : told.paths.flatMap((p) => p.conditions.filter((c) => !c.holds).map((c) => c.condition));
    expect({ about, reasons }).toEqual({ about, reasons: expect.arrayContaining([because]) });
  }
  const own = item.ownerId === community.world.facts.operatorId;
  await expectOperatorToldTheSame(community, own || item.submittedAt <= now, args, told);
}

/** The operator is told all of a submitted item, and of another nothing but what concerns parties. */
async function expectOperatorToldTheSame(
  { hub }: Community,
  submitted: boolean,
  args: Record<string, unknown>,
  owners: Decision,
): Promise<void> {
  const told = await hub.operator.ask<Decision>("sharingDecision", args, DECISION);
  if (submitted) {
    expect(told.visible).toBe(owners.visible);
    expect(told.fields).toEqual(owners.fields);
    expect(told.paths.map((p) => [p.kind, p.holds])).toEqual(
      owners.paths.map((p) => [p.kind, p.holds]),
    );
  } else if (args.at === undefined) {
    expect(told).toMatchObject({ visible: false, fields: [] });
    for (const path of told.paths) expect(path.holds).toBe(false);
  }
}
