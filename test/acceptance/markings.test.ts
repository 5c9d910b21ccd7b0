import { randomUUID } from "node:crypto";
import type { Arguments } from "../support/client";
import { startTestHub, type TestHub } from "../support/hub";
import { agree, buildWorld, makeIncident, release } from "../support/world";

/** Acceptance cases 7 and 9: which marking wins, and what the markings of STIX mean. */
let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta"],
    accounts: { contractor: { of: "acme", roles: ["MEMBER"], affiliation: "CONTRACTOR" } },
    groups: { power: { members: ["acme", "beta"] } },
    agreements: [{ from: "power", to: "power" }],
  });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
});
afterAll(() => hub.stop());

const marking = (uuid: string): string => `marking-definition--${uuid}`;
const TLP = {
  GREEN: marking("bab4a63c-aed9-4cf5-a766-dfca5abac2bb"),
  AMBER: marking("55d920b0-5e8b-4f79-9ee9-91f868d9b421"),
  AMBER_STRICT: marking("939a9414-2ddd-4d32-a0cd-375ea402b003"),
  RED: marking("e828b379-4e03-4974-9ac4-e53a884c97c1"),
};
const PAP = {
  CLEAR: marking("ad15a0cd-55b6-4588-a14c-a66105329b92"),
  GREEN: marking("c43594d1-4b11-4c59-93ab-1c9b14d53ce9"),
  AMBER: marking("60f8932b-e51e-4458-b265-a2e8be9a80ab"),
  RED: marking("740d36e5-7714-4c30-961a-3ae632ceee0e"),
};
const IEP = "extension-definition--762e2e97-ee51-43e5-a9ea-165fbb862c4a";

let n = 0;
const stix = (more: object = {}): Record<string, unknown> => ({
  type: "indicator",
  spec_version: "2.1",
  id: `indicator--${randomUUID()}`,
  pattern: `[domain-name:value = 'marked${++n}.test']`,
  pattern_type: "stix",
  valid_from: "2026-01-01T00:00:00Z",
  ...more,
});
const definition = (more: object): Record<string, unknown> & { id: string } => ({
  type: "marking-definition",
  spec_version: "2.1",
  id: marking(randomUUID()),
  created: "2026-01-01T00:00:00.000Z",
  ...more,
});
const extension = (id: string, says: object): object => ({
  extensions: { [id]: { extension_type: "property-extension", ...says } },
});
interface Submitted {
  accepted: number;
  merged: number;
  rejected: number;
  problems: { objectId: string | null; message: string }[];
  itemIds: string[];
}
const submit = (objects: unknown[], more: Arguments = {}, client = w.as.acme): Promise<Submitted> =>
  client.do<Submitted>(
    "submitBundle",
    { bundle: { type: "bundle", id: `bundle--${randomUUID()}`, objects }, ...more },
    "accepted merged rejected problems { objectId message } itemIds",
  );
/** The marking with which an object is stored. */
const stored = async (object: object, others: object[] = [], more: Arguments = {}) => {
  const { itemIds } = await submit([...others, object], more);
  return w.as.acme.ask<object>("indicator", { id: itemIds[0] }, "tlp pap");
};

