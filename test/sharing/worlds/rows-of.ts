import type { World, WorldItem } from "../generated-world";
import { rfc3339 } from "./time";

/** Rows of one table; a column as `name type`. */
export interface Rows {
  table: string;
  columns: string;
  rows: object[];
}

const BY = "0a0a0a0a-0000-4000-8000-000000000000";

/** null: never, or not yet. */
const time = (at: number | null) => (at === null || at === Infinity ? null : rfc3339(at));
const nth = (i: number): string => `00000000-0000-4000-8000-${i.toString(16).padStart(12, "0")}`;

/** Organizations, accounts, groups and memberships. */
export function partiesOf(worlds: readonly World[], version: number): Rows[] {
  const each = <T>(of: (world: World) => readonly T[]): T[] => worlds.flatMap(of);
  const party = { version, created_at: time(0) };
  // A membership bears no id in a world: that of its place in the list.
  const memberships = each((w) => w.memberships).map((m, i) => ({ ...m, id: nth(i) }));
  return [
    {
      table: "organization",
      columns: "id uuid, name text, kind text, created_at timestamptz, version bigint",
      rows: each((w) => w.organizations.map(({ id, kind }) => ({ id, name: id, kind, ...party }))),
    },
    {
      table: "account",
      columns:
        "id uuid, organization_id uuid, email text, display_name text, roles text[], affiliation text, created_at timestamptz, version bigint",
      rows: each((w) =>
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
    },
    {
      table: "sector_group",
      columns:
        "id uuid, slug text, name text, sector text, roster text, created_at timestamptz, version bigint",
      rows: each((w) =>
        w.groups.map((id) => ({ id, slug: id, name: id, sector: id, roster: "OPEN", ...party })),
      ),
    },
    {
      table: "membership",
      columns: "id uuid, organization_id uuid, group_id uuid, version bigint",
      rows: memberships.map(({ id, organizationId, groupId }) => ({
        id,
        organization_id: organizationId,
        group_id: groupId,
        version,
      })),
    },
    {
      table: "membership_change",
      columns:
        "membership_id uuid, state text, at timestamptz, by_account uuid, by_operator boolean, version bigint",
      // The directory reads changes by version: each later one bears a later version, as it does in the hub.
      rows: memberships.flatMap((m) =>
        m.changes.map(({ state, at }, i) => ({
          membership_id: m.id,
          state,
          at: time(at),
          by_account: BY,
          by_operator: true,
          version: version * 100 + i,
        })),
      ),
    },
  ];
}

export function agreementsOf(worlds: readonly World[], version: number): Rows[] {
  const agreements = worlds.flatMap((w) => w.agreements);
  const signatory = worlds.flatMap((w) => w.accounts)[0]?.id;
  return [
    {
      table: "sharing_agreement",
      columns: "id uuid, title text, from_group_id uuid, to_group_id uuid, version bigint",
      rows: agreements.map((a) => ({
        id: a.id,
        title: a.id,
        from_group_id: a.fromGroupId,
        to_group_id: a.toGroupId,
        version,
      })),
    },
    {
      table: "agreement_version",
      columns:
        "id uuid, agreement_id uuid, number int, title text, terms jsonb, sign_within text, drafted_at timestamptz, drafted_by uuid, proposed_at timestamptz, effective_from timestamptz, effective_until timestamptz, terminated_at timestamptz, version bigint",
      rows: agreements.flatMap((a) =>
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
    },
    {
      table: "agreement_signature",
      columns:
        "version_id uuid, organization_id uuid, account_id uuid, signed_at timestamptz, version bigint",
      rows: agreements.flatMap((a) =>
        [...a.signatures].flatMap(([organization, signatures]) =>
          signatures.map((s) => ({
            version_id: s.versionId,
            organization_id: organization,
            account_id: signatory,
            signed_at: time(s.at),
            version,
          })),
        ),
      ),
    },
  ];
}

const CONTENT = {
  INCIDENT:
    "title text, summary text, description text, category text, severity text, victim text, contact text, occurred_at timestamptz, detected_at timestamptz, aware_at timestamptz, affected_systems text[], data_stolen text[]",
  INDICATOR:
    "name text, description text, pattern text, pattern_type text, valid_from timestamptz, valid_until timestamptz, confidence smallint, labels text[], warnings jsonb",
  ADVISORY: "title text, summary text, body text",
};

/** Items with what they say and what they link to. */
export function itemsOf(items: readonly WorldItem[]): Rows[] {
  return [
    {
      table: "item",
      columns:
        "id uuid, kind text, owner_id uuid, created_by uuid, stix_id text, tlp smallint, pap smallint, attribution smallint, state text, created_at timestamptz, updated_at timestamptz, submitted_at timestamptz",
      rows: items.map((i) => ({
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
    },
    ...Object.entries(CONTENT).map(([kind, columns]) => ({
      table: kind.toLowerCase(),
      columns: `id uuid, ${columns}`,
      rows: items.filter((i) => i.kind === kind).map(contentRow),
    })),
    {
      table: "observable",
      columns: "indicator_id uuid, position smallint, type text, value text",
      rows: items.flatMap((i) =>
        i.observables.map((o, position) => ({ indicator_id: i.id, position, ...o })),
      ),
    },
    {
      table: "sighting",
      columns:
        "indicator_id uuid, organization_id uuid, account_id uuid, seen_at timestamptz, recorded_at timestamptz, count int, false_positive boolean, tlp smallint, pap smallint, path text, target uuid, version_id uuid",
      rows: items.flatMap((i) =>
        i.sightings.map((s) => ({
          indicator_id: i.id,
          organization_id: s.organizationId,
          account_id: s.accountId,
          seen_at: time(s.recordedAt),
          recorded_at: time(s.recordedAt),
          count: s.count,
          false_positive: s.falsePositive,
          tlp: s.tlp,
          pap: s.pap,
          path: s.path,
          target: s.target,
          version_id: s.versionId,
        })),
      ),
    },
    {
      table: "link",
      columns: "source_id uuid, target_id uuid",
      rows: items.flatMap((i) => i.links.map((target_id) => ({ source_id: i.id, target_id }))),
    },
  ];
}

const contentRow = ({ id, own, content }: WorldItem): object => ({
  ...content,
  warnings: content.warnings ?? [],
  id,
  title: own.title,
  name: own.title,
  summary: own.summary,
  description: own.description,
  body: own.description,
  occurred_at: content.occurredAt,
  detected_at: content.detectedAt,
  aware_at: content.awareAt,
  affected_systems: content.affectedSystems,
  data_stolen: content.dataStolen,
  pattern_type: content.patternType,
  valid_from: content.validFrom,
  valid_until: content.validUntil,
});

export function releasesOf(items: readonly WorldItem[]): Rows {
  const audiences = items.flatMap((item) => item.audiences.map((a) => ({ ...a, item })));
  return {
    table: "release",
    columns:
      "id uuid, item_id uuid, state text, tlp smallint, title text, summary text, description text, withheld_fields text[], proposed_at timestamptz, proposed_by uuid",
    rows: [...new Map(audiences.map((a) => [a.releaseId, a])).values()].map((a) => ({
      id: a.releaseId,
      item_id: a.item.id,
      state: "RELEASED",
      tlp: 0,
      ...a.item.wordings.get(a.releaseId),
      withheld_fields: a.withheldFields,
      proposed_at: time(a.releasedAt),
      proposed_by: BY,
    })),
  };
}

export const audiencesOf = (items: readonly WorldItem[]): Rows => ({
  table: "release_audience",
  columns:
    "release_id uuid, item_id uuid, kind text, owner_id uuid, path text, target uuid, from_group_id uuid, to_group_id uuid, version_id uuid, tlp smallint, pap smallint, withheld int, released_at timestamptz, live_from timestamptz, live_until timestamptz, several boolean",
  rows: items.flatMap((item) =>
    item.audiences.map((a) => ({
      release_id: a.releaseId,
      item_id: item.id,
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
      several: item.audiences.length > 1,
    })),
  ),
});
