import type { Client } from "../support/client";
import { eventually } from "../support/eventually";
import { DAY, HOUR, MINUTE, startTestHub, type TestHub } from "../support/hub";
import { buildWorld, makeIncident, makeIndicator, release } from "../support/world";
import { Receiver } from "./receiver";

/** Whom a webhook serves, and that what it carries is decided when it is delivered. */
let hub: TestHub;
let receiver: Receiver;
beforeAll(async () => {
  hub = await startTestHub({ HUB_WEBHOOK_PRIVATE: "1" });
});
afterAll(() => hub.stop());
beforeEach(async () => {
  receiver = await Receiver.start();
});
afterEach(() => receiver.stop());

const pair = (more: object = {}) =>
  buildWorld(hub, {
    organizations: ["acme", "beta"],
    accounts: {
      analyst: { of: "beta", roles: ["MEMBER"] },
      contractor: { of: "beta", roles: ["MEMBER"], affiliation: "CONTRACTOR" },
      admin: { of: "beta", roles: ["ORG_ADMIN"] },
    },
    groups: { power: { members: ["acme", "beta"] } },
    agreements: [{ from: "power", to: "power", ...more }],
  });

const hook = async (client: Client, more: object = {}): Promise<string> => {
  const input = { name: "SIEM", url: receiver.url, ...more };
  const made = await client.do<{ webhook: { id: string } }>(
    "createWebhook",
    { input },
    "webhook { id }",
  );
  return made.webhook.id;
};
const FIELDS = "id state reason failures account { id } deliveries { nodes { cursor } }";
const stateOf = async (client: Client, id: string): Promise<string> => {
  const all = await client.ask<{ id: string; state: string }[]>("webhooks", {}, "id state");
  return all.find((w) => w.id === id)?.state ?? "gone";
};
const becomes = (client: Client, id: string, state: string): Promise<string> =>
  eventually(
    () => stateOf(client, id),
    (s) => s === state,
  );
const failedOnce = (client: Client): Promise<unknown> =>
  eventually(
    () => client.ask<{ failures: number }[]>("webhooks", {}, "failures"),
    (all) => all.some((w) => w.failures > 0),
  );

describe("case 17: the agreement ends", () => {
  test("an alert that is being tried again is not delivered after the instant of the end", async () => {
    const w = await pair({ effectiveUntil: hub.clock.in(HOUR) });
    await hook(w.as.beta);
    receiver.replies = [{ status: 503, headers: { "retry-after": "3600" } }];
    const id = await makeIncident(w.as.acme, { title: "In flight" });
    await release(w.as.acme, id, { groupIds: [w.group.power] });
    expect((await receiver.take()).data.itemId).toBe(id);
    await failedOnce(w.as.beta);
    hub.pass(HOUR + MINUTE);
    const told = await receiver.rest(await hub.beacon());
    expect(told.filter((a) => a.item !== null)).toEqual([]);
  });

  test("until the millisecond before it everything is delivered", async () => {
    const w = await pair({ effectiveUntil: hub.clock.in(DAY) });
    await hook(w.as.beta);
    hub.pass(DAY - 1_000);
    const id = await makeIndicator(w.as.acme, "198.51.100.9");
    await release(w.as.acme, id, { groupIds: [w.group.power] });
    expect((await receiver.next()).item?.id).toBe(id);
  });
});

describe("case 18: a member is suspended", () => {
  test("its webhooks stop, and reinstatement delivers nothing of what was released meanwhile", async () => {
    const w = await pair();
    const made = await hook(w.as.beta);
    const make = async (value: string): Promise<string> => {
      const id = await makeIndicator(w.as.acme, value);
      await release(w.as.acme, id, { groupIds: [w.group.power] });
      return id;
    };
    const before = await make("198.51.100.41");
    const first = await receiver.take();
    expect(first.data.item?.id).toBe(before);
    const id = w.membership["beta power"];
    await hub.operator.do("suspendMembership", { id, reason: "Under inquiry" });
    const meanwhile = await make("198.51.100.42");
    const heard = await receiver.rest(await hub.beacon());
    expect(heard.map((a) => [a.type, a.itemId])).toEqual(
      expect.arrayContaining([["ACCESS_ENDED", before]]),
    );
    expect(heard.filter((a) => a.item !== null || a.itemId === meanwhile)).toEqual([]);

    await hub.operator.do("resumeMembership", { id });
    const after = await make("198.51.100.43");
    const resumed = await receiver.rest(await hub.beacon());
    expect(resumed.flatMap((a) => a.item?.id ?? [])).toEqual([after]);
    await w.as.beta.do("replayWebhook", { id: made, after: first.data.cursor });
    const replayed = await receiver.rest(await hub.beacon());
    expect(replayed.flatMap((a) => a.item?.id ?? [])).toEqual([after]);
  });
});

