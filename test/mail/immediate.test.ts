import type { Arguments, Client } from "../support/client";
import { eventually } from "../support/eventually";
import { DAY, HOUR, MINUTE, startTestHub, type TestHub } from "../support/hub";
import { buildWorld, makeIncident, release } from "../support/world";
import { Mailbox } from "./mailbox";

/** Alerts by e-mail, one mail for each, over a real mail server with TLS. */
let hub: TestHub;
let mailbox: Mailbox;
beforeAll(async () => {
  mailbox = await Mailbox.start();
  hub = await startTestHub(mailbox.settings());
});
afterAll(async () => {
  await hub.stop();
  await mailbox.stop();
});

const pair = () =>
  buildWorld(hub, {
    organizations: ["acme", "beta"],
    accounts: { analyst: { of: "beta", roles: ["MEMBER"] } },
    groups: { power: { members: ["acme", "beta"] } },
    agreements: [{ from: "power", to: "power", terms: { attribution: "NAMED" } }],
  });
const FIELDS = "address state problem failures immediate digestHour digestDueAt language timeZone";
interface Settings {
  address: string;
  state: string;
  problem: string | null;
  failures: number;
}
const set = (client: Client, input: object): Promise<Settings> =>
  client.do<Settings>("setMail", { input: { language: "EN", ...input } }, FIELDS);
const settings = (client: Client): Promise<Settings> => client.ask("mailSettings", {}, FIELDS);
const emailOf = async (client: Client): Promise<string> =>
  (await client.ask<{ account: { email: string } }>("viewer", {}, "account { email }")).account
    .email;
const RELEASED = { immediate: ["ITEM_RELEASED"] };

type World = Awaited<ReturnType<typeof pair>>;
const share = async (w: World, input: Arguments): Promise<string> => {
  const id = await makeIncident(w.as.acme, input);
  const { tlp = "AMBER" } = input as { tlp?: string };
  await release(w.as.acme, id, { groupIds: [w.group.power], tlp, withheldFields: [] });
  return id;
};

test("up to TLP:GREEN a mail brings the wording, marked, with its source and a link", async () => {
  const w = await pair();
  await set(w.as.beta, RELEASED);
  const id = await share(w, {
    title: "標的型メール at https://bad.example",
    summary: "Summary of acme",
    attribution: "NAMED",
    tlp: "GREEN",
  });
  const mail = await mailbox.next();
  expect(mail).toMatchObject({
    from: "hub@musubi.example",
    to: [await emailOf(w.as.beta)],
    secure: true,
  });
  expect(mail.headers).toMatchObject({
    from: "Musubi <hub@musubi.example>",
    subject: "[TLP:GREEN] New item: 標的型メール at hxxps://bad.example",
    "message-id": expect.stringMatching(/^<[0-9a-f]{32}@musubi\.example>$/),
    "auto-submitted": "auto-generated",
    "list-unsubscribe": expect.stringMatching(
      /^<https:\/\/hub\.example\/musubi\/mail\/stop\/[\w-]+>$/,
    ),
    "list-unsubscribe-post": "List-Unsubscribe=One-Click",
  });
  expect(mail.text).toContain("TLP:GREEN  PAP:");
  expect(mail.text).toContain("Summary of acme");
  expect(mail.text).toMatch(/From: acme-\d+/);
  expect(mail.text).toContain(`https://hub.example/musubi/?node=${id}`);
  expect(mail.text).toContain("To stop it: https://hub.example/musubi/mail/stop/");
});

test.each([
  ["AMBER", "TLP:AMBER"],
  ["AMBER_STRICT", "TLP:AMBER+STRICT"],
])(
  "at TLP:%s a mail is a link, and has nothing of the item but its marking and kind",
  async (tlp, label) => {
    const w = await pair();
    await set(w.as.beta, RELEASED);
    const id = await share(w, { title: "Secret title", summary: "Secret summary", tlp });
    const mail = await mailbox.next();
    expect(mail.headers.subject).toBe(`[${label}] New item`);
    expect(mail.text).toContain(`?node=${id}`);
    expect(mail.text).toContain("Its content is not sent by e-mail.");
    expect(JSON.stringify(mail)).not.toMatch(/Secret|acme/);
  },
);

