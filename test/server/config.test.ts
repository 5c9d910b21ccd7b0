import { ConfigError, readConfig } from "../../src/config";

const refusal = (env: Record<string, string>): string => {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error(`taken: ${JSON.stringify(env)}`);
};

test("without any setting the defaults hold: loopback, port 4000, the embedded database, the demo", () => {
  expect(readConfig({})).toMatchObject({
    port: 4000,
    host: "127.0.0.1",
    databaseUrl: null,
    demo: true,
    bootstrapKey: null,
    logLevel: "info",
    foldSeconds: 30,
    logDays: 90,
    webhookPrivate: false,
    mail: null,
  });
  expect(readConfig({}).dataDir).toMatch(/\/var$/);
});

test("an empty variable counts as not set", () => {
  const empty = {
    PORT: "",
    HOST: "",
    DATABASE_URL: "",
    HUB_DATA_DIR: "",
    HUB_DEMO: "",
    HUB_BOOTSTRAP_KEY: "",
    LOG_LEVEL: "",
    HUB_FOLD_SECONDS: "",
    HUB_LOG_DAYS: "",
    HUB_WEBHOOK_PRIVATE: "",
    HUB_SMTP_URL: "",
    HUB_SMTP_FROM: "",
    HUB_SMTP_CA: "",
    HUB_PUBLIC_URL: "",
  };
  expect(readConfig(empty)).toEqual(readConfig({}));
});

test("with an external database the demo is loaded only where it is asked for", () => {
  const DATABASE_URL = "postgres://hub@db.example/hub";
  expect(readConfig({ DATABASE_URL }).demo).toBe(false);
  expect(readConfig({ DATABASE_URL, HUB_DEMO: "1" }).demo).toBe(true);
  expect(readConfig({ HUB_DEMO: "0" }).demo).toBe(false);
});

test("what is read cannot be changed", () => {
  expect(Object.isFrozen(readConfig({}))).toBe(true);
});

test.each([
  ["PORT", "abc"],
  ["PORT", "-1"],
  ["PORT", "65536"],
  ["PORT", "80.5"],
  ["PORT", "0x50"],
  ["PORT", " 80"],
  ["DATABASE_URL", "mysql://localhost/x"],
  ["DATABASE_URL", "localhost"],
  ["HUB_DEMO", "yes"],
  ["HUB_DEMO", "2"],
  ["HUB_BOOTSTRAP_KEY", "short"],
  ["HUB_BOOTSTRAP_KEY", "x".repeat(31)],
  ["HUB_BOOTSTRAP_KEY", `${"x".repeat(40)}\u0007`],
  ["LOG_LEVEL", "loud"],
  ["HUB_FOLD_SECONDS", "-1"],
  ["HUB_FOLD_SECONDS", "0.5"],
  ["HUB_FOLD_SECONDS", "3601"],
  ["HUB_LOG_DAYS", "0"],
  ["HUB_LOG_DAYS", "ninety"],
  ["HUB_WEBHOOK_PRIVATE", "yes"],
  ["HUB_PUBLIC_URL", "hub.example"],
  ["HUB_PUBLIC_URL", "ftp://hub.example/"],
  ["HUB_PUBLIC_URL", "https://hub.example/?x"],
  ["HUB_SMTP_FROM", "hub@hub.example"],
  ["HUB_SMTP_CA", "/nowhere/ca.pem"],
])("%s=%j is refused in one line that names it", (name, value) => {
  const message = refusal({ [name]: value });
  expect(message).toContain(name);
  expect(message).not.toContain("\n");
});

const MAIL = {
  HUB_SMTP_URL: "smtp://hub:p%40ss@mail.example",
  HUB_SMTP_FROM: "Musubi <hub@hub.example>",
  HUB_PUBLIC_URL: "https://hub.example/",
};

test("how mail is sent is read as a whole; without TLS only on the loopback", () => {
  expect(readConfig(MAIL).mail).toEqual({
    host: "mail.example",
    port: 587,
    secure: false,
    requireTls: true,
    user: "hub",
    password: "p@ss",
    from: { name: "Musubi", address: "hub@hub.example" },
    ca: null,
    publicUrl: "https://hub.example",
  });
  const on = (url: string) => readConfig({ ...MAIL, HUB_SMTP_URL: url }).mail;
  expect(on("smtps://mail.example")).toMatchObject({ port: 465, secure: true, user: null });
  expect(on("smtp://127.0.0.1:1025")).toMatchObject({ port: 1025, requireTls: false });
  expect(on("smtp://[::1]:1025")).toMatchObject({ host: "::1", requireTls: false });
  expect(on("smtp://localhost")).toMatchObject({ requireTls: false });
  expect(on("smtp://127.example")).toMatchObject({ requireTls: true });
});

test.each([
  ["HUB_SMTP_URL", "mail.example"],
  ["HUB_SMTP_URL", "http://mail.example"],
  ["HUB_SMTP_URL", "smtp://"],
  ["HUB_SMTP_URL", "smtp://mail.example/path"],
  ["HUB_SMTP_URL", "smtp://hub:%zz@mail.example"],
  ["HUB_SMTP_FROM", ""],
  ["HUB_SMTP_FROM", "Musubi"],
  ["HUB_SMTP_FROM", "Musubi <a@b.example>\r\nBcc: c@d.example"],
  ["HUB_SMTP_CA", "/nowhere/ca.pem"],
  ["HUB_SMTP_CA", __filename],
  ["HUB_PUBLIC_URL", ""],
])("of the mail's settings %s=%j is refused in one line that names it", (name, value) => {
  const message = refusal({ ...MAIL, [name]: value });
  expect(message).toContain(name);
  expect(message).not.toContain("\n");
  expect(message).not.toContain("%zz");
});

test("a refusal does not repeat a credential", () => {
  const secret = "s3cret-but-short";
  expect(refusal({ HUB_BOOTSTRAP_KEY: secret })).not.toContain(secret);
  expect(refusal({ DATABASE_URL: `mysql://hub:${secret}@localhost/x` })).not.toContain(secret);
});

test.each(["0", "1", "65535"])("PORT=%s is taken", (PORT) => {
  expect(readConfig({ PORT }).port).toBe(Number(PORT));
});

test("a bootstrap key of 32 printable characters is taken", () => {
  const HUB_BOOTSTRAP_KEY = "!".repeat(16) + "~".repeat(16);
  expect(readConfig({ HUB_BOOTSTRAP_KEY }).bootstrapKey).toBe(HUB_BOOTSTRAP_KEY);
});
