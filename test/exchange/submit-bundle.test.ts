import { randomUUID } from "node:crypto";
import type { Arguments } from "../support/client";
import { startTestHub, type TestHub } from "../support/hub";
import { buildWorld } from "../support/world";

let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta"],
    accounts: { member: { of: "acme", roles: ["MEMBER"] } },
    groups: { power: { members: ["acme", "beta"] } },
    agreements: [{ from: "power", to: "power" }],
  });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
});
afterAll(() => hub.stop());

let n = 0;
const stix = (more: object = {}): Record<string, unknown> => ({
  type: "indicator",
  spec_version: "2.1",
  id: `indicator--${randomUUID()}`,
  created: "2026-01-01T00:00:00.000Z",
  modified: "2026-01-01T00:00:00.000Z",
  pattern: `[domain-name:value = 'bundle${++n}.test']`,
  pattern_type: "stix",
  valid_from: "2026-01-01T00:00:00Z",
  ...more,
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
const indicatorOf = async (id: string | undefined, selection = "tlp", client = w.as.acme) =>
  client.ask<Record<string, unknown> | null>("indicator", { id }, selection);

describe("a bundle", () => {
  test("is taken apart: valid objects are stored, each other one is named", async () => {
    const valid = stix({
      name: "N",
      description: "D",
      confidence: 42,
      labels: ["a"],
      indicator_types: ["malicious-activity"],
      valid_until: "2027-01-01T00:00:00Z",
    });
    const broken = stix({ pattern: "[nonsense" });
    const identity = { type: "identity", id: `identity--${randomUUID()}`, name: "Spoofed" };
    const result = await submit([valid, broken, valid, identity]);
    expect(result).toMatchObject({ accepted: 1, merged: 1, rejected: 2 });
    expect(result.problems.map((p) => p.objectId)).toEqual([broken.id, identity.id]);
    expect(result.problems[0]?.message).toMatch(/position/);
    expect(result.problems[1]?.message).toMatch(/identity/);
    const shown = await indicatorOf(
      result.itemIds[0],
      "stixId name description confidence labels pattern validFrom validUntil source { organization { id } }",
    );
    expect(shown).toMatchObject({
      stixId: valid.id,
      name: "N",
      description: "D",
      confidence: 42,
      pattern: valid.pattern,
      validFrom: "2026-01-01T00:00:00.000Z",
      validUntil: "2027-01-01T00:00:00.000Z",
      source: { organization: { id: w.org.acme } },
    });
    expect(shown?.labels).toEqual(expect.arrayContaining(["a", "malicious-activity"]));
  });

  test("that is sent again changes nothing but `merged`", async () => {
    const objects = [stix(), stix()];
    expect(await submit(objects)).toMatchObject({ accepted: 2, merged: 0, rejected: 0 });
    const before = await w.as.acme.ask("indicators", {}, "totalCount");
    const again = await submit(objects);
    expect(again).toMatchObject({ accepted: 0, merged: 2, rejected: 0, problems: [] });
    expect(await w.as.acme.ask("indicators", {}, "totalCount")).toEqual(before);
  });

  test("merges a repeat of the same pattern into the organization's own, with its labels", async () => {
    const { pattern } = stix();
    const first = await submit([stix({ pattern, labels: ["one"] })]);
    const second = await submit([stix({ pattern, labels: ["two"] })]);
    expect(second).toMatchObject({ accepted: 0, merged: 1, itemIds: first.itemIds });
    const shown = await indicatorOf(first.itemIds[0], "labels");
    expect(shown?.labels).toEqual(expect.arrayContaining(["one", "two"]));
  });

  test("never merges into what another organization holds, and answers as if that were not there", async () => {
    const object = stix();
    const first = await submit([object], {}, w.as.beta);
    const second = await submit([object]);
    expect(second).toMatchObject({ accepted: 1, merged: 0, rejected: 0 });
    expect(second.itemIds).not.toEqual(first.itemIds);
  });

  test("counts every object once", async () => {
    const result = await submit([stix(), 42, null, "x", {}, [], stix({ id: "indicator--1" })]);
    expect(result).toMatchObject({ accepted: 1, merged: 0, rejected: 6 });
    expect(result.problems).toHaveLength(6);
  });

  test.each([
    ["no pattern", { pattern: undefined }, /pattern/],
    ["an empty pattern", { pattern: "" }, /pattern/],
    ["a time that is none", { valid_from: "yesterday" }, /valid_from/],
    [
      "an end before its beginning",
      { valid_until: "2025-01-01T00:00:00Z" },
      /validUntil|valid_until/,
    ],
    ["a confidence beyond 100", { confidence: 400 }, /confidence/],
    ["an unknown pattern type", { pattern_type: "klingon" }, /pattern/i],
    ["the mark of revocation", { revoked: true }, /revoked/],
    ["an id of another type", { id: "malware--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f" }, /id/],
  ])("with %s in one object stores the others", async (_, wrong, message) => {
    const result = await submit([stix(), stix(wrong), stix()]);
    expect(result).toMatchObject({ accepted: 2, rejected: 1 });
    expect(result.problems[0]?.message).toMatch(message);
  });

  test.each([
    ["nothing", null],
    ["a string", "bundle"],
    ["a list", []],
    ["an object of another type", { type: "report", objects: [] }],
    ["a bundle without a list", { type: "bundle" }],
    ["too many objects", { type: "bundle", objects: Array.from({ length: 10_001 }, () => 0) }],
  ])("that is %s is refused whole", async (_, bundle) => {
    expect(await w.as.acme.code("submitBundle", { bundle })).toBe("BAD_USER_INPUT");
  });

  test("that is empty is no error", async () => {
    expect(await submit([])).toEqual({
      accepted: 0,
      merged: 0,
      rejected: 0,
      problems: [],
      itemIds: [],
    });
  });
});

describe("markings", () => {
  const marked = (...refs: string[]) => stix({ object_marking_refs: refs });
  const tlpOf = async (object: unknown, more: Arguments = {}) =>
    (await indicatorOf((await submit([object], more)).itemIds[0]))?.tlp;
  const CLEAR = "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487";
  const GREEN = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb";
  const AMBER = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421";
  const STRICT = "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003";
  const RED = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1";

  test("absent are RED unless the submitter says otherwise", async () => {
    expect(await tlpOf(stix())).toBe("RED");
    expect(await tlpOf(stix(), { tlp: null })).toBe("RED");
    expect(await tlpOf(stix(), { tlp: "GREEN" })).toBe("GREEN");
  });

  test.each([
    ["CLEAR", CLEAR],
    ["GREEN", GREEN],
    ["AMBER", AMBER],
    ["AMBER_STRICT", STRICT],
    ["RED", RED],
    ["CLEAR", "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"],
    ["GREEN", "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"],
    ["AMBER", "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"],
    ["RED", "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"],
  ])("TLP:%s is read from %s, whatever the submitter says of unmarked ones", async (tlp, ref) => {
    expect(await tlpOf(marked(ref), { tlp: "AMBER_STRICT" })).toBe(tlp);
  });

  test("several: the strictest; an unknown one: RED", async () => {
    expect(await tlpOf(marked(GREEN, STRICT, CLEAR))).toBe("AMBER_STRICT");
    expect(await tlpOf(marked(`marking-definition--${randomUUID()}`))).toBe("RED");
    expect(await tlpOf(stix({ object_marking_refs: "nonsense" }))).toBe("RED");
  });
});

describe("releasing what a bundle brings", () => {
  const to = (): Arguments => ({ releaseToGroupIds: [w.group.power], fromGroupId: w.group.power });

  test("stores and releases, to be seen and looked up at once", async () => {
    const object = stix();
    const result = await submit([object], { ...to(), tlp: "AMBER" });
    expect(result).toMatchObject({ accepted: 1, problems: [] });
    expect(await indicatorOf(result.itemIds[0], "tlp pattern", w.as.beta)).toEqual({
      tlp: "AMBER",
      pattern: object.pattern,
    });
  });

  test("stores a RED object and names it as not released", async () => {
    const result = await submit([stix(), stix()], to());
    expect(result.itemIds).toHaveLength(2);
    expect(result.problems).toHaveLength(2);
    expect(result.problems[0]?.message).toMatch(/TLP:RED/);
    for (const id of result.itemIds) {
      expect(await indicatorOf(id, "tlp")).toEqual({ tlp: "RED" });
      expect(await indicatorOf(id, "tlp", w.as.beta)).toBeNull();
    }
  });

  test("is for a PUBLISHER or ORG_ADMIN; a MEMBER only submits", async () => {
    const bundle = { type: "bundle", objects: [stix()] };
    expect(await w.as.member.code("submitBundle", { bundle, tlp: "AMBER", ...to() })).toBe(
      "FORBIDDEN",
    );
    expect(await submit([stix()], { tlp: "AMBER" }, w.as.member)).toMatchObject({ accepted: 1 });
  });

  test("takes null for no release", async () => {
    const nulls = { releaseToGroupIds: null, fromGroupId: null, attribution: null };
    const result = await submit([stix()], { ...nulls, tlp: "AMBER" });
    expect(await indicatorOf(result.itemIds[0], "releases { id }")).toEqual({ releases: [] });
  });

  test("carries the attribution that the submitter chose", async () => {
    const sector = await submit([stix()], { ...to(), tlp: "AMBER", attribution: "SECTOR_ONLY" });
    expect(await indicatorOf(sector.itemIds[0], "source { attribution }", w.as.beta)).toEqual({
      source: { attribution: "ANONYMOUS" },
    });
  });
});