describe("case 7: of conflicting markings the strictest of each axis wins", () => {
  test("IEP amber, TLP:AMBER+STRICT and PAP:RED together are TLP:AMBER+STRICT and PAP:RED", async () => {
    const iep = definition(
      extension(IEP, { tlp: "amber", permitted_actions: "externally-visible-direct-actions" }),
    );
    const refs = { object_marking_refs: [iep.id, TLP.AMBER_STRICT, PAP.RED] };
    expect(await stored(stix(refs), [iep])).toEqual({ tlp: "AMBER_STRICT", pap: "RED" });
  });

  test.each([
    ["red", "none", "RED", "RED"],
    ["amber", "contact-for-instruction", "AMBER", "RED"],
    ["amber", "internally-visible-actions", "AMBER", "RED"],
    ["green", "externally-visible-indirect-actions", "GREEN", "AMBER"],
    ["white", "externally-visible-direct-actions", "CLEAR", "GREEN"],
    ["amber", "whatever-you-like", "AMBER", "RED"],
  ])("an IEP policy of tlp %s and %s is TLP:%s and PAP:%s", async (tlp, actions, ...both) => {
    const iep = definition(extension(IEP, { tlp, permitted_actions: actions }));
    const [shownTlp, pap] = both;
    expect(await stored(stix({ object_marking_refs: [iep.id] }), [iep])).toEqual({
      tlp: shownTlp,
      pap,
    });
  });

  test.each(Object.entries(PAP))("PAP:%s is read from its OASIS marking", async (pap, ref) => {
    expect(await stored(stix({ object_marking_refs: [TLP.GREEN, ref] }))).toEqual({
      tlp: "GREEN",
      pap,
    });
  });

  test("several of one axis: the strictest, in whatever order they stand", async () => {
    const refs = [PAP.AMBER, TLP.AMBER, PAP.GREEN, TLP.AMBER_STRICT, PAP.CLEAR, TLP.GREEN];
    const strictest = { tlp: "AMBER_STRICT", pap: "AMBER" };
    expect(await stored(stix({ object_marking_refs: refs }))).toEqual(strictest);
    expect(await stored(stix({ object_marking_refs: refs.toReversed() }))).toEqual(strictest);
  });

  test.each([
    [["tlp:amber+strict", "PAP:RED"], "AMBER_STRICT", "RED"],
    [["TLP:WHITE", "pap:white"], "GREEN", "CLEAR"],
    [["tlp:red"], "RED", "AMBER"],
    [["tlp:unclear"], "RED", "AMBER"],
    [["PAP:PINK"], "GREEN", "RED"],
    [["tlp:ex:chr", "phishing"], "GREEN", "AMBER"],
  ])("MISP's tags %j beside TLP:GREEN make TLP:%s and PAP:%s", async (labels, tlp, pap) => {
    expect(await stored(stix({ labels, object_marking_refs: [TLP.GREEN] }))).toEqual({ tlp, pap });
  });

  test("a statement that is a tag is read, any other one is unknown and so the strictest of both", async () => {
    const says = (statement: string) =>
      definition({ definition_type: "statement", definition: { statement } });
    const [pap, copyright] = [says("PAP:RED"), says("Copyright 2026")];
    expect(await stored(stix({ object_marking_refs: [TLP.GREEN, pap.id] }), [pap])).toEqual({
      tlp: "GREEN",
      pap: "RED",
    });
    const refs = { object_marking_refs: [TLP.GREEN, copyright.id] };
    expect(await stored(stix(refs), [copyright])).toEqual({ tlp: "RED", pap: "RED" });
  });

  test("a bundle cannot redefine a well-known marking, nor weaken its own by saying it twice", async () => {
    const spoof = {
      ...definition({ definition_type: "tlp", definition: { tlp: "white" } }),
      id: TLP.AMBER_STRICT,
    };
    const refs = { object_marking_refs: [TLP.AMBER_STRICT] };
    expect(await stored(stix(refs), [spoof])).toMatchObject({ tlp: "AMBER_STRICT" });
    const red = definition({ definition_type: "tlp", definition: { tlp: "red" } });
    const green = { ...red, definition: { tlp: "green" } };
    const both = { object_marking_refs: [red.id] };
    expect(await stored(stix(both), [red, green])).toMatchObject({ tlp: "RED" });
    expect(await stored(stix(both), [green, red])).toMatchObject({ tlp: "RED" });
  });

  test("a granular marking holds for the whole object; its selector must name a property", async () => {
    const granular = (selectors: string[]) =>
      stix({
        name: "Named",
        labels: ["one"],
        object_marking_refs: [TLP.GREEN],
        granular_markings: [
          { marking_ref: TLP.AMBER_STRICT, selectors },
          { marking_ref: PAP.RED, selectors },
          { lang: "ja", selectors },
        ],
      });
    expect(await stored(granular(["pattern", "labels.[0]"]))).toEqual({
      tlp: "AMBER_STRICT",
      pap: "RED",
    });
    for (const selector of ["patern", "labels.[1]", "name.[0]", "labels.name", "__proto__"]) {
      const { rejected, problems } = await submit([granular([selector])]);
      expect(rejected).toBe(1);
      expect(problems[0]?.message).toContain(selector);
    }
    const unknown = { marking_ref: marking(randomUUID()), selectors: ["name"] };
    const refs = { object_marking_refs: [TLP.GREEN], name: "N", granular_markings: [unknown] };
    expect(await stored(stix(refs))).toEqual({ tlp: "RED", pap: "RED" });
    expect(await stored(stix({ ...refs, granular_markings: ["?"] }))).toMatchObject({ tlp: "RED" });
  });

  test("what is shown is the strictest of each axis among the reader's paths, at every door", async () => {
    const input = { title: "Twice marked", category: "malicious-code", tlp: "GREEN" };
    const id = await makeIncident(w.as.acme, { ...input, pap: "RED" });
    await release(w.as.acme, id, { groupIds: [w.group.power], tlp: "GREEN" });
    // The owner loosens its own mark; what it released before stays as strict as it was.
    await w.as.acme.do("updateIncident", { id, input: { ...input, pap: "CLEAR" } });
    const live = await hub.subscribe(w.as.beta);
    await release(w.as.acme, id, { organizationIds: [w.org.beta], tlp: "AMBER_STRICT" });
    const strictest = { tlp: "AMBER_STRICT", pap: "RED" };
    expect(await w.as.beta.ask("incident", { id }, "tlp pap access { kind }")).toEqual({
      ...strictest,
      access: expect.arrayContaining([{ kind: "AGREEMENT" }, { kind: "BILATERAL" }]),
    });
    expect(await w.as.beta.ask("node", { id }, "... on SharedItem { tlp pap }")).toEqual(strictest);
    const found = (tlp: string[]) =>
      w.as.beta.ask(
        "incidents",
        { filter: { text: "Twice", tlp } },
        "totalCount nodes { tlp pap }",
      );
    expect(await found(["AMBER_STRICT"])).toEqual({ totalCount: 1, nodes: [strictest] });
    expect(await found(["CLEAR", "GREEN", "AMBER", "RED"])).toEqual({ totalCount: 0, nodes: [] });
    expect(await live.next()).toMatchObject({ itemId: id, item: { tlp: "AMBER_STRICT" } });
  });

  test("a PAP above the agreement's ceiling is not released under it, whatever its TLP", async () => {
    const terms = { papCeiling: "AMBER" };
    await agree(w, { from: "power", to: "power", terms, signedBy: ["acme", "beta"] });
    const id = await makeIncident(w.as.acme, { tlp: "CLEAR", pap: "RED" });
    const input = { itemId: id, groupIds: [w.group.power], tlp: "CLEAR" };
    const refusal = await w.as.acme.refused("releaseItem", { input });
    expect(refusal.issues).toEqual({
      "input.groupIds.0": "the item's PAP is above the agreement's ceiling",
    });
  });
});

