import type { FaultCode } from "../../base/index.ts";
import {
  isToken,
  knownNameId,
  LENGTH_UNKNOWN,
  normalizePath,
  parseAuthority,
  RequestHead,
} from "../../message/index.ts";
import { TARGET_ESCAPE, TARGET_OCTETS, TARGET_QUESTION, TARGET_REFUSED, TARGET_SLASH } from "../octets.ts";
import { FieldCollector } from "./field-collector.ts";
import { fieldName, RULE } from "./hpack/field-rules.ts";
import type { FieldName } from "./hpack/field-rules.ts";
import { HpackField } from "./hpack/field.ts";
import { MAX_METHOD_BYTES } from "./limits.ts";
import type { ServerSessionOptions } from "./server-options.ts";

/** Most requests name the host that the one before named, on whichever connection. */
let lastHost: string | null = null;
let lastAuthority = "";

const COOKIE = fieldName("cookie");

/** Collects a request's header block, and makes its head (RFC 9113 section 8.3.1). */
export class RequestCollector extends FieldCollector {
  protected readonly malformedCode: FaultCode = "HDL_REQUEST_MALFORMED";
  protected readonly tooLargeCode: FaultCode = "HDL_REQUEST_HEAD_TOO_LARGE";
  /** Values of the pseudo-header fields and of Host; null for one that did not come. */
  private method: string | null = null;
  private scheme: string | null = null;
  private authority: string | null = null;
  private path: string | null = null;
  private protocol: string | null = null;
  private host: string | null = null;
  private length = -1;
  private cookie: HpackField | null = null;
  private expects = false;
  private acceptsTrailers = false;
  /** A name with an underscore that only gRPC may have; see `append`. */
  private hasUnderscore = false;

  override reset(maxOctets: number, maxFields: number): void {
    super.reset(maxOctets, maxFields);
    this.method = null;
    this.scheme = null;
    this.authority = null;
    this.path = null;
    this.protocol = null;
    this.host = null;
    this.length = -1;
    this.cookie = null;
    this.expects = false;
    this.acceptsTrailers = false;
    this.hasUnderscore = false;
  }

  /**
   * Names with an underscore pass for those with a dash at CGI and its like, and so for the fields that a proxy sets
   * (threat 18). HTTP/1.1 refuses them; gRPC's metadata may have them (gRPC over HTTP2, "Header-Name"), and does,
   * so they pass there unless they would pass for a field that the request path itself knows.
   */
  protected override append(name: FieldName, line: string): void {
    if (name.hasUnderscore) {
      this.hasUnderscore = true;
      if (knownNameId(name.text.replaceAll("_", "-")) !== 0) this.malformed("underscore in a field name");
    }
    super.append(name, line);
  }

  protected takeSpecial(field: HpackField, rule: number): void {
    const { value } = field;
    switch (rule) {
      case RULE.METHOD:
        this.method = this.once(this.method, value);
        return;
      case RULE.SCHEME:
        this.scheme = this.once(this.scheme, value);
        return;
      case RULE.AUTHORITY:
        this.authority = this.once(this.authority, value);
        return;
      case RULE.PATH:
        this.path = this.once(this.path, value);
        return;
      case RULE.PROTOCOL:
        this.protocol = this.once(this.protocol, value);
        return;
      case RULE.HOST:
        if (this.host !== null) this.malformed("more than one host field");
        this.host = value;
        return;
      case RULE.CONTENT_LENGTH:
        this.length = this.takeLength(field, this.length);
        return;
      case RULE.COOKIE:
        this.takeCrumb(field);
        return;
      case RULE.TE:
        // Section 8.2.2: nothing else.
        if (value.toLowerCase() !== "trailers") this.malformed("te is not trailers alone");
        this.acceptsTrailers = true;
        return;
      case RULE.EXPECT:
        // RFC 9110 section 10.1.1.
        if (value.toLowerCase() === "100-continue") this.expects = true;
        else this.refuse("HDL_REQUEST_EXPECTATION_UNSUPPORTED", "expectation is not 100-continue");
        return;
      default:
        this.malformed("pseudo-header field that no request has");
    }
  }

  private once(had: string | null, value: string): string {
    if (had !== null) this.malformed("repeated pseudo-header field");
    return value;
  }

  /** Section 8.2.3: crumbs are one field again where a message leaves HTTP/2. */
  private takeCrumb(field: HpackField): void {
    const { cookie } = this;
    this.cookie = cookie === null ? field : new HpackField(COOKIE, `${cookie.value}; ${field.value}`, true);
  }

  /** The head; null when there is a problem. */
  finish(isLast: boolean, options: ServerSessionOptions, maxTargetBytes: number): RequestHead | null {
    if (this.problem === "") this.checkMethod();
    if (this.problem !== "") return null;
    const method = this.method!;
    const isTunnel = method === "CONNECT";
    if (this.cookie !== null) this.append(COOKIE, this.cookie.line);
    const head = new RequestHead(method, options.scheme, "", "", "", this.takeFields());
    head.version = 20;
    this.takeAuthority(head);
    if (isTunnel) this.takeConnect(head, options, maxTargetBytes);
    else this.takeRequest(head, isLast, options, maxTargetBytes);
    if (this.hasUnderscore && !isGrpc(head)) this.malformed("underscore in a field name");
    head.acceptsTrailers = this.acceptsTrailers;
    return this.problem === "" ? head : null;
  }

