import { globalId } from "../../../src/ids";
import { disclose, type ItemView } from "../../../src/sharing/disclosure";
import { explain, type ExplainedPath } from "../../../src/sharing/explanation";
import type { Parties } from "../../../src/sharing/parties";
import { endOf } from "../../../src/sharing/path-end";
import { decide, type Decision, scopeOf } from "../../../src/sharing/policy";
import { tlpOf } from "../../../src/sharing/tlp";
import type { WorldAudience, WorldItem } from "../generated-world";
import {
  activeAt,
  admitted,
  analyses,
  oracle,
  standingAt,
  type Verdict,
  versionInForce,
} from "../oracle";
import { rfc3339 } from "../worlds/time";
import type { Disagreements, Question } from "./disagreements";
import { expected, FIELDS_OF, type Shown, shownFields, type Sight, sorted } from "./expected";

/** How often each path was found to hold, by its kind. */
export type Reached = Map<string, number>;

/** The predicate with its disclosure, and the explanation, of each item of the viewer's world, against the oracle. */
export function judgeInMemory(
  question: Question,
  parties: Parties,
  found: Disagreements,
  reached: Reached,
): void {
  const { world, viewer, now } = question;
  const scope = scopeOf(viewer, parties, now);
  const sight: Sight = new Map();
  for (const item of world.items) {
    const verdict = oracle({ ...world, now }, viewer, item);
    const say = (law: string, actual: unknown, must: unknown): void =>
      found.expect(law, question, { item: item.id }, actual, must);
    const decision = decide(scope, item);
    say("predicate: visible", decision.visible, verdict.visible);
    for (const { kind } of decision.paths) reached.set(kind, (reached.get(kind) ?? 0) + 1);
    const explained = explain(scope, parties, item);
    say("explanation: visible", explained.visible, verdict.visible);
    say("explanation: fields", sorted(explained.fields), sorted(shownFields({ item, verdict })));
    judgePaths(explained.paths, question, item, verdict, say);
    if (!decision.visible || !verdict.visible) continue;
    say("predicate: paths", kindsOf(decision), verdict.paths);
    const must = expected({ item, verdict }, sight, (id) => id);
    const ends = decision.paths.map((path) => endOf(parties, scope, path));
    const shown = shapeOf(
      disclose(item, decision, (id) => id),
      ends,
    );
    say("predicate: fields", shown, picked(must, Object.keys(shown)));
  }
}

const kindsOf = ({ paths }: Decision): string[] => paths.map((p): string => p.kind).toSorted();

const picked = (of: Shown, keys: readonly string[]): Shown =>
  Object.fromEntries(keys.map((key) => [key, of[key]]));

/** What resolvers add to a view. */
const RESOLVED = ["indicators", "about", "observables", "score", "sightingCount", "source"];

/**
 * A disclosed item in the shape in which clients are shown it, as far as it is disclosed.
 * @param ends of its paths, in their order
 */
function shapeOf(view: ItemView, ends: readonly number[]): Shown {
  const { attribution, organizationId, groupId } = view.shownSource;
  const content = FIELDS_OF[view.kind]
    .filter((f) => !RESOLVED.includes(f))
    .map((f) => [f, f === "warnings" ? listsOf(view[f]) : view[f]]);
  return {
    id: view.id,
    stixId: view.stixId,
    kind: view.kind,
    tlp: view.tlp,
    pap: view.pap,
    createdAt: view.createdAt,
    updatedAt: view.updatedAt,
    source: {
      attribution,
      organization: organizationId && { id: globalId("organization", organizationId) },
      sector: groupId,
    },
    access: sorted(
      view.paths.map(({ kind, groupId: group, versionId }, i) => ({
        kind,
        group: group === null ? null : { id: globalId("group", group) },
        agreementVersion: versionId === null ? null : { id: globalId("version", versionId) },
        until: Number.isFinite(ends[i]) ? new Date(ends[i]!) : null,
      })),
    ),
    redactions: sorted(view.redactions),
    ...(view.kind === "INCIDENT" && { state: view.state }),
    ...Object.fromEntries(content),
  };
}

