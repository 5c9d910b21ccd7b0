/**
 * What happened, and what follows from it: sections 1 to 4 of the sharing model over a plain history. It shares no code
 * with `src/`. Every question is asked of an instant; nothing is computed ahead and nothing is kept.
 */
export const TLPS = ["CLEAR", "GREEN", "AMBER", "AMBER_STRICT", "RED"] as const;
export const PAPS = ["CLEAR", "GREEN", "AMBER", "RED"] as const;
const [CLEAR, AMBER, AMBER_STRICT, RED] = [0, 2, 3, 4];

export interface Viewer {
  organization: string | null;
  account: string | null;
  admin: boolean;
  publisher: boolean;
  operator: boolean;
  employee: boolean;
  ownKey: boolean;
  coordinates: string[];
}

export interface Terms {
  kinds: string[];
  tlpCeiling: number;
  papCeiling: number;
  requiresApproval: boolean;
  retroactive: boolean;
  retention: number;
}

export interface Version {
  id: string;
  from: string;
  to: string;
  number: number;
  terms: Terms;
  proposedAt: number;
  effectiveFrom: number;
  effectiveUntil: number;
  signWithin: number;
  terminatedAt: number;
}

/** A marking and a category, from `at` on. */
interface Mark {
  at: number;
  tlp: number;
  pap: number;
  category: string;
}

export interface Item {
  id: string;
  kind: "INCIDENT" | "INDICATOR" | "ADVISORY";
  owner: string;
  /** The observable of an indicator. */
  value: string;
  marks: Mark[];
  submittedAt: number;
}

export interface Audience {
  path: "AGREEMENT" | "BILATERAL" | "NAMED" | "PUBLIC";
  /** A group, an organization, an account, or nothing. */
  target: string;
}

export interface Release {
  id: string;
  item: string;
  from: string;
  audiences: Audience[];
  tlp: number;
  /** Infinity while it is proposed, and for good once it is rejected. */
  releasedAt: number;
  /** Of a proposal, what it became; the clock apart. */
  state: "PROPOSED" | "REJECTED" | "RELEASED" | "WITHDRAWN";
  expiresAt: number;
  withdrawnAt: number;
}

export class History {
  viewers: Record<string, Viewer> = {};
  memberships: { id: string; organization: string; group: string }[] = [];
  memberChanges: { id: string; state: string; at: number; byOperator: boolean }[] = [];
  versions: Version[] = [];
  signatures: { organization: string; version: string; at: number }[] = [];
  items: Item[] = [];
  releases: Release[] = [];
  /** By viewer: its key, while it has one. */
  keys: Record<string, { id: string; expiresAt: number }> = {};
  disabled: string[] = [];

  // ── Parties ──

  /** Whether a viewer is let in. */
  letIn(viewer: string, t: number): boolean {
    const account = this.viewers[viewer]?.account ?? null;
    if (account === null) return true;
    return !this.disabled.includes(account) && (this.keys[viewer]?.expiresAt ?? 0) > t;
  }

  membership(organization: string, group: string): { id: string; states: string[] } | undefined {
    const known = this.memberships.find(
      (m) => m.organization === organization && m.group === group,
    );
    return (
      known && {
        id: known.id,
        states: this.memberChanges.filter((c) => c.id === known.id).map((c) => c.state),
      }
    );
  }

  activeAt(organization: string, group: string, t: number): boolean {
    const known = this.membership(organization, group);
    return this.memberChanges.findLast((c) => c.id === known?.id && c.at <= t)?.state === "ACTIVE";
  }

  /** Came into force by `t`: the latest of them is what counts, even after its own end. */
  private begun(from: string, to: string, t: number): Version[] {
    return this.versions
      .filter((v) => v.from === from && v.to === to)
      .filter((v) => v.effectiveFrom <= t && v.terminatedAt > v.effectiveFrom)
      .toSorted((a, b) => a.number - b.number)
      .filter((v, _, all) =>
        all.every((l) => l.number <= v.number || l.effectiveFrom > v.effectiveFrom),
      );
  }

