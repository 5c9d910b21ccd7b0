import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { DAY, type Scenario } from "../sharing/scenario-world";
import { startTestHub, type TestHub } from "../support/hub";
import { Community } from "./community";
import { Story } from "./story";
import { withTwins } from "./twins";

const folder = join(__dirname, "../sharing/scenarios");
const scenarios = readdirSync(folder).map((file): [string, Scenario] => {
  const scenario = parse(readFileSync(join(folder, file), "utf8")) as Scenario;
  return [`${file.replace(".yaml", "")}: ${scenario.says}`, scenario];
});

let hub: TestHub;
let communities = 0;
beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(() => hub.stop());

/** One hub for all: each scenario is told when the one before is over, to a community that knows nothing of the others. */
test.each(scenarios)("through every door, %s", async (_, scenario) => {
  const tag = `s${String(++communities).padStart(2, "0")}x`;
  const community = await Community.found(hub, withTwins(scenario), tag);
  try {
    expect(await new Story(community).tell()).toBeGreaterThan(0);
  } finally {
    hub.clock.moveTo(Math.max(hub.clock.now(), community.start) + 20 * DAY);
  }
});
