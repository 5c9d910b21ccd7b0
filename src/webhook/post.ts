import { lookup as systemLookup, type LookupAddress } from "node:dns";
import { request as httpRequest, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import type { LookupFunction } from "node:net";
import { addressIn, isPublicAddress } from "./public-address";
import { DeliveryError } from "./delivery-error";

/** How one attempt ended. */
export interface Outcome {
  status: number | null;
  /** null: the endpoint took it. */
  error: DeliveryError | null;
  /** Of 429 and 503, where the endpoint said it: a number of seconds or a date. */
  retryAfter: string | null;
  /** Whether what was sent may have arrived. */
  sent: boolean;
  durationMs: number;
}

export interface PostOptions {
  /** Whether plain HTTP and addresses that are not public are allowed. */
  privateAllowed: boolean;
  timeoutMs?: number;
  /** Fires when the hub stops: what is under way then has a little time left. */
  signal?: AbortSignal;
  /** Of names; for tests. */
  lookup?: typeof systemLookup;
  /** Certificates to trust; for tests. */
  ca?: string;
}

const TIMEOUT_MS = 10_000;
const GRACE_MS = 2_000;
/** Of the answer's body, which says nothing to the hub. */
const MOST_BODY = 64 * 1024;

class AddressRefused extends Error {}

/**
 * Sends one POST on a connection of its own. Never throws. Where private addresses are not allowed, the address that the
 * name leads to is judged when the connection is made: a name that leads elsewhere the next time gains nothing.
 */
export function post(
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: string,
  { privateAllowed, timeoutMs = TIMEOUT_MS, signal, lookup = systemLookup, ca }: PostOptions,
): Promise<Outcome> {
  const begun = performance.now();
  let sent = false;
  return new Promise((resolve) => {
    const end = (status: number | null, error: DeliveryError | null, retryAfter?: string): void => {
      clearTimeout(timer);
      resolve({
        status,
        error,
        retryAfter: retryAfter ?? null,
        sent,
        durationMs: Math.round(performance.now() - begun),
      });
    };
    const secure = url.protocol === "https:";
    const literal = addressIn(url);
    let timer: NodeJS.Timeout | undefined;
    if (!privateAllowed && (!secure || (literal !== null && !isPublicAddress(literal))))
      return end(null, DeliveryError.ADDRESS_REFUSED);
    const options: RequestOptions & { ca?: string } = {
      method: "POST",
      agent: false,
      headers: { ...headers, "content-length": Buffer.byteLength(body) },
      lookup: privateAllowed ? lookup : guarded(lookup),
      ...(ca !== undefined && { ca }),
    };
    const request = (secure ? httpsRequest : httpRequest)(url, options);
    timer = setTimeout(() => {
      end(null, DeliveryError.TIMEOUT);
      request.destroy();
    }, timeoutMs);
    const stopping = (): void => void setTimeout(() => request.destroy(), GRACE_MS).unref();
    signal?.addEventListener("abort", stopping);
    request.on("close", () => signal?.removeEventListener("abort", stopping));
    request.on("socket", (socket) => {
      socket.once(secure ? "secureConnect" : "connect", () => (sent = true));
    });
    request.on("response", (response) => {
      const status = response.statusCode ?? 0;
      const wait = status === 429 || status === 503 ? response.headers["retry-after"] : undefined;
      end(status, errorOf(status), wait);
      let length = 0;
      const tooLong = setTimeout(() => request.destroy(), timeoutMs);
      response.on("close", () => clearTimeout(tooLong));
      response.on("data", (chunk: Buffer) => {
        length += chunk.length;
        if (length > MOST_BODY) request.destroy();
      });
      response.on("error", () => undefined);
    });
    request.on("error", (error) => end(null, classOf(error)));
    request.end(body);
  });
}

function errorOf(status: number): DeliveryError | null {
  if (status >= 200 && status < 300) return null;
  return status >= 300 && status < 400 ? DeliveryError.REDIRECT : DeliveryError.STATUS;
}

const UNKNOWN_NAME = new Set(["ENOTFOUND", "EAI_AGAIN", "EAI_NODATA", "EAI_FAIL", "ENODATA"]);

/** The class of an error, without its text: that may tell what stands in the hub's own network. */
function classOf(error: Error & { code?: string }): DeliveryError {
  if (error instanceof AddressRefused) return DeliveryError.ADDRESS_REFUSED;
  const code = error.code ?? "";
  if (UNKNOWN_NAME.has(code)) return DeliveryError.NAME_UNKNOWN;
  if (code === "ETIMEDOUT") return DeliveryError.TIMEOUT;
  return /TLS|SSL|CERT|SIGN|VERIFY|ISSUER|EPROTO/.test(code)
    ? DeliveryError.TLS
    : DeliveryError.CONNECTION;
}

/** Looks a name up, and gives the connection no address unless all of them are public. */
function guarded(lookup: typeof systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      const addresses = found as LookupAddress[] | undefined;
      const [first] = addresses ?? [];
      if (error || !addresses || !first)
        return callback(error ?? Object.assign(new Error("no address"), { code: "ENOTFOUND" }), "");
      if (!addresses.every(({ address }) => isPublicAddress(address)))
        return callback(new AddressRefused(), "");
      return options.all ? callback(null, addresses) : callback(null, first.address, first.family);
    });
  };
}
