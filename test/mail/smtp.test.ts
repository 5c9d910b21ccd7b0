import { readFileSync } from "node:fs";
import type { MailConfig } from "../../src/mail-config";
import { Smtp } from "../../src/mail/smtp";
import { CA_FILE, Mailbox } from "./mailbox";

/** How the hub speaks to the operator's mail server. */
let mailbox: Mailbox | null = null;
afterEach(async () => {
  await mailbox?.stop();
  mailbox = null;
});

const config = (port: number, more: Partial<MailConfig> = {}): MailConfig => ({
  host: "localhost",
  port,
  secure: false,
  requireTls: true,
  user: null,
  password: null,
  from: { name: "Musubi", address: "hub@musubi.example" },
  ca: readFileSync(CA_FILE, "utf8"),
  publicUrl: "https://hub.example",
  ...more,
});
const message = {
  to: "a,b@beta.example",
  subject: "Subject",
  text: "Text",
  messageId: "1@musubi.example",
  stopUrl: "https://hub.example/mail/stop/x",
};
const { signal } = new AbortController();

test("over STARTTLS, with user and password; an address is one address", async () => {
  const users: string[] = [];
  mailbox = await Mailbox.start({
    secure: false,
    authOptional: false,
    onAuth: ({ username, password }, _session, callback) => {
      users.push(`${username}:${password}`);
      callback(null, { user: username });
    },
  });
  const smtp = new Smtp(config(mailbox.port, { user: "hub", password: "p@ss" }));
  expect(await smtp.send(message, signal)).toMatchObject({ accepted: true });
  const mail = await mailbox.next();
  expect(mail).toMatchObject({ to: ['"a,b"@beta.example'], secure: true });
  expect(users).toEqual(["hub:p@ss"]);
});

test("without TLS nothing is sent where it is required, and the refusal is not for good", async () => {
  mailbox = await Mailbox.start({
    secure: false,
    hideSTARTTLS: true,
    disabledCommands: ["STARTTLS"],
  });
  const smtp = new Smtp(config(mailbox.port));
  expect(await smtp.send(message, signal)).toMatchObject({ accepted: false, refused: null });
  expect(mailbox.taken).toBe(0);
  const loopback = new Smtp(config(mailbox.port, { requireTls: false }));
  expect(await loopback.send(message, signal)).toMatchObject({ accepted: true });
});

test("a certificate that no known authority has signed is not taken", async () => {
  mailbox = await Mailbox.start();
  const smtp = new Smtp(config(mailbox.port, { secure: true, ca: null }));
  expect(await smtp.send(message, signal)).toMatchObject({ accepted: false, refused: null });
  expect(mailbox.taken).toBe(0);
});

test("a wrong password is the operator's affair: no address is refused for it", async () => {
  mailbox = await Mailbox.start({
    authOptional: false,
    onAuth: (_auth, _session, callback) =>
      callback(Object.assign(new Error("no"), { responseCode: 535 })),
  });
  const smtp = new Smtp(config(mailbox.port, { secure: true, user: "hub", password: "wrong" }));
  const sent = await smtp.send(message, signal);
  expect(sent).toMatchObject({ accepted: false, refused: null, code: 535 });
  expect(sent.problem).not.toContain("internal-host");
});

test("a server that is not there is tried again later", async () => {
  mailbox = await Mailbox.start();
  const smtp = new Smtp(config(mailbox.port, { secure: true }));
  await mailbox.stop();
  expect(await smtp.send(message, signal)).toMatchObject({
    accepted: false,
    refused: null,
    code: null,
    problem: expect.stringContaining("will be tried again"),
  });
});
