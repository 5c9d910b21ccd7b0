import { run } from "../../src/cli/run";
import { HOUR, startTestHub, type TestHub } from "../support/hub";
import { buildWorld, makeIncident, release } from "../support/world";

/** What `hub ledger verify` finds of what somebody with the database in hand did to it. */
let hub: TestHub;
let w: Awaited<ReturnType<typeof build>>;
const build = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta"],
    groups: { power: { members: ["acme", "beta"] } },
    agreements: [{ from: "power", to: "power" }],
  });
beforeAll(async () => {
  hub = await startTestHub();
  w = await build();
  for (let i = 0; i < 3; i++) await read();
});
afterAll(() => hub.stop());

/** A reading that the ledger holds. Returns the item's id. */
async function read(): Promise<string> {
  const id = await makeIncident(w.as.acme);
  await release(w.as.acme, id, { groupIds: [w.group.power] });
  await w.as.beta.ask("incident", { id });
  await hub.running.hub.ledger.flush();
  return id;
}
const sql = async <T>(text: string, values?: unknown[]): Promise<T[]> =>
  (await hub.running.hub.pool.query(text, values)).rows as T[];

async function verify(...args: string[]): Promise<string> {
  const said: string[] = [];
  const say = (line: string): void => void said.push(line);
  await run(["ledger", "verify", ...args], {
    env: { HUB_URL: hub.url, HUB_KEY: hub.operator.key ?? "" },
    out: say,
    err: say,
    readInput: () => "",
    signal: new AbortController().signal,
  });
  return said.join("\n");
}
const headOf = (said: string): string => said.split("Head ")[1] ?? "";

/** Does something to the tables, verifies, and puts them back as they were. */
async function after(harm: string, ...args: string[]): Promise<string> {
  const tables = ["chain", "audit", "disclosure"];
  for (const t of tables) await sql(`CREATE TABLE kept_${t} AS SELECT * FROM ${t}`);
  await sql(harm);
  const said = await verify(...args);
  for (const t of tables) {
    await sql(`DELETE FROM ${t}`);
    await sql(`INSERT INTO ${t} SELECT * FROM kept_${t}`);
    await sql(`DROP TABLE kept_${t}`);
  }
  expect(await verify()).toMatch(/entries hold/);
  return said;
}
const NEWEST = "(SELECT entry_id FROM chain WHERE kind = 'audit' ORDER BY seq DESC LIMIT 1)";

test("an act is chained by the transaction that writes it, and so is a reading", async () => {
  await makeIncident(w.as.acme);
  expect(await hub.operator.ask("unchainedEntries")).toBe(0);
  const id = await makeIncident(w.as.acme);
  const [found] = await sql<{ links: number }>(
    "SELECT count(*)::int AS links FROM audit e JOIN chain c ON c.entry_id = e.id WHERE e.subject = $1",
    [id],
  );
  expect(found).toEqual({ links: 1 });
  await read();
  expect(await hub.operator.ask("unchainedEntries")).toBe(0);
});

test("acts and readings at the same time make one chain that holds", async () => {
  const ids = await Promise.all(
    Array.from({ length: 12 }, async () => {
      const id = await makeIncident(w.as.acme);
      await release(w.as.acme, id, { groupIds: [w.group.power] });
      await w.as.beta.ask("incident", { id });
      return id;
    }),
  );
  await hub.running.hub.ledger.flush();
  expect(await verify()).toMatch(/entries hold/);
  const [found] = await sql<{ readings: number }>(
    "SELECT count(DISTINCT item_id)::int AS readings FROM disclosure WHERE item_id = ANY($1::uuid[])",
    [ids.map((id) => id.slice("incident_".length))],
  );
  expect(found).toEqual({ readings: ids.length });
});

test.each([
  ["the newest act changed", `UPDATE audit SET act = 'other' WHERE id = ${NEWEST}`, /was changed/],
  ["the newest act removed", `DELETE FROM audit WHERE id = ${NEWEST}`, /was removed/],
  [
    "a reading's account changed",
    "UPDATE disclosure SET account_id = gen_random_uuid()",
    /was changed/,
  ],
  ["an entry and its link removed", "DELETE FROM chain WHERE seq = 5", /entry 5 is missing/],
  [
    "two entries exchanged",
    "UPDATE chain SET seq = -1 WHERE seq = 4; UPDATE chain SET seq = 4 WHERE seq = 6; UPDATE chain SET seq = 6 WHERE seq = -1",
    /entry 4 was changed/,
  ],
  [
    "an act inserted past the hub",
    "INSERT INTO audit (at, act, organization_id, account_id) SELECT at, 'signAgreement', organization_id, account_id FROM audit LIMIT 1",
    /1 entries are not in the chain/,
  ],
  [
    "a reading inserted past the hub",
    "INSERT INTO disclosure (item_id, owner_id, organization_id, account_id, path, channel, day, first_at, last_at, count) SELECT item_id, owner_id, organization_id, account_id, path, channel, day, first_at, last_at, 1 FROM disclosure LIMIT 1",
    /1 entries are not in the chain/,
  ],
  [
    "an entry inserted with a link of its own",
    `WITH e AS (INSERT INTO audit (at, act, organization_id, account_id) SELECT at, 'x', organization_id, account_id FROM audit LIMIT 1 RETURNING id)
     INSERT INTO chain (seq, kind, entry_id, hash, at) SELECT (SELECT max(seq) + 1 FROM chain), 'audit', e.id, sha256('x'), now() FROM e`,
    /was changed/,
  ],
])("shows %s", async (_, harm, said) => {
  expect(await after(harm)).toMatch(said);
});

test("shows, against a head that was kept, that the end was cut off or written anew", async () => {
  const kept = headOf(await verify());
  const cut = `WITH cut AS (DELETE FROM chain WHERE seq > (SELECT max(seq) - 2 FROM chain) RETURNING entry_id),
    a AS (DELETE FROM audit WHERE id IN (SELECT entry_id FROM cut))
    DELETE FROM disclosure WHERE id IN (SELECT entry_id FROM cut)`;
  expect(await after(cut)).toMatch(/entries hold/);
  expect(await after(cut, "--head", kept)).toMatch(/rewritten/);
  const hash = kept.split(":")[1] ?? "";
  expect(await after(cut, "--head", hash)).toMatch(/rewritten/);
  expect(await verify("--head", hash)).toMatch(/entries hold/);
});

test("a member's head is that of the last full hour without a number, and holds; a plain account asks for no more", async () => {
  hub.clock.advance(HOUR);
  const ask = () => w.as.beta.ask<{ seq: null; hash: string } | null>("ledgerHead", {}, "seq hash");
  const kept = await ask();
  expect(kept).toEqual({ seq: null, hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
  await read();
  // What goes on meanwhile does not show.
  expect(await ask()).toEqual(kept);
  hub.clock.advance(HOUR);
  expect(await ask()).not.toEqual(kept);
  expect(await verify("--head", kept?.hash ?? "")).toMatch(/entries hold/);
  expect(await w.as.beta.code("unchainedEntries")).toBe("FORBIDDEN");
  expect(await hub.anonymous.code("unchainedEntries")).toBe("UNAUTHENTICATED");
});
