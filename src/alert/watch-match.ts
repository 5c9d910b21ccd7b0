import type { Context } from "../context";
import type { Observable } from "../observable/observable";
import type { ItemView } from "../sharing/disclosure";
import { ItemKind } from "../sharing/vocabulary";
import type { Watch } from "./watch-store";

/** Whether an item matches a watch, by what the viewer is shown of it: all that the watch names must match. */
export async function matches(ctx: Context, watch: Watch, item: ItemView): Promise<boolean> {
  if (watch.watched.length) {
    const seen = item.kind === ItemKind.INDICATOR ? await ctx.observables(item) : [];
    if (!seen.some((o) => watch.watched.some((w) => covers(w, o)))) return false;
  }
  if (watch.sectors.length) {
    const sector = ctx.directory.groups.get(item.shownSource.groupId ?? "")?.sector;
    if (!sector || !watch.sectors.includes(sector)) return false;
  }
  if (watch.text) {
    const shown = [item.title, item.name, item.summary, item.description, item.body].filter(
      (t) => typeof t === "string",
    );
    const text = watch.text.toLowerCase();
    if (!shown.some((t) => t.toLowerCase().includes(text))) return false;
  }
  if (watch.minScore !== null) {
    if (item.kind !== ItemKind.INDICATOR) return false;
    const { score } = await ctx.score(item);
    if (score === null || score < watch.minScore) return false;
  }
  return true;
}

/** The value itself, a domain's subdomains and the URLs and addresses of mail in it, or a network's addresses. */
function covers(watched: Observable, seen: Observable): boolean {
  if (watched.type === seen.type && watched.value === seen.value) return true;
  if (watched.type === "domain-name") {
    const host = hostOf(seen);
    return host !== null && (host === watched.value || host.endsWith(`.${watched.value}`));
  }
  return (
    watched.type === "ipv4-addr" &&
    seen.type === "ipv4-addr" &&
    inNetwork(watched.value, seen.value)
  );
}

function hostOf({ type, value }: Observable): string | null {
  if (type === "domain-name") return value;
  if (type === "url") return URL.canParse(value) ? new URL(value).hostname : null;
  return type === "email-addr" ? (value.split("@")[1] ?? null) : null;
}

function inNetwork(network: string, address: string): boolean {
  const [base, bits] = network.split("/");
  if (bits === undefined || base === undefined || address.includes("/")) return false;
  const mask = Number(bits) === 0 ? 0 : (~0 << (32 - Number(bits))) >>> 0;
  return (numberOf(base) & mask) >>> 0 === (numberOf(address) & mask) >>> 0;
}

const numberOf = (address: string): number =>
  address.split(".").reduce((n, octet) => ((n << 8) | Number(octet)) >>> 0, 0);
