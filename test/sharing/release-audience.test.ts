import { randomUUID } from "node:crypto";
import type { DataSource } from "typeorm";
import type { Account } from "../../src/auth/account.entity";
import { openDatabase } from "../../src/database";
import type { ReleasePath, StoredKind } from "../../src/sharing/facts";
import { loadItems } from "../../src/sharing/item-rows";
import { type Audience, makeLive, narrowReleases } from "../../src/sharing/release-audience";
import { Change } from "../../src/transaction";
import { createTestDatabase, type TestDatabase } from "../support/database";

let database: TestDatabase;
let dataSource: DataSource;
let itemId: string;
const owner = randomUUID();
const START = Date.UTC(2026, 0, 1);
const minute = (n: number): Date => new Date(START + n * 60_000);

beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await openDatabase(database.url);
  await dataSource.query(
    `INSERT INTO organization (id, name, kind, created_at, version) VALUES ($1, 'Aoba', 'MEMBER', now(), 0)`,
    [owner],
  );
});

beforeEach(async () => {
  itemId = randomUUID();
  await dataSource.query(
    `INSERT INTO item (id, kind, owner_id, created_by, stix_id, tlp, pap, attribution, state, created_at, updated_at)
     VALUES ($1::uuid, 'INCIDENT', $2, $2, 'incident--' || ($1::uuid)::text, 2, 1, 2, 'DRAFT', $3, $3)`,
    [itemId, owner, minute(0)],
  );
  await dataSource.query(
    "INSERT INTO incident (id, title, category) VALUES ($1, 'Outage', 'ransomware')",
    [itemId],
  );
});

afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

const change = (at: number): Change =>
  new Change(dataSource.manager, minute(at), { uuid: owner } as Account, "1", (after) => after + 1);

const item = async () => {
  const [found] = (
    await loadItems(change(0).asPool(), "INCIDENT" as StoredKind, [itemId])
  ).values();
  return found!;
};

const audience = (
  path: `${ReleasePath}`,
  target: string,
  toGroupId: string | null = null,
): Audience => ({
  path: path as ReleasePath,
  target,
  toGroupId,
  versionId: null,
  terms: null,
});

/** Releases the item in the given minute; returns the release and what it raised. */
async function release(
  at: number,
  audiences: Audience[],
  { tlp = 2, expires = null as number | null } = {},
): Promise<{ id: string; raised: string[] }> {
  const id = randomUUID();
  await dataSource.query(
    `INSERT INTO release (id, item_id, state, tlp, withheld_fields, proposed_at, proposed_by)
     VALUES ($1, $2, 'RELEASED', $3, '{}', $4, $5)`,
    [id, itemId, tlp, minute(at), owner],
  );
  const made = change(at);
  const expiresAt = expires === null ? null : minute(expires);
  await makeLive(
    made,
    await item(),
    { uuid: id, fromGroupId: null, tlp, withheld: 0, expiresAt },
    audiences,
  );
  return { id, raised: made.entries.map((e) => e.type) };
}

/** The audiences that ever were: `release target: from–until, TLP/PAP`, in minutes. */
async function audiences(names: Record<string, string>): Promise<string[]> {
  const minutes = (at: number): string =>
    Number.isFinite(at) ? `${(at - START) / 60_000}` : "open";
  return (await item()).audiences
    .map(
      (a) =>
        `${names[a.releaseId]} ${names[a.target]}: ${minutes(a.liveFrom)}–${minutes(a.liveUntil)}, ${a.tlp}/${a.pap}, released ${minutes(a.releasedAt)}`,
    )
    .toSorted();
}

const stateOf = async (id: string): Promise<string> =>
  (await dataSource.query<{ state: string }[]>("SELECT state FROM release WHERE id = $1", [id]))[0]!
    .state;

const [x, y] = [randomUUID(), randomUUID()];

test("a release is live for each of its audiences from the instant of the change until it expires", async () => {
  const first = await release(1, [audience("BILATERAL", x), audience("NAMED", y)], {
    expires: 9,
  });
  expect(await audiences({ [first.id]: "first", [x]: "x", [y]: "y" })).toEqual([
    "first x: 1–9, 2/1, released 1",
    "first y: 1–9, 2/1, released 1",
  ]);
  expect((await item()).state).toBe("RELEASED");
  expect(first.raised).toEqual(["ITEM_RELEASED"]);
});

test("a newer release takes the place of the older one for the same audience alone, and for good", async () => {
  const first = await release(1, [audience("BILATERAL", x), audience("BILATERAL", y)]);
  const second = await release(2, [audience("BILATERAL", x)], { expires: 3 });
  expect(second.raised).toContain("ACCESS_ENDED");
  expect(await stateOf(first.id)).toBe("RELEASED");
  const names = { [first.id]: "first", [second.id]: "second", [x]: "x", [y]: "y" };
  expect(await audiences(names)).toEqual([
    "first x: 1–2, 2/1, released 1",
    "first y: 1–open, 2/1, released 1",
    "second x: 2–3, 2/1, released 2",
  ]);
  await release(4, [audience("BILATERAL", y)]);
  expect(await stateOf(first.id)).toBe("SUPERSEDED");
  expect(await stateOf(second.id)).toBe("RELEASED");
});

test("a release to the same group takes the older one's place whatever its origin group", async () => {
  const [fromPower, fromWater, power] = [randomUUID(), randomUUID(), randomUUID()];
  const first = await release(1, [audience("AGREEMENT", fromPower, power)]);
  const second = await release(2, [audience("AGREEMENT", fromWater, power)]);
  const names = {
    [first.id]: "first",
    [second.id]: "second",
    [fromPower]: "power",
    [fromWater]: "water",
  };
  expect(await audiences(names)).toEqual([
    "first power: 1–2, 2/1, released 1",
    "second water: 2–open, 2/1, released 2",
  ]);
  expect(await stateOf(first.id)).toBe("SUPERSEDED");
});

test("raising TLP or PAP narrows the live audiences from now on, keeps what ends them, and leaves the rest", async () => {
  const low = await release(1, [audience("BILATERAL", x)], { tlp: 1, expires: 9 });
  const high = await release(2, [audience("BILATERAL", y)], { tlp: 3 });
  const over = await release(1, [audience("NAMED", y)], { tlp: 0, expires: 3 });
  const raising = change(5);
  expect(await narrowReleases(raising, itemId, 3, 1)).toBe(true);
  const names = { [low.id]: "low", [high.id]: "high", [over.id]: "over", [x]: "x", [y]: "y" };
  expect(await audiences(names)).toEqual([
    "high y: 2–open, 3/1, released 2",
    "low x: 1–5, 1/1, released 1",
    "low x: 5–9, 3/1, released 1",
    "over y: 1–3, 0/1, released 1",
  ]);
  await narrowReleases(change(6), itemId, 0, 3);
  expect((await audiences(names)).filter((a) => a.includes("6–"))).toEqual([
    "high y: 6–open, 3/3, released 2",
    "low x: 6–9, 3/3, released 1",
  ]);
  const none = change(7);
  await narrowReleases(none, itemId, 2, 2);
  expect(none.entries).toEqual([]);
});