describe("case 7: a repeat that is marked otherwise", () => {
  const first = async (
    refs: string[],
  ): Promise<{ object: Record<string, unknown>; id: string }> => {
    const object = stix({ labels: ["first"], object_marking_refs: refs });
    const to = { releaseToGroupIds: [w.group.power], fromGroupId: w.group.power };
    const { itemIds, problems } = await submit([object], to);
    expect(problems).toEqual([]);
    return { object, id: itemIds[0] ?? "" };
  };
  const seen = (id: string) => w.as.beta.ask("indicator", { id }, "tlp pap labels");

  test("stricter makes what is there stricter before its labels are shown, and the act is on record", async () => {
    const { object, id } = await first([TLP.GREEN, PAP.GREEN]);
    expect(await seen(id)).toMatchObject({ tlp: "GREEN", pap: "GREEN" });
    const live = await hub.subscribe(w.as.beta);
    const repeat = { ...object, labels: ["second"], object_marking_refs: [TLP.AMBER, PAP.AMBER] };
    expect(await submit([repeat])).toMatchObject({ merged: 1, problems: [] });
    expect(await seen(id)).toEqual({ tlp: "AMBER", pap: "AMBER", labels: ["first", "second"] });
    expect(await live.rest()).toMatchObject([{ type: "ITEM_UPDATED", itemId: id, count: 1 }]);
    await submit([{ ...object, labels: ["third"], object_marking_refs: [TLP.RED] }]);
    expect(await seen(id)).toBeNull();
    expect((await live.rest()).map((a) => [a.type, a.itemId, a.item])).toEqual([
      ["ACCESS_ENDED", id, null],
    ]);
    const { nodes } = await w.as.acme.ask<{ nodes: { subject: string; before: object }[] }>(
      "auditLog",
      { first: 100 },
      "nodes { act subject before after }",
    );
    expect(nodes.filter((a) => a.subject === id && "tlp" in (a.before ?? {}))).toMatchObject([
      { before: { tlp: "GREEN", pap: "GREEN" }, after: { tlp: "AMBER", pap: "AMBER" } },
      { before: { tlp: "AMBER", pap: "AMBER" }, after: { tlp: "RED", pap: "AMBER" } },
    ]);
  });

  test("weaker makes nothing weaker", async () => {
    const { object, id } = await first([TLP.AMBER, PAP.AMBER]);
    const repeat = { ...object, labels: ["second"], object_marking_refs: [TLP.GREEN, PAP.CLEAR] };
    expect(await submit([repeat])).toMatchObject({ merged: 1 });
    expect(await seen(id)).toEqual({ tlp: "AMBER", pap: "AMBER", labels: ["first", "second"] });
  });

  test("not at all is named where it adds something, and changes nothing: it neither ends what is shared nor is shown under it", async () => {
    const { object, id } = await first([TLP.AMBER]);
    const repeat = { ...object, labels: ["unmarked"], object_marking_refs: undefined };
    const { rejected, problems } = await submit([repeat]);
    expect(rejected).toBe(1);
    expect(problems[0]?.message).toMatch(/object_marking_refs.*mark it/);
    expect(await seen(id)).toMatchObject({ tlp: "AMBER", labels: ["first"] });
    const nothingNew = { ...object, object_marking_refs: undefined };
    expect(await submit([nothingNew])).toMatchObject({ merged: 1, rejected: 0, problems: [] });
    expect(await seen(id)).toMatchObject({ tlp: "AMBER", labels: ["first"] });
    expect(await submit([repeat], { tlp: "AMBER" })).toMatchObject({ merged: 1 });
    expect(await seen(id)).toMatchObject({ tlp: "AMBER", labels: ["first", "unmarked"] });
  });

  test("by a contractor who may not see what is there answers exactly as something new", async () => {
    const object = stix({ object_marking_refs: [TLP.AMBER_STRICT] });
    const { itemIds: hidden } = await submit([object]);
    const fresh = stix({ object_marking_refs: [TLP.AMBER] });
    const repeat = { ...object, object_marking_refs: [TLP.AMBER] };
    const selection = "accepted merged rejected problems { objectId message }";
    const sent = (o: object) =>
      w.as.contractor.do("submitBundle", { bundle: { type: "bundle", objects: [o] } }, selection);
    expect(await sent(repeat)).toEqual(await sent(fresh));
    // What it wrote itself it merges with, though it may not read it.
    const own = stix();
    expect(await sent(own)).toMatchObject({ accepted: 1 });
    expect(await sent(own)).toMatchObject({ accepted: 0, merged: 1 });
    const shown = await w.as.acme.ask<object>("indicator", { id: hidden[0] }, "tlp stixId");
    expect(shown).toEqual({ tlp: "AMBER_STRICT", stixId: object.id });
  });
});