test("what names the account, at TLP:RED, comes as a link to it and to nobody else", async () => {
  const w = await pair();
  await set(w.as.beta, RELEASED);
  await set(w.as.analyst, RELEASED);
  const red = await makeIncident(w.as.acme, { title: "Secret", tlp: "RED" });
  await release(w.as.acme, red, { accountIds: [w.account.beta], tlp: "RED" });
  const mail = await mailbox.next();
  expect(mail.to).toEqual([await emailOf(w.as.beta)]);
  expect(mail.headers.subject).toBe("[TLP:RED] New item");
  await share(w, { title: "For both", tlp: "GREEN" });
  const both = [await mailbox.next(), await mailbox.next()];
  expect(both.map((m) => m.headers.subject)).toEqual(
    Array(2).fill("[TLP:GREEN] New item: For both"),
  );
});

test("a withdrawal comes without a marking, by the bare id, and asks to delete the copies; in Japanese by default", async () => {
  const w = await pair();
  const id = await makeIncident(w.as.acme, { title: "Wrong", tlp: "GREEN" });
  const made = await release(w.as.acme, id, { groupIds: [w.group.power], tlp: "GREEN" });
  await w.as.beta.do("setMail", { input: { immediate: ["ITEM_WITHDRAWN"] } }, FIELDS);
  await w.as.acme.do("withdrawRelease", { id: made, reason: "Wrong" });
  const mail = await mailbox.next();
  expect(mail.headers.subject).toBe("[結び] 情報の取り下げ");
  expect(mail.text).toContain(`?node=${id}`);
  expect(mail.text).toContain("写しを削除してください");
  expect(mail.text).not.toContain("Wrong");
});

test("the ledger has what went out as content and was read by right of a stricter marking, and no mere link", async () => {
  const w = await pair();
  await set(w.as.beta, RELEASED);
  const linked = await share(w, { title: "Amber" });
  await mailbox.next();
  const told = await makeIncident(w.as.acme, { title: "Amber of the owner", tlp: "AMBER" });
  await release(w.as.acme, told, { groupIds: [w.group.power], tlp: "GREEN" });
  expect((await mailbox.next()).headers.subject).toContain("Amber of the owner");
  const read = (itemId: string) =>
    w.as.acme.ask<{ nodes: object[] }>("disclosures", { itemId }, "nodes { channel count }");
  const { nodes } = await eventually(
    () => read(told),
    (r) => r.nodes.length > 0,
  );
  expect(nodes).toEqual([{ channel: "mail", count: 1 }]);
  expect(await read(linked)).toEqual({ nodes: [] });
});

test("an address that is not the account's own must be confirmed by the code that it gets", async () => {
  const w = await pair();
  const address = "soc@beta.example";
  expect(await set(w.as.beta, { ...RELEASED, address })).toMatchObject({
    address,
    state: "UNCONFIRMED",
  });
  await share(w, { title: "Before", tlp: "GREEN" });
  const mail = await mailbox.next();
  expect(mail.to).toEqual([address]);
  expect(mail.headers.subject).toBe("[Musubi] Confirm your e-mail address");
  const code = /^ {2}([\w-]{20})$/m.exec(mail.text)?.[1] ?? "";
  const again = { input: { ...RELEASED, address: "other@beta.example" } };
  expect(await w.as.beta.code("setMail", again)).toBe("RATE_LIMITED");
  expect(await w.as.beta.code("confirmMail", { code: "x".repeat(20) })).toBe("BAD_USER_INPUT");
  expect(await w.as.analyst.code("confirmMail", { code })).toBe("BAD_USER_INPUT");
  await w.as.beta.do("confirmMail", { code }, FIELDS);
  // Nothing is lost meanwhile.
  expect(await mailbox.next()).toMatchObject({
    to: [address],
    headers: { subject: "[TLP:GREEN] New item: Before" },
  });
  expect(await w.as.beta.code("confirmMail", { code })).toBe("BAD_USER_INPUT");
  // A confirmed address need not be confirmed again.
  expect(await set(w.as.beta, { ...RELEASED, address })).toMatchObject({ state: "ACTIVE" });
});

test("an address stays unconfirmed though the mail to it was stopped, or refused, before", async () => {
  const w = await pair();
  const elsewhere = { ...RELEASED, address: "victim@elsewhere.example" };
  await set(w.as.beta, elsewhere);
  await mailbox.next();
  await w.as.beta.do("stopMail", {}, FIELDS);
  hub.pass(2 * MINUTE);
  mailbox.refusals = [{ at: "rcpt", code: 550 }];
  expect(await set(w.as.beta, elsewhere)).toMatchObject({ state: "UNCONFIRMED" });
  await eventually(
    () => settings(w.as.beta),
    (s) => s.state === "REFUSED",
  );
  hub.pass(2 * MINUTE);
  expect(await set(w.as.beta, elsewhere)).toMatchObject({ state: "UNCONFIRMED" });
  expect((await mailbox.next()).headers.subject).toBe("[Musubi] Confirm your e-mail address");
});

