import type { Pool } from "pg";
import type { World } from "./generated-world";

const BY = "0a0a0a0a-0000-4000-8000-000000000000";
const CONTENT: Record<string, [columns: string, types: string]> = {
  incident: [
    "title, summary, description, category, severity, victim, contact, occurred_at, affected_systems",
    "title text, summary text, description text, category text, severity text, victim text, contact text, occurred_at timestamptz, affected_systems text[]",
  ],
  indicator: [
    "name, description, pattern, pattern_type, valid_from, confidence, labels",
    "name text, description text, pattern text, pattern_type text, valid_from timestamptz, confidence smallint, labels text[]",
  ],
  advisory: ["title, summary, body", "title text, summary text, body text"],
};

/** Forgets all parties and items. */
export async function clear(pool: Pool): Promise<void> {
  await pool.query(
    "TRUNCATE organization, account, sector_group, sharing_agreement, agreement_version, item, release CASCADE",
  );
}

/** Adds worlds by plain SQL, under a new version of the policy clock. */
export async function insertWorlds(pool: Pool, worlds: readonly World[]): Promise<void> {
  const { rows } = await pool.query<{ version: string }>(
    "UPDATE hub SET policy_version = policy_version + 1 RETURNING policy_version AS version",
  );
  const version = Number(rows[0]?.version);
  const insert = async (
    table: string,
    columns: string,
    types: string,
    list: object[],
  ): Promise<void> => {
    await pool.query(
      `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM jsonb_to_recordset($1::jsonb) AS t(${types})
       ${table === "organization" ? "ON CONFLICT DO NOTHING" : ""}`,
      [JSON.stringify(list)],
    );
  };
  const each = <T>(of: (world: World) => T[]): T[] => worlds.flatMap(of);
  const party = { version, created_at: time(0) };
  await insert(
    "organization",
    "id, name, kind, created_at, version",
    "id uuid, name text, kind text, created_at timestamptz, version bigint",
    each((w) => w.organizations.map(({ id, kind }) => ({ id, name: id, kind, ...party }))),
  );
  await insert(
    "account",
    "id, organization_id, email, display_name, roles, affiliation, created_at, version",
    "id uuid, organization_id uuid, email text, display_name text, roles text[], affiliation text, created_at timestamptz, version bigint",
    each((w) =>
      w.accounts.map(({ id, viewer: v }) => ({
        id,
        organization_id: v.organizationId,
        email: id,
        display_name: id,
        roles: v.roles,
        affiliation: v.affiliation,
        ...party,
      })),
    ),
  );
  await insert(
    "sector_group",
    "id, slug, name, sector, roster, created_at, version",
    "id uuid, slug text, name text, sector text, roster text, created_at timestamptz, version bigint",
    each((w) =>
      w.groups.map((id) => ({ id, slug: id, name: id, sector: id, roster: "OPEN", ...party })),
    ),
  );
  // A membership bears no id in a world: that of its place in the list.
  const memberships = each((w) => [...w.memberships]).map((m, i) => ({ ...m, id: nth(i) }));
  await insert(
    "membership",
    "id, organization_id, group_id, version",
    "id uuid, organization_id uuid, group_id uuid, version bigint",
    memberships.map(({ id, organizationId, groupId }) => ({
      id,
      organization_id: organizationId,
      group_id: groupId,
      version,
    })),
  );
  // The directory reads changes by version: each later one bears a later version, as it does in the hub.
  const changes = memberships.flatMap((m) => m.changes.map((c, i) => ({ ...c, i, of: m.id })));
  await insert(
    "membership_change",
    "membership_id, state, at, by_account, by_operator, version",
    "membership_id uuid, state text, at timestamptz, by_account uuid, by_operator boolean, version bigint",
    changes.map(({ state, at, i, of }) => ({
      membership_id: of,
      state,
      at: time(at),
      by_account: BY,
      by_operator: true,
      version: version * 100 + i,
    })),
  );
  const agreements = each((w) => [...w.agreements]);
  await insert(
    "sharing_agreement",
    "id, title, from_group_id, to_group_id, version",
    "id uuid, title text, from_group_id uuid, to_group_id uuid, version bigint",
    agreements.map((a) => ({
      id: a.id,
      title: a.id,
      from_group_id: a.fromGroupId,
      to_group_id: a.toGroupId,
      version,
    })),
  );
  await insert(
    "agreement_version",
    "id, agreement_id, number, title, terms, sign_within, drafted_at, drafted_by, proposed_at, effective_from, effective_until, terminated_at, version",
    "id uuid, agreement_id uuid, number int, title text, terms jsonb, sign_within text, drafted_at timestamptz, drafted_by uuid, proposed_at timestamptz, effective_from timestamptz, effective_until timestamptz, terminated_at timestamptz, version bigint",
    agreements.flatMap((a) =>
      a.versions.map((v) => ({
        id: v.id,
        agreement_id: a.id,
        number: v.number,
        title: a.id,
        terms: v.terms,
        sign_within: `PT${v.signWithinMs / 1000}S`,
        drafted_at: time(0),
        drafted_by: BY,
        proposed_at: time(v.proposedAt),
        effective_from: time(v.effectiveFrom),
        effective_until: time(v.effectiveUntil),
        terminated_at: time(v.terminatedAt),
        version,
      })),
    ),
  );
  const [signatory] = each((w) => w.accounts);
  await insert(
    "agreement_signature",
    "version_id, organization_id, account_id, signed_at, version",
    "version_id uuid, organization_id uuid, account_id uuid, signed_at timestamptz, version bigint",
    agreements.flatMap((a) =>
      [...a.signatures].flatMap(([organization, signatures]) =>
        signatures.map((s) => ({
          version_id: s.versionId,
          organization_id: organization,
          account_id: signatory?.id,
          signed_at: time(s.at),
          version,
        })),
      ),
    ),
  );
  const items = each((w) => w.items);
  await insert(
    "item",
    "id, kind, owner_id, created_by, stix_id, tlp, pap, attribution, state, created_at, updated_at, submitted_at",
    "id uuid, kind text, owner_id uuid, created_by uuid, stix_id text, tlp smallint, pap smallint, attribution smallint, state text, created_at timestamptz, updated_at timestamptz, submitted_at timestamptz",
    items.map((i) => ({
      id: i.id,
      kind: i.kind,
      owner_id: i.ownerId,
      created_by: BY,
      stix_id: i.stixId,
      tlp: i.tlp,
      pap: i.pap,
      attribution: i.attribution,
      state: i.state,
      created_at: time(i.createdAt),
      updated_at: time(i.updatedAt),
      submitted_at: time(i.submittedAt),
    })),
  );
  for (const [kind, [columns, types]] of Object.entries(CONTENT)) {
    await insert(
      kind,
      `id, ${columns}`,
      `id uuid, ${types}`,
      items
        .filter((i) => i.kind === kind.toUpperCase())
        .map((i) => ({
          ...i.content,
          id: i.id,
          title: i.own.title,
          name: i.own.title,
          description: i.own.description,
          body: i.own.description,
          occurred_at: i.content.occurredAt,
          affected_systems: i.content.affectedSystems,
          pattern_type: i.content.patternType,
          valid_from: i.content.validFrom,
        })),
    );
  }
  await insert(
    "observable",
    "indicator_id, position, type, value",
    "indicator_id uuid, position smallint, type text, value text",
    items.flatMap((i) =>
      i.observables.map((o, position) => ({ indicator_id: i.id, position, ...o })),
    ),
  );
  await insert(
    "link",
    "source_id, target_id",
    "source_id uuid, target_id uuid",
    items.flatMap((i) => i.links.map((target_id) => ({ source_id: i.id, target_id }))),
  );
  const audiences = items.flatMap((i) => i.audiences.map((a) => ({ ...a, item: i })));
  const releases = [...new Map(audiences.map((a) => [a.releaseId, a])).values()];
  await insert(
    "release",
    "id, item_id, state, tlp, title, summary, description, withheld_fields, proposed_at, proposed_by",
    "id uuid, item_id uuid, state text, tlp smallint, title text, summary text, description text, withheld_fields text[], proposed_at timestamptz, proposed_by uuid",
    releases.map((a) => ({
      id: a.releaseId,
      item_id: a.item.id,
      state: "RELEASED",
      tlp: 0,
      ...a.item.wordings.get(a.releaseId),
      withheld_fields: a.withheldFields,
      proposed_at: time(a.releasedAt),
      proposed_by: BY,
    })),
  );
  await insert(
    "release_audience",
    "release_id, item_id, kind, owner_id, path, target, from_group_id, to_group_id, version_id, tlp, pap, withheld, released_at, live_from, live_until",
    "release_id uuid, item_id uuid, kind text, owner_id uuid, path text, target uuid, from_group_id uuid, to_group_id uuid, version_id uuid, tlp smallint, pap smallint, withheld int, released_at timestamptz, live_from timestamptz, live_until timestamptz",
    audiences.map((a) => ({
      release_id: a.releaseId,
      item_id: a.item.id,
      kind: a.kind,
      owner_id: a.ownerId,
      path: a.path,
      target: a.target,
      from_group_id: a.fromGroupId,
      to_group_id: a.toGroupId,
      version_id: a.versionId,
      tlp: a.tlp,
      pap: a.pap,
      withheld: a.withheld,
      released_at: time(a.releasedAt),
      live_from: time(a.liveFrom),
      live_until: time(a.liveUntil) ?? "infinity",
    })),
  );
}

/** null: never, or not yet. */
const time = (at: number | null): string | null =>
  at === null || at === Infinity ? null : new Date(at).toISOString();

const nth = (i: number): string => `00000000-0000-4000-8000-${i.toString(16).padStart(12, "0")}`;
