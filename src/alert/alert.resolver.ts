import { Arg, Ctx, ID, Int, Mutation, Query, Resolver, Root, Subscription } from "type-graphql";
import type { Context } from "../context";
import { badInput } from "../errors";
import { Alert, AlertConnection, AlertFilter } from "./alert.type";
import { alertsAfter, positionOf } from "./alerts";
import { Following } from "./following";
import { BEGINNING } from "./log-entry";
import { createWatch, deleteWatch, Watch, watchesOf, WatchInput } from "./watch-store";

interface FollowArgs {
  after?: string | null;
  filter?: AlertFilter | null;
}

@Resolver()
export class AlertResolver {
  @Query(() => AlertConnection, {
    description: "Alerts that the viewer could have received, oldest first, after a cursor.",
  })
  async alerts(
    @Ctx() ctx: Context,
    @Arg("first", () => Int, { nullable: true, defaultValue: 50, description: "1 to 100." })
    first: number | null,
    @Arg("after", () => String, { nullable: true }) after: string | null,
    @Arg("filter", () => AlertFilter, { nullable: true }) filter: AlertFilter | null,
  ): Promise<AlertConnection> {
    const wanted = first ?? 50;
    if (wanted < 1 || wanted > 100) throw badInput("first", "must be from 1 to 100");
    await ctx.hub.log.caughtUp();
    const { delivered: found, goOn } = await alertsAfter(
      () => ctx.again(),
      positionOf(ctx.hub, after ?? null, BEGINNING),
      filter ?? null,
      wanted + 1,
    );
    const handed = found.slice(0, wanted);
    for (const { shows } of handed) shows?.record(ctx.viewer);
    const nodes = handed.map((f) => f.alert);
    return {
      nodes,
      edges: nodes.map((node) => ({ node, cursor: node.cursor })),
      pageInfo: {
        hasNextPage: found.length > wanted || goOn !== null,
        hasPreviousPage: Boolean(after),
        startCursor: nodes[0]?.cursor ?? null,
        endCursor:
          goOn && found.length <= wanted
            ? ctx.hub.logCursor.seal(goOn, true)
            : (nodes.at(-1)?.cursor ?? null),
      },
    };
  }

  @Subscription(() => Alert, {
    description:
      "Alerts for this viewer, in order, without gap or repetition. With `after` it first replays what was missed since that cursor, then goes on live.",
    name: "alerts",
    subscribe: ({ args, context: { hub } }: { args: FollowArgs; context: Context }) =>
      new Following(positionOf(hub, args.after ?? null, hub.log.position), args.filter ?? null),
  })
  alertsLive(
    @Root() alert: Alert,
    @Arg("after", () => String, { nullable: true }) _after: string | null,
    @Arg("filter", () => AlertFilter, { nullable: true }) _filter: AlertFilter | null,
  ): Alert {
    return alert;
  }

  @Query(() => [Watch])
  watches(@Ctx() ctx: Context): Promise<Watch[]> {
    return watchesOf(ctx);
  }

  @Mutation(() => Watch)
  createWatch(
    @Ctx() ctx: Context,
    @Arg("input", () => WatchInput) input: WatchInput,
  ): Promise<Watch> {
    return createWatch(ctx, input);
  }

  @Mutation(() => Boolean)
  deleteWatch(@Ctx() ctx: Context, @Arg("id", () => ID) id: string): Promise<boolean> {
    return deleteWatch(ctx, id);
  }
}
