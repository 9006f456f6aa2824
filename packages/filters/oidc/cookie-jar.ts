import type { RequestHead } from "@heddle/engine/message";

/** What a cookie of that length is sure to be taken with by every browser (RFC 6265 section 6.1: 4096 with all of it). */
const CHUNK_CHARACTERS = 3_800;

/** Chunks of one value: more would not fit into a request's head beside all else. */
const MAX_CHUNKS = 8;

/** The cookies of a request whose names begin with that of a policy. */
export class CookieJar {
  private readonly name: string;
  private readonly isSecure: boolean;
  /** Null for a name that came more than once: nobody can tell which is ours (threats 14). */
  private readonly found = new Map<string, string | null>();

  /** Takes them off the request: they are nobody's business behind here. */
  constructor(request: RequestHead, cookieName: string, isSecure: boolean) {
    this.name = `${isSecure ? "__Host-" : ""}${cookieName}`;
    this.isSecure = isSecure;
    const lines = request.fields.getAll("cookie");
    if (lines.length === 0) return;
    const others: string[] = [];
    for (const pair of lines.join(";").split(";")) this.take(pair.trim(), others);
    if (this.found.size === 0) return;
    if (others.length === 0) request.fields.delete("cookie");
    else request.fields.set("cookie", others.join("; "));
  }

  private take(pair: string, others: string[]): void {
    if (pair === "") return;
    const at = pair.indexOf("=");
    const name = at < 0 ? pair : pair.slice(0, at).trim();
    if (!this.isOurs(name)) others.push(pair);
    else this.found.set(name, this.found.has(name) ? null : pair.slice(at + 1).trim());
  }

  private isOurs(name: string): boolean {
    return name === this.name || name.startsWith(`${this.name}.`);
  }

  /** The full name of a cookie: that of the policy, or with a part of its own. */
  nameOf(part: string = ""): string {
    return part === "" ? this.name : `${this.name}.${part}`;
  }

  /** Names of parts that begin with `prefix`. */
  partsWith(prefix: string): string[] {
    const whole = this.nameOf(prefix);
    return [...this.found.keys()]
      .filter((name) => name.startsWith(whole))
      .map((name) => name.slice(this.name.length + 1));
  }

  /** One cookie's value; undefined where it is not there, or not once. */
  get(part: string): string | undefined {
    return this.found.get(this.nameOf(part)) ?? undefined;
  }

  get hasSession(): boolean {
    return this.found.has(this.name) || this.found.has(this.nameOf("0"));
  }

  /** A value of any length, from its one cookie or its chunks; undefined where it is not whole. */
  getSession(): string | undefined {
    const single = this.found.get(this.name);
    if (single !== undefined) return this.found.has(this.nameOf("0")) ? undefined : (single ?? undefined);
    let value = "";
    for (let at = 0; at < MAX_CHUNKS; at++) {
      const chunk = this.found.get(this.nameOf(String(at)));
      if (chunk === null) return undefined;
      if (chunk === undefined) break;
      value += chunk;
    }
    return value === "" ? undefined : value;
  }

  /** Set-Cookie fields for a value of any length; null when it is too long. Chunks of an older one are removed. */
  setSession(value: string, maxAgeMs: number): string[] | null {
    const count = Math.ceil(value.length / CHUNK_CHARACTERS);
    if (count > MAX_CHUNKS) return null;
    const parts = count === 1 ? [""] : Array.from({ length: count }, (_, at) => String(at));
    const set = parts.map((part, at) => {
      const chunk = value.slice(at * CHUNK_CHARACTERS, (at + 1) * CHUNK_CHARACTERS);
      return this.set(part, chunk, maxAgeMs);
    });
    return [...set, ...this.dropSession(parts)];
  }

  /** Removes what there is of a session, but for `kept`. */
  dropSession(kept: readonly string[] = []): string[] {
    const all = ["", ...Array.from({ length: MAX_CHUNKS }, (_, at) => String(at))];
    return all
      .filter((part) => !kept.includes(part) && this.found.has(this.nameOf(part)))
      .map((part) => this.drop(part));
  }

  set(part: string, value: string, maxAgeMs: number): string {
    const attributes = `Path=/; Max-Age=${Math.floor(maxAgeMs / 1000)}; HttpOnly; SameSite=Lax`;
    return `${this.nameOf(part)}=${value}; ${attributes}${this.isSecure ? "; Secure" : ""}`;
  }

  drop(part: string): string {
    return this.set(part, "", 0);
  }
}
