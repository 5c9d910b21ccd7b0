import type { Hub } from "../hub";
import type { ItemView } from "./disclosure";
import { isWithheld } from "./fields";
import type { Scope } from "./policy";
import { rightsOf } from "./reader-sql";
import { SCORES } from "./sighting-sql";

export interface Score {
  /** 0 to 100; null where it is withheld. */
  score: number | null;
  /** Sightings that reach the viewer; 0 where the number is withheld. */
  seen: number;
}

/** Scores of visible indicators, by UUID, in one query. */
export async function readScores(
  hub: Hub,
  scope: Scope,
  views: readonly ItemView[],
): Promise<Map<string, Score>> {
  const { rows } = await hub.pool.query<{ id: string; seen: number; score: number }>({
    name: "scores",
    text: SCORES,
    values: [
      ...rightsOf(scope),
      views.map((v) => v.uuid),
      ...(["confidence", "sightingCount", "warnings"] as const).map((field) =>
        views.map((v) => !isWithheld(field, v.withheld)),
      ),
    ],
  });
  const byId = new Map(rows.map((row) => [row.id, row]));
  return new Map(
    views.map((view) => {
      const row = byId.get(view.uuid);
      return [
        view.uuid,
        {
          score: row && !isWithheld("score", view.withheld) ? row.score : null,
          seen: row && !isWithheld("sightingCount", view.withheld) ? row.seen : 0,
        },
      ];
    }),
  );
}
