import { Field, ID, InterfaceType } from "type-graphql";

@InterfaceType({ description: "Anything with a global id.", resolveType: typeOf })
export abstract class Node {
  @Field(() => ID, { description: "Opaque, globally unique, and in no order." })
  abstract readonly id: string;
}

/** The GraphQL type of anything with a global id: of a disclosed item by its kind, of the rest by its class. */
export function typeOf(value: object): string {
  if (!("shownSource" in value)) return value.constructor.name;
  const { kind } = value as unknown as { kind: string };
  return `${kind.charAt(0)}${kind.slice(1).toLowerCase()}`;
}
