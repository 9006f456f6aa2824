import { forEachMember, removeNamed, valueAt } from "./field-list.ts";
import { MAX_CONNECTION_OPTIONS } from "./limits.ts";
import { hasOctets } from "../octets.ts";

/**
 * What the Connection fields of one message say (RFC 9110 section 7.6.1). One instance per codec, filled anew for
 * each message that has the field.
 */
export class ConnectionOptions {
  hasClose = false;
  hasKeepAlive = false;
  hasUpgrade = false;
  /** Names of fields to remove beside the well-known hop-by-hop ones, lower-case. */
  private readonly named: string[] = [];
  private count = 0;
  /** "" or why the field is refused. */
  problem = "";
  private readonly refused: ReadonlySet<string>;

  /** Of a request, it is refused to name what frames it or whom it is from. */
  constructor(of: "request" | "response") {
    this.refused = of === "request" ? REFUSED : NO_NAMES;
  }

  reset(): void {
    this.hasClose = false;
    this.hasKeepAlive = false;
    this.hasUpgrade = false;
    // A call into the runtime, where a look costs nothing.
    if (this.named.length > 0) this.named.length = 0;
    this.count = 0;
    this.problem = "";
  }

  /** Takes the value of the field whose five numbers begin at `at`; the two usual ones without making text of them. */
  addAt(bytes: Uint8Array, base: number, text: string, spans: readonly number[], at: number): void {
    const start = base + spans[at + 3];
    const end = base + spans[at + 4];
    if (hasOctets(bytes, start, end, "keep-alive")) this.hasKeepAlive = true;
    else if (hasOctets(bytes, start, end, "close")) this.hasClose = true;
    else forEachMember(valueAt(text, spans, at), this.addMember);
  }

  /** Removes what was named. */
  apply(text: string, spans: number[]): void {
    for (const name of this.named) removeNamed(text, spans, name);
  }

  private readonly addMember = (member: string): void => {
    const option = member.toLowerCase();
    if (++this.count > MAX_CONNECTION_OPTIONS) this.problem = "too many connection options";
    else if (option === "close") this.hasClose = true;
    else if (option === "keep-alive") this.hasKeepAlive = true;
    else if (option === "upgrade") this.hasUpgrade = true;
    else if (this.refused.has(option)) this.problem = "connection names a field that is not the connection's";
    else if (!KEPT.has(option)) this.named.push(option);
  };
}

/**
 * Fields that frame or route a request, or authenticate its sender: a client that has them removed on the way hides
 * something from whoever stands behind us (threat 16).
 */
const REFUSED: ReadonlySet<string> = new Set([
  "host",
  "content-length",
  "transfer-encoding",
  "content-type",
  "content-encoding",
  "authorization",
  "proxy-authorization",
  "cookie",
  "origin",
  "expect",
]);

const NO_NAMES: ReadonlySet<string> = new Set();

/**
 * For every recipient, so that Connection must not name them (RFC 9110 section 7.6.1), and stay when it does: an
 * origin may say "Connection: Transfer-Encoding" and mean no harm; what says where a message came from is the
 * proxy's to set (CVE-2022-31813), and what a trusted hop says of it no client behind the hop takes away.
 */
const KEPT: ReadonlySet<string> = new Set([
  ...REFUSED,
  "set-cookie",
  "location",
  "forwarded",
  "via",
  "x-forwarded-client-cert",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-proto",
  "x-real-ip",
]);