  inForce(from: string, to: string, t: number): Version | undefined {
    const latest = this.begun(from, to, t).at(-1);
    return latest && t < latest.effectiveUntil && t < latest.terminatedAt ? latest : undefined;
  }

  stateOf(v: Version, t: number): string {
    if (v.terminatedAt <= t || v.effectiveUntil <= t) return "TERMINATED";
    const later = this.begun(v.from, v.to, t).some((l) => l.number > v.number);
    return later ? "SUPERSEDED" : v.effectiveFrom <= t ? "IN_FORCE" : "PROPOSED";
  }

  private signed(organization: string, v: Version, t: number): boolean {
    return this.signatures.some(
      (s) => s.version === v.id && s.organization === organization && s.at <= t,
    );
  }

  /** All terms that bind an organization under an agreement at an instant; null where its signature does not stand. */
  standing(organization: string, from: string, to: string, t: number): Terms[] | null {
    const v = this.inForce(from, to, t);
    if (!v) return null;
    if (this.signed(organization, v, t)) return [v.terms];
    if (t >= v.effectiveFrom + v.signWithin) return null;
    const before = this.standing(organization, from, to, v.effectiveFrom - 1);
    return before && [...before, v.terms];
  }

  // ── Items ──

  item(id: string): Item {
    return this.items.find((i) => i.id === id) as Item;
  }

  mark(item: Item, t: number): Mark {
    return (item.marks.findLast((m) => m.at <= t) ?? item.marks[0]) as Mark;
  }

  private live(r: Release, audience: Audience, t: number): boolean {
    const begun = r.releasedAt <= t && t < r.expiresAt && t < r.withdrawnAt;
    const same = (a: Audience): boolean => a.path === audience.path && a.target === audience.target;
    return (
      begun &&
      !this.releases.some(
        (n) =>
          n.item === r.item &&
          n.releasedAt > r.releasedAt &&
          n.releasedAt <= t &&
          n.audiences.some(same),
      )
    );
  }

  /** A release's TLP or PAP: what it was made with, and each raise of the item since. */
  private narrowed(item: Item, of: "tlp" | "pap", made: number, from: number, t: number): number {
    return item.marks.reduce((most, mark, i) => {
      const raised = mark[of] > (item.marks[i - 1]?.[of] ?? Infinity);
      return raised && mark.at > from && mark.at <= t ? Math.max(most, mark[of]) : most;
    }, made);
  }

  /**
   * The paths of a viewer to an item at an instant.
   * @param own when the marking is asked for by which the item itself admits its owner and the operator
   */
  paths(name: string, item: Item, t: number, own = t): Path[] {
    const viewer = this.viewers[name] as Viewer;
    const { tlp, pap, category } = this.mark(item, own);
    const paths: Path[] = [];
    const admits = (level: number): boolean =>
      level <= AMBER || (level === AMBER_STRICT && viewer.employee);
    const redToo = tlp === RED && viewer.employee && viewer.ownKey;
    const existed = (item.marks[0]?.at ?? Infinity) <= t;
    if (existed && viewer.organization === item.owner && (admits(tlp) || redToo))
      paths.push({ release: null, tlp, pap, category, at: 0 });
    if (viewer.operator && item.submittedAt <= t && (admits(tlp) || redToo))
      paths.push({ release: null, tlp, pap, category: tlp === RED ? null : category, at: 0 });
    for (const r of this.releases.filter((r) => r.item === item.id)) {
      for (const audience of r.audiences) {
        if (!this.live(r, audience, t)) continue;
        const made = this.mark(item, r.releasedAt).pap;
        const path = {
          release: r.id,
          tlp: this.narrowed(item, "tlp", r.tlp, r.releasedAt, t),
          pap: this.narrowed(item, "pap", made, r.releasedAt, t),
          category,
          at: r.releasedAt,
        };
        if (this.reaches(viewer, r, audience, item, path, t)) paths.push(path);
      }
    }
    return paths;
  }