test("a code is good for a day", async () => {
  const w = await pair();
  await set(w.as.beta, { ...RELEASED, address: "late@beta.example" });
  const code = /^ {2}([\w-]{20})$/m.exec((await mailbox.next()).text)?.[1] ?? "";
  hub.pass(DAY + MINUTE);
  expect(await w.as.beta.code("confirmMail", { code })).toBe("BAD_USER_INPUT");
});

test("while the mail server is away mails wait, under the same Message-ID, and come in order", async () => {
  const w = await pair();
  await set(w.as.beta, RELEASED);
  mailbox.refusals = [
    { at: "data", code: 451 },
    { at: "rcpt", code: 450 },
  ];
  await share(w, { title: "One", tlp: "GREEN" });
  await share(w, { title: "Two", tlp: "GREEN" });
  const failed = (times: number) =>
    eventually(
      () => settings(w.as.beta),
      (s) => s.failures === times,
    );
  expect(await failed(1)).toMatchObject({
    state: "ACTIVE",
    problem: "A mail could not be sent (451) and will be tried again.",
  });
  hub.pass(MINUTE + 1_000);
  await failed(2);
  hub.pass(HOUR);
  const subjects = [await mailbox.next(), await mailbox.next()].map((m) => m.headers.subject);
  expect(subjects).toEqual(["[TLP:GREEN] New item: One", "[TLP:GREEN] New item: Two"]);
  const log = () =>
    w.as.beta.ask<{ deliveries: { messageId: string; accepted: boolean; code: number | null }[] }>(
      "mailSettings",
      {},
      "failures problem deliveries { kind messageId accepted code }",
    );
  const { deliveries } = await eventually(log, (l) => l.deliveries.length === 4);
  expect(deliveries.toReversed().map((d) => [d.accepted, d.code])).toEqual([
    [false, 451],
    [false, 450],
    [true, null],
    [true, null],
  ]);
  expect(new Set(deliveries.map((d) => d.messageId)).size).toBe(2);
  expect(await settings(w.as.beta)).toMatchObject({ failures: 0, problem: null });
});

test("an address that the server refuses for good stops the mail, and the account sees why", async () => {
  const w = await pair();
  await set(w.as.beta, RELEASED);
  mailbox.refusals = [{ at: "rcpt", code: 550 }];
  await share(w, { title: "Kept", tlp: "GREEN" });
  const refused = await eventually(
    () => settings(w.as.beta),
    (s) => s.state === "REFUSED",
  );
  expect(refused.problem).toBe("The mail server does not take mail for this address (SMTP 550).");
  // Set again it goes on where it stopped.
  await set(w.as.beta, RELEASED);
  expect((await mailbox.next()).headers.subject).toBe("[TLP:GREEN] New item: Kept");
});

test("a mail that the server refuses for good is passed over, and the account sees that", async () => {
  const w = await pair();
  await set(w.as.beta, RELEASED);
  mailbox.refusals = [{ at: "data", code: 554 }];
  await share(w, { title: "Suspicious", tlp: "GREEN" });
  const told = await eventually(
    () => settings(w.as.beta),
    (s) => s.problem !== null,
  );
  expect(told).toMatchObject({
    state: "ACTIVE",
    problem: "The mail server did not take a mail (SMTP 554). The alert itself is in the hub.",
  });
  await share(w, { title: "Harmless", tlp: "GREEN" });
  expect((await mailbox.next()).headers.subject).toBe("[TLP:GREEN] New item: Harmless");
});

test("with its key the mail ends: the account is told once, and goes on with another where it stopped", async () => {
  const w = await pair();
  const { accountId } = { accountId: w.account.analyst };
  const make = (client: Client) =>
    client.do<{ id: string; secret: string }>(
      "createApiKey",
      { input: { accountId, name: "Further" } },
      "id secret",
    );
  const key = await make(w.as.analyst);
  await set(hub.as(key.secret), RELEASED);
  await w.as.analyst.do("revokeApiKey", { id: key.id }, "");
  await share(w, { title: "Meanwhile", tlp: "GREEN" });
  const notice = await mailbox.next();
  expect(notice.headers.subject).toBe("[Musubi] Your alerts by e-mail have stopped");
  expect(await settings(w.as.analyst)).toMatchObject({ state: "KEY_ENDED" });
  await set(w.as.analyst, RELEASED);
  expect((await mailbox.next()).headers.subject).toBe("[TLP:GREEN] New item: Meanwhile");
});