describe("case 9: markings of version 1 and 2 behave the same", () => {
  const V1 = {
    CLEAR: marking("613f2e26-407d-48c7-9eca-b8e91df99dc9"),
    GREEN: marking("34098fce-860f-48ae-8e50-ebd3cc5e41da"),
    AMBER: marking("f88d31f6-486f-44da-b317-01333bde0b82"),
    RED: marking("5e57c739-391a-4eb3-b6be-7d15ca92d5ed"),
  };
  const V2 = {
    CLEAR: marking("94868c89-83c2-464b-929b-a1a8aa3c8487"),
    GREEN: TLP.GREEN,
    AMBER: TLP.AMBER,
    RED: TLP.RED,
  };

  test.each(["CLEAR", "GREEN", "AMBER", "RED"] as const)(
    "TLP:%s of either version is stored, released and shown alike",
    async (tlp) => {
      const to = { releaseToGroupIds: [w.group.power], fromGroupId: w.group.power };
      const outcomes = await Promise.all(
        [V1[tlp], V2[tlp]].map(async (ref) => {
          const object = stix({ object_marking_refs: [ref] });
          const { accepted, problems, itemIds } = await submit([object], to);
          const [id] = itemIds;
          const own = await w.as.acme.ask("indicator", { id }, "tlp pap");
          const shown = await w.as.beta.ask("indicator", { id }, "tlp pap");
          return { accepted, problems: problems.map((p) => p.message), own, shown };
        }),
      );
      expect(outcomes[0]).toEqual(outcomes[1]);
      expect(outcomes[0]).toMatchObject({
        own: { tlp },
        shown: tlp === "RED" ? null : { tlp, pap: "AMBER" },
      });
    },
  );

  test("mixed in one object they are one: AMBER of both is AMBER, and TLP:WHITE beside it changes nothing", async () => {
    const refs = { object_marking_refs: [V1.AMBER, V2.AMBER, V1.CLEAR] };
    expect(await stored(stix(refs))).toMatchObject({ tlp: "AMBER" });
  });

  test("TLP:WHITE in every form it comes in is TLP:CLEAR out, seen by everybody once released to everyone", async () => {
    const white = definition({ definition_type: "tlp", definition: { tlp: "white" } });
    const forms = [
      stix({ object_marking_refs: [V1.CLEAR] }),
      stix({ object_marking_refs: [white.id] }),
      stix({ labels: ["tlp:white"] }),
    ];
    const { itemIds } = await submit([white, ...forms]);
    expect(itemIds).toHaveLength(3);
    for (const id of itemIds) {
      await release(w.as.acme, id, { toEveryone: true, tlp: "CLEAR" });
      expect(await hub.anonymous.ask("indicator", { id }, "tlp")).toEqual({ tlp: "CLEAR" });
    }
  });

  test.each([
    ["no marking", {}],
    ["an empty list of markings", { object_marking_refs: [] }],
    ["only a PAP", { object_marking_refs: [PAP.CLEAR] }],
  ])(
    "an object with %s is TLP:RED, reaches no group and is seen by nobody else",
    async (_, refs) => {
      const to = { releaseToGroupIds: [w.group.power], fromGroupId: w.group.power };
      const { itemIds, problems } = await submit([stix(refs)], to);
      const [id] = itemIds;
      expect(await w.as.acme.ask("indicator", { id }, "tlp")).toEqual({ tlp: "RED" });
      expect(problems[0]?.message).toMatch(/TLP:RED/);
      expect(await w.as.beta.ask("indicator", { id })).toBeNull();
      expect(await hub.anonymous.ask("indicator", { id })).toBeNull();
    },
  );

  test.each([
    ["an id that nobody defined", marking(randomUUID())],
    ["something that is no id", 42],
    ["null", null],
  ])(
    "%s is the most restrictive of both axes, also beside TLP:CLEAR and what the submitter says",
    async (_, ref) => {
      const refs = { object_marking_refs: [V2.CLEAR, PAP.CLEAR, ref] };
      expect(await stored(stix(refs), [], { tlp: "CLEAR" })).toEqual({ tlp: "RED", pap: "RED" });
    },
  );

  test("a definition of an extension that the hub does not know is as unknown as its id", async () => {
    const acs = definition(
      extension("extension-definition--3a65884d-005a-4290-8335-cb2d778a83ce", { identifier: "x" }),
    );
    const refs = { object_marking_refs: [acs.id, TLP.GREEN] };
    expect(await stored(stix(refs), [acs])).toEqual({ tlp: "RED", pap: "RED" });
  });
});
