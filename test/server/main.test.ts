import { Client } from "../support/client";
import { subscribe } from "../support/alerts";
import { createTestDatabase, type TestDatabase } from "../support/database";
import { buildHub, type BuiltHub, type HubProcess } from "../support/hub-process";

/** The built process: what it says when it cannot start, and how it stops. */
let built: BuiltHub;
let database: TestDatabase;
beforeAll(async () => {
  built = buildHub();
  database = await createTestDatabase();
}, 60_000);
afterAll(async () => {
  built.remove();
  await database.drop();
});

const start = (env: Record<string, string>): HubProcess => built.start(env);

test("an unusable variable stops the start in one line that names it", async () => {
  const settings: Record<string, Record<string, string>> = {
    PORT: { PORT: "no-port" },
    HUB_BOOTSTRAP_KEY: { HUB_BOOTSTRAP_KEY: "too-short" },
    DATABASE_URL: { DATABASE_URL: "postgres://hub:s3cret@127.0.0.1:1/nothing" },
    HOST: { HOST: "192.0.2.1", DATABASE_URL: database.url, PORT: "0" },
  };
  const started = Object.entries(settings).map(([name, env]) => ({ name, ...start(env) }));
  for (const { name, exited, stderr } of started) {
    expect([name, await exited]).toEqual([name, 1]);
    const lines = stderr().trim().split("\n");
    expect(lines).toEqual([expect.stringContaining(name)]);
    expect(stderr()).not.toContain("s3cret");
  }
});

test("it starts on an empty database with a bootstrap key, tells no credential, and SIGTERM ends it cleanly", async () => {
  const key = "bootstrap-key-of-the-test-0123456789";
  const started = start({ DATABASE_URL: database.url, PORT: "0", HUB_BOOTSTRAP_KEY: key });
  const url = await started.ready();
  const operator = new Client(url, key);
  expect(
    await operator.ask("viewer", {}, "account { roles affiliation } organization { kind }"),
  ).toEqual({
    account: { roles: ["OPERATOR_ADMIN", "ANALYST"], affiliation: "EMPLOYEE" },
    organization: { kind: "OPERATOR" },
  });
  const live = subscribe(url, key, async () => "", {});
  await live.opened;

  // A second hub on its port is refused; one on its database is welcome and keeps its operator.
  const second = start({ DATABASE_URL: database.url, PORT: new URL(url).port });
  expect(await second.exited).toBe(1);
  expect(second.stderr().trim().split("\n")).toEqual([expect.stringContaining("PORT")]);

  const stopping = new Promise<void>((resolve) =>
    started.child.stdout?.on("data", () => started.stdout().includes("stopping") && resolve()),
  );
  started.child.kill("SIGTERM");
  // Under `npm start` a signal comes twice: from the terminal's group, and passed on by npm.
  await stopping;
  started.child.kill("SIGTERM");
  expect(await live.end()).toMatchObject({ closed: 1001 });
  expect(await started.exited).toBe(0);
  expect(started.stdout() + started.stderr()).not.toContain(key);
  for (const line of started.stdout().trim().split("\n"))
    expect(JSON.parse(line)).toMatchObject({ level: expect.any(Number) });
  await expect(fetch(`${url}/health/live`)).rejects.toThrow("fetch failed");

  // The bootstrap key is ignored on a database that is not empty; the first one still holds.
  const again = start({
    DATABASE_URL: database.url,
    PORT: "0",
    HUB_BOOTSTRAP_KEY: "another-bootstrap-key-0123456789-0123",
  });
  const other = await again.ready();
  expect(await new Client(other, key).ask("viewer", {}, "organization { kind }")).toEqual({
    organization: { kind: "OPERATOR" },
  });
  const refused = await new Client(other, "another-bootstrap-key-0123456789-0123").code("viewer");
  expect(refused).toBe("UNAUTHENTICATED");
  again.child.kill("SIGINT");
  expect(await again.exited).toBe(0);
});
