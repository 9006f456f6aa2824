import { hashKey } from "../balance/index.ts";
import type { Random } from "../base/index.ts";
import type { Endpoint } from "../cluster/index.ts";
import { readCookie } from "../message/index.ts";
import type { Exchange, ResponseHead } from "../message/index.ts";
import type { AffinityCookieSpec, HashKeySpec } from "../model/index.ts";
import type { ClientKeeper } from "./client-keeper.ts";

/**
 * The cookie by which a cluster hashes, made for a client that sends none: its requests have the same key from the
 * first one on. It names no endpoint: where it leads is the table's say, also after a change.
 */
export class AffinityCookie implements ClientKeeper {
  readonly endpoint = null;
  readonly key: number;
  private readonly name: string;
  private readonly value: string;
  private readonly spec: AffinityCookieSpec;

  private constructor(name: string, spec: AffinityCookieSpec, random: Random) {
    this.name = name;
    this.spec = spec;
    this.value = word(random) + word(random);
    this.key = hashKey(this.value);
  }

  /** Null where the client has one, or none is to be made. */
  static makeFor(exchange: Exchange, { name, cookie }: HashKeySpec, random: Random): AffinityCookie | null {
    if (cookie === undefined || (readCookie(exchange.request, name) ?? "") !== "") return null;
    return new AffinityCookie(name, cookie, random);
  }

  issue(head: ResponseHead, _endpoint: Endpoint, exchange: Exchange): void {
    const { ttlMs, path } = this.spec;
    let cookie = `${this.name}=${this.value}; Path=${path}; HttpOnly; SameSite=Lax`;
    if (exchange.request.scheme === "https") cookie += "; Secure";
    if (ttlMs > 0) cookie += `; Max-Age=${Math.ceil(ttlMs / 1_000)}`;
    head.fields.add("set-cookie", cookie);
  }
}

/** 32 bits as 8 hexadecimal digits. */
function word(random: Random): string {
  return Math.floor(random.next() * 4_294_967_296)
    .toString(16)
    .padStart(8, "0");
}
