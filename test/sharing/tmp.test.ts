import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { world as anyWorld } from "./arbitraries";
import { Disagreements } from "./judges/disagreements";
import { HubOfWorlds } from "./judges/hub-of-worlds";
import { judgeWorlds } from "./judges/judge-worlds";
import { Asking } from "./judges/resolvers";
for (const part of (process.env.OFF ?? "").split(",").filter(Boolean))
  (Asking.prototype as any)[part] = async () => {};
test("x", async () => {
  const hub = await HubOfWorlds.open();
  DB = (hub as any).database.name;
  const found = new Disagreements();
  const reached = new Map();
  const C = Number(process.env.CHUNK ?? 50);
  for (let i = 0; i < Number(process.env.N ?? 2); i++) {
    const worlds = fc.sample(anyWorld, { seed: 100 + i, numRuns: C });
    const t = performance.now();
    const p0 = pg();
    const cpu = process.cpuUsage();
    await judgeWorlds(hub, worlds, found, reached);
    const c = process.cpuUsage(cpu);
    console.log(
      `chunk ${i}: ${((performance.now() - t) / C).toFixed(1)} ms/world, cpu ${((c.user + c.system) / 1000 / C).toFixed(1)}, pg ${((pg() - p0) / C).toFixed(1)}, viewers ${worlds.flatMap((w) => w.viewers).length} items ${worlds.flatMap((w) => w.items).length}`,
    );
  }
  await hub.close();
  console.log(found.compared, [...reached]);
  for (const [law, d] of found.byLaw)
    console.log(law, d.times, JSON.stringify(d.first).slice(0, 1500));
}, 600000);

function pg(): number {
  let t = 0;
  for (const d of readdirSync("/proc")) {
    if (!/^\d+$/.test(d)) continue;
    try {
      const c = readFileSync(`/proc/${d}/cmdline`, "utf8");
      if (!c.includes(DB)) continue;
      const st = readFileSync(`/proc/${d}/stat`, "utf8").split(") ")[1]!.split(" ");
      t += Number(st[11]) + Number(st[12]);
    } catch {}
  }
  return t * 10;
}
let DB = "nothing";
