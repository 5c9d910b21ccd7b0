import { pino } from "pino";
import { readConfig } from "../../src/config";
import { nextAt } from "../../src/mail/daily";
import { startHub } from "../../src/server";
import type { Arguments, Client } from "../support/client";
import { eventually } from "../support/eventually";
import { DAY, HOUR, MINUTE, startTestHub, type TestHub } from "../support/hub";
import { buildWorld, makeIncident, release } from "../support/world";
import { Mailbox } from "./mailbox";

/** The daily digest, by a clock of the test's own. */
let hub: TestHub;
let mailbox: Mailbox;
beforeEach(async () => {
  mailbox = await Mailbox.start();
  hub = await startTestHub(mailbox.settings());
});
afterEach(async () => {
  await hub.stop();
  await mailbox.stop();
});

const pair = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta"],
    groups: { power: { members: ["acme", "beta"] } },
    agreements: [{ from: "power", to: "power" }],
  });
type World = Awaited<ReturnType<typeof pair>>;
const FIELDS = "state digestDueAt failures";
const set = (client: Client, input: Arguments) =>
  client.do<{ digestDueAt: string }>("setMail", { input: { language: "EN", ...input } }, FIELDS);
const settings = (client: Client) =>
  client.ask<{ state: string; digestDueAt: string; failures: number }>("mailSettings", {}, FIELDS);
const share = async (w: World, input: Arguments): Promise<string> => {
  const id = await makeIncident(w.as.acme, input);
  await release(w.as.acme, id, { groupIds: [w.group.power], tlp: input.tlp ?? "AMBER" });
  return id;
};

test("at the hour in Japan it lists what came since the last one, and content up to TLP:GREEN alone", async () => {
  const w = await pair();
  await share(w, { title: "Long before", tlp: "GREEN" });
  // It is nine in the morning in Tokyo.
  const { digestDueAt } = await set(w.as.beta, { digestHour: 18 });
  expect(digestDueAt).toBe("2026-04-01T09:00:00.000Z");
  const green = await share(w, { title: "Green title", tlp: "GREEN" });
  const amber = await share(w, { title: "Secret title" });
  hub.pass(9 * HOUR + MINUTE);
  const mail = await mailbox.next();
  expect(mail.headers.subject).toBe("[TLP:AMBER] 2 alerts, 2026-04-01");
  expect(mail.text).toContain(`New item
  [TLP:GREEN] Incident: Green title
  https://hub.example/musubi/?node=${green}

2026-04-01 09:00 (Asia/Tokyo)  New item
  [TLP:AMBER] Incident: see the hub
  https://hub.example/musubi/?node=${amber}
`);
  expect(mail.text).toContain("To stop it: https://hub.example/musubi/mail/stop/");
  expect(JSON.stringify(mail)).not.toMatch(/Secret|Long before/);
  await eventually(
    () => settings(w.as.beta),
    (s) => s.digestDueAt === "2026-04-02T09:00:00.000Z",
  );
  await share(w, { title: "Of the next day", tlp: "GREEN" });
  hub.pass(DAY);
  const next = await mailbox.next();
  expect(next.headers.subject).toBe("[TLP:GREEN] 1 alerts, 2026-04-02");
  expect(next.text).not.toContain("Green title");
});

test("a day on which nothing came brings no mail, and one of chosen types nothing else", async () => {
  const w = await pair();
  await set(w.as.beta, { digestHour: 18, digest: ["ITEM_WITHDRAWN"] });
  const id = await makeIncident(w.as.acme, { title: "Of no interest", tlp: "GREEN" });
  const made = await release(w.as.acme, id, { groupIds: [w.group.power], tlp: "GREEN" });
  hub.pass(9 * HOUR + MINUTE);
  await eventually(
    () => settings(w.as.beta),
    (s) => s.digestDueAt === "2026-04-02T09:00:00.000Z",
  );
  expect(mailbox.taken).toBe(0);
  await w.as.acme.do("withdrawRelease", { id: made, reason: "x" });
  hub.pass(DAY);
  const { headers, text } = await mailbox.next();
  expect(headers.subject).toBe("[Musubi] 1 alerts, 2026-04-02");
  expect(text).toContain("Please delete the copies");
});

test("what was lost before the digest goes out is not in it", async () => {
  const w = await pair();
  await set(w.as.beta, { digestHour: 18, digest: ["ITEM_RELEASED"] });
  const kept = await makeIncident(w.as.acme, { title: "Kept", tlp: "GREEN" });
  await release(w.as.acme, kept, { organizationIds: [w.org.beta], tlp: "GREEN" });
  await share(w, { title: "Lost", tlp: "GREEN" });
  await hub.operator.do("suspendMembership", { id: w.membership["beta power"], reason: "x" });
  hub.pass(9 * HOUR + MINUTE);
  const mail = await mailbox.next();
  expect(mail.text).toContain("Kept");
  expect(mail.text).not.toContain("Lost");
});

