/** Kinds of things that have a global id. The words are part of the id, so they are never renamed. */
export type NodeType =
  | "organization"
  | "account"
  | "key"
  | "group"
  | "membership"
  | "agreement"
  | "version"
  | "incident"
  | "indicator"
  | "advisory"
  | "release"
  | "watch"
  // Not to be asked for by themselves; the audit log names them.
  | "coordinator"
  | "change"
  | "signature"
  | "sighting"
  | "webhook"
  | "mail";

/** A bare UUID as the database holds it. */
export type Uuid = string & { readonly __uuid: unique symbol };

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The id that clients see: the kind of thing and its UUID. Opaque to them; random, so it tells no order. */
export const globalId = (type: NodeType, uuid: string): string => `${type}_${uuid}`;

/** The UUID in a global id of one of the given types; null for everything else, so that a wrong id is a missing thing. */
export function uuidOf(id: string, ...types: NodeType[]): Uuid | null {
  const parsed = parseGlobalId(id);
  return parsed && (types as string[]).includes(parsed.type) ? parsed.uuid : null;
}

export function parseGlobalId(id: string): { type: string; uuid: Uuid } | null {
  const at = id.indexOf("_");
  const uuid = id.slice(at + 1);
  return at > 0 && UUID.test(uuid) ? { type: id.slice(0, at), uuid: uuid as Uuid } : null;
}