test("a disabled account gets no mail any more, and no word of that", async () => {
  const w = await pair();
  await set(w.as.analyst, RELEASED);
  await set(w.as.beta, RELEASED);
  await w.as.beta.do("disableAccount", { id: w.account.analyst });
  const to = await emailOf(w.as.beta);
  await share(w, { title: "One", tlp: "GREEN" });
  await share(w, { title: "Two", tlp: "GREEN" });
  const mails = [await mailbox.next(), await mailbox.next()];
  expect(mails.map((m) => [m.to, m.headers.subject])).toEqual([
    [[to], "[TLP:GREEN] New item: One"],
    [[to], "[TLP:GREEN] New item: Two"],
  ]);
});

test("a member that is suspended gets no mail on what is released meanwhile, nor afterwards", async () => {
  const w = await pair();
  await set(w.as.beta, RELEASED);
  const id = w.membership["beta power"];
  await hub.operator.do("suspendMembership", { id, reason: "Under inquiry" });
  await share(w, { title: "Meanwhile", tlp: "GREEN" });
  await hub.operator.do("resumeMembership", { id });
  await share(w, { title: "After", tlp: "GREEN" });
  expect((await mailbox.next()).headers.subject).toBe("[TLP:GREEN] New item: After");
});

test("a mail that waits is decided on when it goes out: what was withdrawn meanwhile is not in it", async () => {
  const w = await pair();
  await set(w.as.beta, { immediate: ["ITEM_RELEASED", "ITEM_WITHDRAWN"] });
  mailbox.refusals = [{ at: "data", code: 451 }];
  const item = await makeIncident(w.as.acme, { title: "Withdrawn", tlp: "GREEN" });
  const made = await release(w.as.acme, item, { groupIds: [w.group.power], tlp: "GREEN" });
  await eventually(
    () => settings(w.as.beta),
    (s) => s.failures === 1,
  );
  await w.as.acme.do("withdrawRelease", { id: made, reason: "Wrong" });
  hub.pass(HOUR);
  const mail = await mailbox.next();
  expect(mail.headers.subject).toBe("[Musubi] Item withdrawn");
  expect(mail.text).not.toContain("Withdrawn");
});

test("what is wrong with the settings is named, all at once, and they are the account's own", async () => {
  const w = await pair();
  const refusal = await w.as.beta.refused("setMail", {
    input: { address: "x", timeZone: "Mars/Base", digestHour: 24 },
  });
  expect(refusal.code).toBe("BAD_USER_INPUT");
  expect(Object.keys(refusal.issues)).toEqual([
    "input.address",
    "input.timeZone",
    "input.digestHour",
  ]);
  expect(await w.as.beta.code("setMail", { input: {} })).toBe("BAD_USER_INPUT");
  expect(await w.as.beta.code("stopMail")).toBe("CONFLICT");
  await set(w.as.beta, RELEASED);
  expect(await w.as.analyst.ask("mailSettings", {}, FIELDS)).toBeNull();
  expect(await hub.anonymous.code("mailSettings")).toBe("UNAUTHENTICATED");
});

describe("stopping", () => {
  test("the mutation stops every mail, and what comes until it is set again is never sent", async () => {
    const w = await pair();
    await set(w.as.beta, RELEASED);
    expect(await w.as.beta.do("stopMail", {}, FIELDS)).toMatchObject({ state: "STOPPED" });
    await share(w, { title: "Unwanted", tlp: "GREEN" });
    await set(w.as.beta, RELEASED);
    await share(w, { title: "Wanted", tlp: "GREEN" });
    expect((await mailbox.next()).headers.subject).toBe("[TLP:GREEN] New item: Wanted");
  });

  test("the link in a mail shows a button, and a POST stops the mail without a key", async () => {
    const w = await pair();
    await set(w.as.beta, RELEASED);
    await share(w, { title: "One", tlp: "GREEN" });
    const { headers } = await mailbox.next();
    const link = /<(.+)>/.exec(headers["list-unsubscribe"] ?? "")?.[1] ?? "";
    const url = link.replace("https://hub.example/musubi", hub.url);
    const page = await fetch(url);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<form method="post">');
    expect(await settings(w.as.beta)).toMatchObject({ state: "ACTIVE" });
    const body = "List-Unsubscribe=One-Click";
    const type = { "content-type": "application/x-www-form-urlencoded" };
    expect((await fetch(url, { method: "POST", headers: type, body })).status).toBe(200);
    expect(await settings(w.as.beta)).toMatchObject({ state: "STOPPED" });
    for (const path of ["/mail/stop/", "/mail/stop/x", `${new URL(url).pathname}x`])
      expect((await fetch(`${hub.url}${path}`, { method: "POST" })).status).toBe(404);
  });
});
