import { createOperator, isEmpty, issueOwnKey } from "./auth/bootstrap";
import type { Config } from "./config";
import { type DemoAccount, loadDemo } from "./demo/load-demo";
import type { Hub } from "./hub";

const FILL_LOCK = 7_264_004;

/**
 * Fills an empty database: the operator of HUB_BOOTSTRAP_KEY, and the demo community. Of several hubs that start at once
 * one fills it; a filling that was broken off is undone and done again, since nobody was served before its end.
 * @returns the demo accounts with their keys; null where none were made
 */
export async function fillEmptyDatabase(hub: Hub, config: Config): Promise<DemoAccount[] | null> {
  const client = await hub.pool.connect();
  try {
    await client.query("SELECT pg_advisory_lock($1)", [FILL_LOCK]);
    const { rows } = await client.query<{ filling: boolean }>("SELECT filling FROM hub");
    if (rows[0]?.filling) await empty(hub);
    await hub.directory.refresh();
    if (!isEmpty(hub) || (!config.bootstrapKey && !config.demo)) return null;
    await client.query("UPDATE hub SET filling = true");
    if (config.bootstrapKey) {
      const operator = { name: "Operator", nameJa: "運営者", sectors: [], country: null };
      await issueOwnKey(hub, await createOperator(hub, operator), "Bootstrap", config.bootstrapKey);
    }
    const accounts = config.demo ? await loadDemo(hub) : null;
    await client.query("UPDATE hub SET filling = false");
    return accounts;
  } finally {
    await client.query("SELECT pg_advisory_unlock($1)", [FILL_LOCK]).catch(() => undefined);
    client.release();
  }
}

/** Every table that a filling writes. */
const FILLED = `chain, audit, disclosure, watch, log, sighting, release_audience, release, link, advisory, observable,
  indicator, incident, item, agreement_signature, agreement_version, sharing_agreement, membership_change, membership,
  coordinator, sector_group, api_key, account, organization`;

async function empty(hub: Hub): Promise<void> {
  await hub.pool.query(`TRUNCATE ${FILLED}`);
  await hub.pool.query("UPDATE hub SET filling = false");
  hub.directory.clear();
}