describe("case 19: the account is no longer", () => {
  test("a disabled account's webhook is disabled before the next alert, and says so", async () => {
    const w = await pair();
    const id = await hook(w.as.admin, { accountId: w.account.analyst });
    await hub.operator.do("disableAccount", { id: w.account.analyst });
    const item = await makeIncident(w.as.acme);
    await release(w.as.acme, item, { groupIds: [w.group.power] });
    await becomes(w.as.beta, id, "DISABLED");
    expect(receiver.count).toBe(0);
    expect(await w.as.beta.code("resumeWebhook", { id })).toBe("CONFLICT");
  });

  test("a revoked key stops the webhook that was made with it; another administrator resumes it where it stopped", async () => {
    const w = await pair();
    const id = await hook(w.as.admin);
    const [key] = await w.as.admin
      .ask<{ account: { apiKeys: { id: string; createdBy?: string }[] } }>(
        "viewer",
        {},
        "account { apiKeys { id } }",
      )
      .then(({ account }) => account.apiKeys.slice(-1));
    await hub.operator.do("revokeApiKey", { id: key?.id }, "");
    const item = await makeIncident(w.as.acme);
    await release(w.as.acme, item, { groupIds: [w.group.power] });
    await becomes(w.as.beta, id, "DISABLED");
    expect(receiver.count).toBe(0);
    await w.as.beta.do("resumeWebhook", { id }, FIELDS);
    const told = await receiver.rest(await hub.beacon());
    expect(told.map((a) => a.itemId ?? a.type)).toContain(item);
  });
});

test("it delivers what its account may see: a contractor's gets no TLP:AMBER+STRICT", async () => {
  const w = await pair();
  await hook(w.as.admin, { accountId: w.account.contractor });
  const strict = await makeIncident(w.as.acme, { title: "Strict", tlp: "AMBER_STRICT" });
  await release(w.as.acme, strict, { groupIds: [w.group.power], tlp: "AMBER_STRICT" });
  const amber = await makeIncident(w.as.acme, { title: "Amber" });
  await release(w.as.acme, amber, { groupIds: [w.group.power] });
  const told = await receiver.rest(await hub.beacon());
  expect(told.map((a) => a.itemId)).toEqual([amber]);
});

test("what names one account is never delivered, not even to the webhook that the account itself made", async () => {
  const w = await pair();
  await hook(w.as.beta);
  const red = await makeIncident(w.as.acme, { title: "Red", tlp: "RED" });
  await release(w.as.acme, red, { accountIds: [w.account.beta], tlp: "RED" });
  expect(await w.as.beta.ask("incident", { id: red })).toEqual({ id: red });
  expect(await receiver.rest(await hub.beacon())).toEqual([]);
});

test("webhooks are for ORG_ADMINs of the organization; to others' they are as if they were not there", async () => {
  const w = await pair();
  const id = await hook(w.as.beta);
  expect(await w.as.analyst.code("webhooks")).toBe("FORBIDDEN");
  expect(await hub.anonymous.code("webhooks")).toBe("UNAUTHENTICATED");
  const input = { name: "x", url: receiver.url };
  expect(await w.as.analyst.code("createWebhook", { input })).toBe("FORBIDDEN");
  expect((await w.as.admin.ask<{ id: string }[]>("webhooks")).map((h) => h.id)).toEqual([id]);
  for (const other of [w.as.acme, hub.operator]) {
    expect(await other.ask("webhooks")).toEqual([]);
    expect(await other.code("updateWebhook", { id, input })).toBe("NOT_FOUND");
    expect(await other.code("deleteWebhook", { id })).toBe("NOT_FOUND");
    for (const act of ["pauseWebhook", "resumeWebhook", "rotateWebhookSecret"])
      expect(await other.code(act, { id })).toBe("NOT_FOUND");
  }
  const elsewhere = { ...input, accountId: w.account.acme };
  expect(await w.as.beta.code("createWebhook", { input: elsewhere })).toBe("NOT_FOUND");
});

test("paused it delivers nothing, and resumed it goes on where it stopped; deleted it is gone", async () => {
  const w = await pair();
  const id = await hook(w.as.beta);
  await w.as.beta.do("pauseWebhook", { id });
  const item = await makeIncident(w.as.acme);
  await release(w.as.acme, item, { groupIds: [w.group.power] });
  await hub.beacon();
  expect(receiver.count).toBe(0);
  await w.as.beta.do("resumeWebhook", { id });
  expect((await receiver.next()).itemId).toBe(item);
  await w.as.beta.do("deleteWebhook", { id }, "");
  expect(await stateOf(w.as.beta, id)).toBe("gone");
  expect(await w.as.beta.code("pauseWebhook", { id })).toBe("NOT_FOUND");
});

test("what is wrong with a webhook's input is named, all at once", async () => {
  const w = await pair();
  const refused = async (url: string, name = "x"): Promise<string[]> => {
    const refusal = await w.as.beta.refused("createWebhook", { input: { name, url } });
    expect(refusal.code).toBe("BAD_USER_INPUT");
    return Object.keys(refusal.issues);
  };
  expect(await refused("ftp://example.jp/", " ")).toEqual(["input.name", "input.url"]);
  for (const url of ["", "x", "https://u:p@example.jp/", "https://example.jp/#x", "javascript:x"])
    expect(await refused(url)).toEqual(["input.url"]);
  const after = { name: "x", url: receiver.url, after: "no cursor" };
  expect((await w.as.beta.refused("createWebhook", { input: after })).issues).toHaveProperty([
    "input.after",
  ]);
});
