import { Tlp } from "../../sharing/tlp";

/** STIX marking-definition ids of TLP 2.0 and of TLP 1.0 (STIX 2.1 §7.2.1.4; TLP:WHITE became TLP:CLEAR). */
const TLP_MARKINGS: Record<string, Tlp> = {
  "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487": Tlp.CLEAR,
  "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb": Tlp.GREEN,
  "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421": Tlp.AMBER,
  "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003": Tlp.AMBER_STRICT,
  "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1": Tlp.RED,
  "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": Tlp.CLEAR,
  "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": Tlp.GREEN,
  "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": Tlp.AMBER,
  "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": Tlp.RED,
};

/**
 * The TLP of an object's markings, the strictest of several. A marking that is not known is taken for RED; granular
 * markings are too, as they may be stricter than the object's own. null where it bears none.
 */
export function tlpOfMarkings(refs: unknown, granular: unknown): Tlp | null {
  const list = Array.isArray(refs) ? refs : refs === undefined ? [] : [refs];
  const tlps = list.map(
    (ref) => (typeof ref === "string" ? TLP_MARKINGS[ref] : undefined) ?? Tlp.RED,
  );
  if (granular !== undefined) tlps.push(Tlp.RED);
  const order = Object.values(Tlp);
  return tlps.reduce<Tlp | null>(
    (max, tlp) => (max && order.indexOf(max) >= order.indexOf(tlp) ? max : tlp),
    null,
  );
}