  private reaches(
    viewer: Viewer,
    r: Release,
    { path, target }: Audience,
    item: Item,
    { tlp, pap }: Path,
    t: number,
  ): boolean {
    const admits = tlp <= AMBER || (tlp === AMBER_STRICT && viewer.employee);
    switch (path) {
      case "PUBLIC":
        return tlp === CLEAR;
      case "NAMED":
        return viewer.account === target && viewer.ownKey && (admits || tlp === RED);
      case "BILATERAL":
        return viewer.organization === target && admits;
      case "AGREEMENT":
        return admits && this.grants(viewer.organization, r, target, item, tlp, pap, t);
    }
  }

  private grants(
    organization: string | null,
    r: Release,
    to: string,
    item: Item,
    tlp: number,
    pap: number,
    t: number,
  ): boolean {
    if (organization === null || !this.activeAt(organization, to, t)) return false;
    const granted = this.standing(organization, r.from, to, t);
    if (!granted) return false;
    const recorded = this.inForce(r.from, to, r.releasedAt) as Version;
    const later = this.begun(r.from, to, t).findLast(
      (v) => v.number >= recorded.number && this.signed(item.owner, v, t),
    );
    const bound = later ? [later.terms] : this.standing(item.owner, r.from, to, r.releasedAt);
    const terms = [...granted, ...(bound ?? [])];
    const { id } = this.membership(organization, to) as { id: string };
    const endedSince = this.memberChanges.some(
      (c) => c.id === id && c.state === "ENDED" && c.at > r.releasedAt && c.at <= t,
    );
    const held =
      !endedSince &&
      this.activeAt(organization, to, r.releasedAt) &&
      this.standing(organization, r.from, to, r.releasedAt) !== null;
    return (
      bound !== null &&
      (held || terms.every((x) => x.retroactive)) &&
      terms.every(
        (x) =>
          x.kinds.includes(item.kind) &&
          tlp <= x.tlpCeiling &&
          pap <= x.papCeiling &&
          t < r.releasedAt + x.retention,
      )
    );
  }

  /** What a viewer is shown of an item at an instant, as far as this model knows it; null: it does not see it. */
  shown(viewer: string, item: Item, t: number): Shown | null {
    const paths = this.paths(viewer, item, t);
    if (!paths.length) return null;
    const own = paths.filter((p) => p.release === null);
    const { tlp, pap } = this.mark(item, t);
    return {
      tlp: own.length ? tlp : Math.max(...paths.map((p) => p.tlp)),
      pap: own.length ? pap : Math.max(...paths.map((p) => p.pap)),
      category: paths.find((p) => p.category !== null)?.category ?? null,
    };
  }

  sees(viewer: string, item: Item, t: number, own = t): boolean {
    return this.paths(viewer, item, t, own).length > 0;
  }

  /** The instants after `from`, in order, at which the clock alone may change something. */
  boundaries(from: number, until = Infinity): number[] {
    const retentions = this.versions.map((v) => v.terms.retention);
    const all = [
      ...this.versions.flatMap((v) => [
        v.effectiveFrom,
        v.effectiveUntil,
        v.effectiveFrom + v.signWithin,
      ]),
      ...this.releases.flatMap((r) => [
        r.expiresAt,
        ...retentions.map((retention) => r.releasedAt + retention),
      ]),
      ...Object.values(this.keys).map((key) => key.expiresAt),
    ];
    return [...new Set(all)]
      .filter((at) => at > from && at <= until && Number.isFinite(at))
      .toSorted((a, b) => a - b);
  }
}

interface Path {
  /** null: the item itself, as its owner or as the operator. */
  release: string | null;
  tlp: number;
  pap: number;
  category: string | null;
  at: number;
}

export interface Shown {
  tlp: number;
  pap: number;
  category: string | null;
}
