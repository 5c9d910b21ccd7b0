import { explain } from "../../../src/sharing/explanation";
import { decide, scopeOf } from "../../../src/sharing/policy";
import { disclose, shownFields as fieldsShown } from "../../../src/sharing/disclosure";
import { Reader } from "../../../src/sharing/reader";
import { ANY_ITEM } from "../../doors/selections";
import type { WorldItem } from "../generated-world";
import { oracle } from "../oracle";
import type { Question } from "./disagreements";
import { FIELDS_OF, idOf, shownFields } from "./expected";
import type { HubOfWorlds } from "./hub-of-worlds";

/** What each judge says of items of a world that a hub holds, to one viewer at one instant. */
export async function testimony(
  question: Question,
  hub: HubOfWorlds,
  items: readonly WorldItem[],
): Promise<string> {
  const lines: string[] = [];
  for (const item of items) {
    lines.push(`of ${item.kind} ${item.id}:`);
    for (const [judge, says] of Object.entries(await saidOf(question, hub, item)))
      lines.push(`  ${judge.padEnd(12)} ${says}`);
  }
  return lines.join("\n  ");
}

async function saidOf(
  { world, viewer, now }: Question,
  hub: HubOfWorlds,
  item: WorldItem,
): Promise<Record<string, string>> {
  const { directory, hubId } = hub.hub;
  const scope = scopeOf(viewer, directory, now);
  const verdict = oracle({ ...world, now }, viewer, item);
  const decision = decide(scope, item);
  const explained = explain(scope, directory, item);
  const reader = new Reader(hub.at(now), scope, "query", item.kind);
  const { views } = await reader.page({ first: 100, after: null, where: null });
  const view = views.find((v) => v.uuid === item.id);
  const { data, errors } = await hub.ask(
    [viewer, now],
    `query($id: ID!) { node(id: $id) { ${ANY_ITEM} } }`,
    { id: idOf(item) },
    false,
  );
  const node = data?.node as Answered | null | undefined;
  const redacted = (of: { redactions: { field: string }[] }): string[] =>
    FIELDS_OF[item.kind].filter((f) => !of.redactions.some((r) => r.field === f));
  return {
    oracle: said(verdict.visible, verdict.paths, shownFields({ item, verdict })),
    predicate: said(
      decision.visible,
      decision.paths.map((p) => p.kind),
      decision.visible ? redacted(disclose(item, decision, hubId)) : [],
    ),
    explanation: said(
      explained.visible,
      explained.paths.flatMap((p) => (p.holds ? p.kind : [])),
      fieldsShown(item.kind, decision),
    ),
    SQL: view
      ? said(
          true,
          view.paths.map((p) => p.kind),
          redacted(view),
        )
      : said(false, [], []),
    resolvers: node
      ? said(
          true,
          node.access.map((a) => a.kind),
          redacted(node),
        )
      : errors
        ? JSON.stringify(errors)
        : said(false, [], []),
  };
}

interface Answered {
  access: { kind: string }[];
  redactions: { field: string }[];
}

const said = (visible: boolean, paths: readonly string[], fields: readonly string[]): string =>
  visible ? `visible by ${paths.toSorted().join(", ")}: ${fields.toSorted().join(" ")}` : "hidden";
