import type { Client } from "../support/client";
import { eventually } from "../support/eventually";
import { DAY, HOUR, MINUTE, startTestHub, type TestHub } from "../support/hub";
import { type AgreementOf, buildWorld, makeIncident, release } from "../support/world";
import { type Mail, Mailbox } from "./mailbox";

/** Acceptance cases 17 to 19 by e-mail: what a mail says is decided when it leaves. */
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

const OF_BETA = { of: "beta", roles: ["MEMBER"] };
const MANY = ["first", "second", "third", "fourth", "fifth"] as const;
const pair = (agreement: Partial<AgreementOf> = {}) =>
  buildWorld(hub, {
    organizations: ["acme", "beta", "gamma"],
    accounts: {
      first: OF_BETA,
      second: OF_BETA,
      third: OF_BETA,
      fourth: OF_BETA,
      fifth: OF_BETA,
    },
    groups: {
      power: { members: ["acme", "beta"] },
      water: { members: ["acme", "gamma"] },
    },
    agreements: [
      { from: "power", to: "power", ...agreement },
      { from: "water", to: "water" },
    ],
  });
type World = Awaited<ReturnType<typeof pair>>;
const set = (client: Client, input: object) =>
  client.do("setMail", { input: { language: "EN", ...input } }, "state");
const share = async (w: World, title: string, group: "power" | "water" = "power") => {
  const id = await makeIncident(w.as.acme, { title, tlp: "GREEN" });
  const to = { fromGroupId: w.group[group], groupIds: [w.group[group]] };
  return { id, releaseId: await release(w.as.acme, id, { ...to, tlp: "GREEN" }) };
};
const subjects = async (n: number): Promise<string[]> => {
  const mails: Mail[] = [];
  while (mails.length < n) mails.push(await mailbox.next());
  return mails.map((m) => m.headers.subject ?? "").toSorted();
};
const failed = (client: Client) =>
  eventually(
    () => client.ask<{ failures: number }>("mailSettings", {}, "failures"),
    (s) => s.failures === 1,
  );
const AT_ONCE = { immediate: ["ITEM_RELEASED", "ACCESS_ENDED", "ITEM_WITHDRAWN"] };

test("case 17: a mail that waits does not go out after the end of the agreement, nor does a digest list it", async () => {
  const w = await pair({ effectiveUntil: hub.clock.in(2 * HOUR) });
  await hub.sweep();
  await set(w.as.beta, { ...AT_ONCE, digestHour: 18 });
  mailbox.refusals = [{ at: "data", code: 451 }];
  const { id } = await share(w, "Too late");
  await failed(w.as.beta);
  hub.pass(2 * HOUR);
  await hub.sweep();
  const mail = await mailbox.next();
  expect(mail.headers.subject).toBe("[Musubi] Access to an item ended");
  expect(mail.text).toContain(`?node=${id}`);
  hub.pass(8 * HOUR);
  const digest = await mailbox.next();
  expect(digest.text).toContain("Access to an item ended");
  expect(JSON.stringify([mail, digest])).not.toContain("Too late");
});

test("case 18: what waits for the mail server is not sent to whom it may no longer reach when its turn comes", async () => {
  const w = await pair();
  const accounts = MANY.map((name) => w.as[name]);
  for (const client of accounts) await set(client, AT_ONCE);
  const letGo = mailbox.holdUp();
  await share(w, "Ransomware");
  await eventually(
    async () => mailbox.atTheDoor,
    (n) => n === 3,
  );
  const id = w.membership["beta power"];
  await hub.operator.do("suspendMembership", { id, reason: "x" });
  letGo();
  // Those of three were on their way; each of the five hears of the end.
  expect(await subjects(8)).toEqual([
    ...Array<string>(5).fill("[Musubi] Access to an item ended"),
    ...Array<string>(3).fill("[TLP:GREEN] New item: Ransomware"),
  ]);
});

test("what is withdrawn while its mail waits for the mail server is told of by its id alone", async () => {
  const w = await pair();
  const accounts = MANY.map((name) => w.as[name]);
  for (const client of accounts) await set(client, AT_ONCE);
  const letGo = mailbox.holdUp();
  const { releaseId } = await share(w, "Mistake");
  await eventually(
    async () => mailbox.atTheDoor,
    (n) => n === 3,
  );
  await w.as.acme.do("withdrawRelease", { id: releaseId, reason: "x" });
  letGo();
  expect(await subjects(8)).toEqual([
    ...Array<string>(5).fill("[Musubi] Item withdrawn"),
    ...Array<string>(3).fill("[TLP:GREEN] New item: Mistake"),
  ]);
});

test("case 19: who takes the login to another organization gets that one's mail, and nothing more of the old one's", async () => {
  const w = await pair();
  const email = "hanako.sato@example.jp";
  const accountIn = async (organizationId: string) => {
    const input = { organizationId, email, displayName: "Hanako", roles: ["MEMBER"] };
    const { id } = await hub.operator.do("createAccount", { input });
    const key = { input: { accountId: id, name: "Laptop" } };
    const { secret } = await hub.operator.do<{ secret: string }>("createApiKey", key, "secret");
    return { id, client: hub.as(secret) };
  };
  const old = await accountIn(w.org.beta);
  await set(old.client, AT_ONCE);
  mailbox.refusals = [{ at: "data", code: 451 }];
  await share(w, "Of the old one");
  await failed(old.client);
  await hub.operator.do("disableAccount", { id: old.id });
  const now = await accountIn(w.org.gamma);
  await set(now.client, AT_ONCE);
  hub.pass(HOUR);
  await share(w, "Of the old one, later");
  await share(w, "Of the new one", "water");
  expect(await mailbox.next()).toMatchObject({
    to: [email],
    headers: { subject: "[TLP:GREEN] New item: Of the new one" },
  });
  expect(mailbox.taken).toBe(1);
});

test("mail that stood still for longer than the log is kept goes on with what there is, and says so", async () => {
  const w = await pair();
  await set(w.as.beta, AT_ONCE);
  mailbox.refusals = [{ at: "rcpt", code: 550 }];
  await share(w, "Long ago");
  const told = (wanted: (s: { state: string; problem: string | null }) => boolean) =>
    eventually(
      () =>
        w.as.beta.ask<{ state: string; problem: string | null }>(
          "mailSettings",
          {},
          "state problem",
        ),
      wanted,
    );
  await told((s) => s.state === "REFUSED");
  await share(w, "Long ago as well");
  hub.clock.advance(91 * DAY);
  await share(w, "Today");
  await hub.running.hub.logTrim.run();
  // As a hub that was started since: of the log it knows what is kept.
  Reflect.set(hub.running.hub.log, "tail", []);
  hub.pass(MINUTE);
  await set(w.as.beta, AT_ONCE);
  expect(await subjects(1)).toEqual(["[TLP:GREEN] New item: Today"]);
  expect(mailbox.taken).toBe(1);
});
