import type { Context } from "../context";
import { parseNetwork, unmapped } from "../observable/ip-address";
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
    ADDRESSES.has(watched.type) && ADDRESSES.has(seen.type) && inNetwork(watched.value, seen.value)
  );
}

function hostOf({ type, value }: Observable): string | null {
  if (type === "domain-name") return value;
  if (type === "url") return URL.canParse(value) ? new URL(value).hostname : null;
  return type === "email-addr" ? (value.split("@")[1] ?? null) : null;
}

const ADDRESSES = new Set(["ipv4-addr", "ipv6-addr"]);

/** Whether an address, or a whole network, lies in a network. */
function inNetwork(network: string, seen: string): boolean {
  const [outer, inner] = [parseNetwork(network), parseNetwork(seen)];
  if (!outer || !inner) return false;
  const [a, b] = [unmapped(outer), unmapped(inner)];
  return a.version === b.version && a.first <= b.first && b.last <= a.last;
}
