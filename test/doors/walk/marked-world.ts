import { OrganizationKind, Role } from "../../../src/sharing/vocabulary";
import { DAY, START } from "../../sharing/worlds/time";
import type { World, WorldItem } from "../../sharing/generated-world";

/** A release that was proposed, and one that was rejected: known to the item's owner and the operator alone. */
export interface Undone {
  id: string;
  item: WorldItem;
  state: "PROPOSED" | "REJECTED";
  title: string;
  summary: string;
  description: string;
  reason: string | null;
}

/** A world in which everything that is said bears a mark of its own, so that it is known wherever it comes out. */
export interface MarkedWorld extends World {
  /** The marks of each field of each item, by item. */
  said: Map<WorldItem, Record<string, unknown>>;
  undone: Undone[];
}

const HOUR = 3_600_000;

/** Marks look like this, so that they are found in any text. */
export const MARKS = /mk-\w+-\w+-z/g;
export const mark = (of: string | number, what: string): string => `mk-${of}-${what}-z`;

/** What has happened by the world's instant, marked. */
export function marked(world: World, uuid: () => string): MarkedWorld {
  const known = untilNow(world);
  const said = new Map<WorldItem, Record<string, unknown>>();
  known.items.forEach((item, n) => said.set(item, saidOf(item, n)));
  known.items.forEach((item, n) => wordOwn(item, n, known.now));
  const undone = known.items.flatMap((item, n): Undone[] =>
    (["PROPOSED", "REJECTED"] as const).map((state) => ({
      id: uuid(),
      item,
      state,
      title: mark(n, `${state}title`),
      summary: mark(n, `${state}summary`),
      description: mark(n, `${state}description`),
      reason: state === "REJECTED" ? mark(n, "reason") : null,
    })),
  );
  return { ...known, said, undone };
}

/** No instant of one mark is that of another, nor of any other act. */
let instants = 0;
const instantOfItsOwn = (): number => START - HOUR + instants++;
/** Long before anything happened. */
const longAgo = (): string => new Date(instantOfItsOwn() - 9000 * DAY).toISOString();

/** An item's content by contract names; wording apart. */
function saidOf(item: WorldItem, n: number): Record<string, unknown> {
  const content: Record<WorldItem["kind"], Record<string, unknown>> = {
    INCIDENT: {
      category: mark(n, "category"),
      severity: mark(n, "severity"),
      victim: mark(n, "victim"),
      contact: mark(n, "contact"),
      affectedSystems: [mark(n, "affectedSystems")],
      dataStolen: [mark(n, "dataStolen")],
      occurredAt: longAgo(),
      detectedAt: longAgo(),
      awareAt: longAgo(),
    },
    INDICATOR: {
      pattern: mark(n, "pattern"),
      patternType: mark(n, "patternType"),
      validFrom: longAgo(),
      validUntil: longAgo(),
      confidence: 61 + n,
      labels: [mark(n, "labels")],
      observables: [{ type: "domain-name", value: `${mark(n, "value")}.example` }],
      warnings: [{ list: mark(n, "list"), message: mark(n, "message") }],
    },
    ADVISORY: {},
  };
  const said = content[item.kind];
  item.content = said;
  item.observables = (said.observables as WorldItem["observables"] | undefined) ?? [];
  return said;
}

function wordOwn(item: WorldItem, n: number, now: number): void {
  item.own = {
    title: mark(n, "owntitle"),
    summary: item.kind === "INDICATOR" ? null : mark(n, "ownsummary"),
    description: mark(n, "owndescription"),
  };
  item.wordings = new Map(
    [...item.wordings].map(([id, wording], r) => [
      id,
      {
        title: wording.title && mark(`${n}r${r}`, "title"),
        summary: item.kind === "INDICATOR" ? null : mark(`${n}r${r}`, "summary"),
        description: wording.description && mark(`${n}r${r}`, "description"),
      },
    ]),
  );
  const past = (at: number): number => (at + HOUR > now ? START : at) - START + instantOfItsOwn();
  item.createdAt = past(item.createdAt);
  item.updatedAt = Math.max(past(item.updatedAt), item.createdAt + 1);
}

/** The world without what is still to come: no hub holds that. */
function untilNow(world: World): World {
  const { now } = world;
  const happened = (x: { at: number }): boolean => x.at <= now;
  const memberships = world.memberships
    .map((m) => ({ ...m, changes: m.changes.filter(happened) }))
    .filter((m) => m.changes.length);
  const agreements = world.agreements
    .map((a) => ({
      ...a,
      versions: a.versions
        .filter((v) => v.proposedAt === null || v.proposedAt <= now)
        .map((v) => ({ ...v, terminatedAt: v.terminatedAt <= now ? v.terminatedAt : Infinity })),
      signatures: new Map(
        [...a.signatures].map(([organization, signed]) => [organization, signed.filter(happened)]),
      ),
    }))
    .filter((a) => a.versions.length);
  const items = world.items.map((item): WorldItem => {
    const audiences = item.audiences.filter((a) => a.releasedAt <= now).map((a) => ({ ...a }));
    const released = new Set(audiences.map((a) => a.releaseId));
    return {
      ...item,
      audiences,
      wordings: new Map([...item.wordings].filter(([id]) => released.has(id))),
      state: audiences.length ? "RELEASED" : "DRAFT",
      submittedAt: item.submittedAt <= now ? item.submittedAt : Infinity,
    };
  });
  const accounts = world.accounts.map((a) => {
    const roles = rolesOf(a.viewer.organizationKind, a.viewer.roles);
    return { id: a.id, viewer: { ...a.viewer, roles } };
  });
  const viewers = [null, ...accounts.map((a) => a.viewer)];
  return { ...world, memberships, agreements, items, accounts, viewers };
}

/** Only the operator has analysts and admins, only an authority officers; elsewhere such an account publishes or administers. */
function rolesOf(kind: OrganizationKind, roles: readonly Role[]): Role[] {
  if (kind === OrganizationKind.OPERATOR) return roles.filter((r) => r !== Role.OFFICER);
  return roles.map((role) => {
    if (role === Role.ANALYST) return Role.PUBLISHER;
    if (role === Role.OPERATOR_ADMIN) return Role.ORG_ADMIN;
    return role === Role.OFFICER && kind !== OrganizationKind.AUTHORITY ? Role.READER : role;
  });
}
