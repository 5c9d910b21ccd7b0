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
])("%s=%j is refused in one line that names it", (name, value) => {
  const message = refusal({ [name]: value });
  expect(message).toContain(name);
  expect(message).not.toContain("\n");
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