const listsOf = (warnings: unknown): object[] =>
  (warnings as { list: string }[]).map(({ list }) => ({ list }));

type Say = (law: string, actual: unknown, must: unknown) => void;

/** Each path of an explanation, and those of its conditions of which the oracle knows the truth. */
function judgePaths(
  paths: readonly ExplainedPath[],
  question: Question,
  item: WorldItem,
  verdict: Verdict,
  say: Say,
): void {
  const own = [null, null, ...item.audiences, null];
  const kinds = ["OWNER", "OPERATOR", ...item.audiences.map((a) => a.path), "AUTHORITY"];
  const holding = own.map((audience, i) =>
    audience ? verdict.audiences.includes(audience) : verdict.paths.includes(kinds[i] ?? ""),
  );
  say(
    "explanation: paths",
    paths.map((p) => [p.kind, p.holds]),
    kinds.map((kind, i) => [kind, holding[i]]),
  );
  say(
    "explanation: a path holds where its conditions do",
    paths.map((p) => p.holds),
    paths.map((p) => p.conditions.every((c) => c.holds)),
  );
  paths.forEach((path, i) => {
    const truth = truthOf(question, item, own[i] ?? null);
    const known = path.conditions.filter((c) => c.says in truth);
    say(
      "explanation: conditions",
      known.map((c) => [c.says, c.holds, c.detail]),
      known.map((c) => [c.says, ...(truth[c.says] ?? [])]),
    );
  });
}

type Truth = Record<string, readonly [holds: boolean, detail: string | null]>;

function truthOf(
  { world, viewer, now }: Question,
  item: WorldItem,
  audience: WorldAudience | null,
): Truth {
  const agreement = world.agreements.find((a) => a.id === audience?.target);
  const group = agreement?.toGroupId ?? "";
  const organization = viewer?.organizationId ?? "";
  const changes = world.memberships.find(
    (m) => m.groupId === group && m.organizationId === organization,
  )?.changes;
  const last = changes?.findLast((c) => c.at <= now);
  const version = agreement && versionInForce(agreement, now);
  const released = audience && globalId("release", audience.releaseId);
  return {
    "the viewer's organization owns the item": [
      item.ownerId === organization,
      globalId("organization", item.ownerId),
    ],
    "the viewer is an analyst of the operator": [analyses(viewer), null],
    "the release names the viewer's organization": [audience?.target === organization, released],
    "the release names the viewer's account, and the credential is the account's own": [
      audience?.target === viewer?.accountId && viewer?.ownCredential === true,
      released,
    ],
    "the release is to everyone": [true, released],
    ...(audience && {
      "the TLP admits this account": [admitted(viewer, audience), `TLP:${tlpOf(audience.tlp)}`],
    }),
    "the item was submitted to the operator": [
      item.submittedAt <= now,
      item.submittedAt === Infinity ? "never" : `on ${rfc3339(item.submittedAt)}`,
    ],
    "the organization is an active member of the audience group": [
      activeAt(world, organization, group, now),
      last ? `${last.state} since ${rfc3339(last.at)}` : "never a member",
    ],
    "an agreement between the two groups is in force": [
      version !== undefined,
      version ? `version ${version.number}, since ${rfc3339(version.effectiveFrom)}` : null,
    ],
    ...(agreement &&
      standingAt(agreement, organization, now) === null && {
        "the organization's signature stands": [false, null],
      }),
    ...(audience && {
      "the release is live": [audience.liveFrom <= now, `since ${rfc3339(audience.liveFrom)}`],
      "the release is not withdrawn, expired or superseded": [
        audience.liveUntil > now,
        `until ${audience.liveUntil === Infinity ? "no end" : rfc3339(audience.liveUntil)}`,
      ],
    }),
  };
}
