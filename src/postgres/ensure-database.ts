import { Client } from "pg";

/** Creates the database unless it is there. `url` leads to any other database of the server. */
export async function ensureDatabase(url: string, name: string): Promise<void> {
  const client = new Client(url);
  await client.connect();
  try {
    const found = await client.query("SELECT FROM pg_database WHERE datname = $1", [name]);
    if (found.rowCount === 0)
      await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
}