  private checkMethod(): void {
    const { method } = this;
    if (method === null) this.malformed("no :method");
    else if (method === "GET" || method === "POST") return;
    else if (!isToken(method) || method.length > MAX_METHOD_BYTES) this.malformed("method is not a token");
  }

  /** Section 8.3.1: :authority, or Host where it is all there is; both must agree. One authority: threat 15. */
  private takeAuthority(head: RequestHead): void {
    const { authority, host } = this;
    const sent = authority ?? host;
    if (sent === null) {
      this.malformed("neither :authority nor host");
      return;
    }
    if (sent !== lastHost) {
      const parsed = parseAuthority(sent);
      if (parsed === null) {
        this.malformed(authority === null ? "invalid host field" : "invalid :authority");
        return;
      }
      lastHost = sent;
      lastAuthority = parsed;
    }
    head.authority = lastAuthority;
    head.sentAuthority = sent;
    if (authority !== null && host !== null && host !== authority && parseAuthority(host) !== lastAuthority) {
      this.malformed("host field differs from :authority");
    }
  }

  private takeRequest(
    head: RequestHead,
    isLast: boolean,
    options: ServerSessionOptions,
    maxTargetBytes: number,
  ): void {
    if (this.protocol !== null) {
      this.malformed(":protocol without CONNECT");
      return;
    }
    this.checkScheme();
    this.takePath(head, options.escapedSlashes, maxTargetBytes);
    if (isLast) {
      if (this.length > 0) this.malformed("content-length without a body");
      return;
    }
    head.bodyLength = this.length >= 0 ? this.length : LENGTH_UNKNOWN;
    head.expectsContinue = this.expects;
  }

  /** The transport says what the scheme is; a request that names the other one came through somebody who ended TLS. */
  private checkScheme(): void {
    const { scheme } = this;
    if (scheme === "https" || scheme === "http") return;
    if (scheme === null) this.malformed("no :scheme");
    else if (!/^https?$/i.test(scheme)) this.malformed("scheme is neither http nor https");
  }

  /** Section 8.5, and RFC 8441 section 4. */
  private takeConnect(head: RequestHead, options: ServerSessionOptions, maxTargetBytes: number): void {
    if (this.length > 0) this.malformed("CONNECT with content-length");
    head.fields.delete("content-length");
    const { protocol } = this;
    if (protocol === null) {
      if (this.scheme !== null || this.path !== null) this.malformed("CONNECT with :scheme or :path");
      // RFC 9110 section 9.3.6: a port, always.
      if (!/:\d+$/.test(head.authority)) this.malformed("CONNECT without a port");
      return;
    }
    if (options.upgrades.length === 0) {
      this.malformed(":protocol, which was not offered");
      return;
    }
    this.checkScheme();
    this.takePath(head, options.escapedSlashes, maxTargetBytes);
    const upgrade = protocol.toLowerCase();
    if (!options.upgrades.includes(upgrade)) {
      // RFC 9220 section 3: the answer to a protocol that is not known.
      this.refuse("HDL_REQUEST_METHOD_UNSUPPORTED", ":protocol that is not forwarded");
    }
    head.method = "GET";
    head.upgrade = upgrade;
  }

  /** RFC 9113 section 8.3.1, with the octets and forms of HTTP/1.1's request target: one form of path (threat 13). */
  private takePath(head: RequestHead, escapedSlashes: "refuse" | "keep", maxTargetBytes: number): void {
    const { path } = this;
    if (path === null || path === "") {
      this.malformed(path === null ? "no :path" : "empty :path");
      return;
    }
    if (path.length > maxTargetBytes) {
      this.refuse("HDL_REQUEST_TARGET_TOO_LONG", `request target is longer than ${maxTargetBytes} bytes`);
      return;
    }
    if (path.charCodeAt(0) !== SLASH) {
      if (path !== "*" || head.method !== "OPTIONS") this.malformed(":path is not absolute");
      head.path = "*";
      return;
    }
    this.splitPath(head, path, escapedSlashes);
  }

  private splitPath(head: RequestHead, path: string, escapedSlashes: "refuse" | "keep"): void {
    let query = -1;
    let needsNormalising = false;
    let previous = 0;
    for (let i = 0; i < path.length; i++) {
      const kind = TARGET_OCTETS[path.charCodeAt(i)];
      if (kind === TARGET_REFUSED) {
        this.malformed("octet that no target may have");
        return;
      }
      if (kind > 1 && query < 0) {
        if (kind === TARGET_QUESTION) query = i;
        else if (kind === TARGET_ESCAPE || previous === TARGET_SLASH) needsNormalising = true;
      }
      previous = kind;
    }
    const plain = query < 0 ? path : path.slice(0, query);
    const normal = needsNormalising ? normalizePath(plain, escapedSlashes) : plain;
    if (normal === null) {
      this.refuse(
        "HDL_REQUEST_PATH_REFUSED",
        "path with a broken or refused escape, or dots that leave the root",
      );
      return;
    }
    head.path = normal;
    if (query >= 0) head.query = path.slice(query);
  }
}

const SLASH = 47;

function isGrpc(head: RequestHead): boolean {
  return head.fields.get("content-type")?.startsWith("application/grpc") === true;
}