test("a digest that is refused for the moment comes later with the same Message-ID, and once", async () => {
  const w = await pair();
  await set(w.as.beta, { digestHour: 18 });
  await share(w, { title: "One", tlp: "GREEN" });
  mailbox.refusals = [{ at: "data", code: 451 }];
  hub.pass(9 * HOUR + MINUTE);
  await eventually(
    () => settings(w.as.beta),
    (s) => s.failures === 1,
  );
  await share(w, { title: "Two", tlp: "GREEN" });
  hub.pass(HOUR);
  const mail = await mailbox.next();
  expect(mail.headers.subject).toBe("[TLP:GREEN] 2 alerts, 2026-04-01");
  interface Log {
    digestDueAt: string;
    deliveries: { kind: string; messageId: string; accepted: boolean }[];
  }
  const log = await eventually(
    () =>
      w.as.beta.ask<Log>("mailSettings", {}, "digestDueAt deliveries { kind messageId accepted }"),
    (l) => l.deliveries.some((d) => d.accepted),
  );
  expect(log.deliveries.map((d) => [d.kind, d.accepted])).toEqual([
    ["DIGEST", true],
    ["DIGEST", false],
  ]);
  expect(new Set(log.deliveries.map((d) => d.messageId)).size).toBe(1);
  expect(mail.headers["message-id"]).toBe(`<${log.deliveries[0]?.messageId}>`);
});

test("what fell due while no hub ran comes at the next start, and alerts at once are not lost either", async () => {
  const w = await pair();
  await set(w.as.beta, { digestHour: 18, immediate: ["ITEM_RELEASED"] });
  await hub.running.deliveries.close();
  await share(w, { title: "Meanwhile", tlp: "GREEN" });
  hub.clock.advance(3 * DAY);
  const second = await startHub({
    config: readConfig({ PORT: "0", HUB_DEMO: "0", ...mailbox.settings() }),
    databaseUrl: hub.databaseUrl,
    logger: pino({ level: "silent" }),
    clock: hub.clock,
  });
  const subjects = [await mailbox.next(), await mailbox.next()].map((m) => m.headers.subject);
  expect(subjects).toEqual(["[TLP:GREEN] 1 alerts, 2026-04-01", "[TLP:GREEN] New item: Meanwhile"]);
  expect((await settings(w.as.beta)).digestDueAt).toBe("2026-04-04T09:00:00.000Z");
  await second.stop();
});

test("a long digest lists the first two hundred and counts the rest by type", async () => {
  const w = await pair();
  await set(w.as.beta, { digestHour: 18 });
  const id = await makeIncident(w.as.acme, { title: "Often", tlp: "GREEN" });
  await release(w.as.acme, id, { groupIds: [w.group.power], tlp: "GREEN" });
  // As many updates as nobody makes by hand.
  await hub.running.hub.pool.query(
    `INSERT INTO log (at, type, actor_organization_id, actor_account_id, item_id, release_id, group_ids, changed, count, tlp)
     SELECT at, type, actor_organization_id, actor_account_id, item_id, release_id, group_ids, changed, count, tlp
     FROM log, generate_series(1, 204) WHERE type = 'ITEM_RELEASED' AND item_id IS NOT NULL`,
  );
  await hub.running.hub.log.caughtUp();
  hub.pass(9 * HOUR + MINUTE);
  const { headers, text } = await mailbox.next();
  expect(headers.subject).toBe("[TLP:GREEN] 205 alerts, 2026-04-01");
  expect(text.match(/Incident: Often/g)).toHaveLength(200);
  expect(text).toContain("Further alerts, by type: New item 5");
});

test.each([
  ["Asia/Tokyo", 9, "2026-04-01T00:00:00Z", "2026-04-02T00:00:00.000Z"],
  ["Asia/Tokyo", 9, "2026-03-31T23:59:59.999Z", "2026-04-01T00:00:00.000Z"],
  ["Asia/Tokyo", 0, "2026-12-31T14:59:00Z", "2026-12-31T15:00:00.000Z"],
  ["UTC", 23, "2026-04-01T00:00:00Z", "2026-04-01T23:00:00.000Z"],
  ["Asia/Kathmandu", 6, "2026-04-01T00:00:00Z", "2026-04-01T00:15:00.000Z"],
  // Clocks go forward on 29 March 2026, and back on 25 October.
  ["Europe/Berlin", 8, "2026-03-28T08:00:00Z", "2026-03-29T06:00:00.000Z"],
  ["Europe/Berlin", 8, "2026-10-24T08:00:00Z", "2026-10-25T07:00:00.000Z"],
  // Half past two there is none; the hour that is skipped comes at its end.
  ["Europe/Berlin", 2, "2026-03-28T12:00:00Z", "2026-03-29T01:00:00.000Z"],
  ["Pacific/Kiritimati", 5, "2026-04-01T00:00:00Z", "2026-04-01T15:00:00.000Z"],
  ["America/Los_Angeles", 17, "2026-04-01T00:00:01Z", "2026-04-02T00:00:00.000Z"],
])("in %s the hour %i next comes after %s at %s", (timeZone, hour, after, expected) => {
  expect(new Date(nextAt(hour, timeZone, Date.parse(after))).toISOString()).toBe(expected);
});
