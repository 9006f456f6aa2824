import type { Fields } from "./fields.ts";

/** A body whose length is not known beforehand: chunked in HTTP/1.1, until END_STREAM in HTTP/2. */
export const LENGTH_UNKNOWN = -1;

export type Scheme = "http" | "https";

/**
 * A request head, whatever protocol it came by. What frames a message (Host, Connection, Transfer-Encoding,
 * Keep-Alive, TE, Trailer, Upgrade, Expect and the names that Connection lists) is in typed members and never in
 * `fields`; content-length stays in `fields` exactly while `bodyLength` is known and is not 0 by absence.
 */
export class RequestHead {
  method: string;
  scheme: Scheme;
  /** Host and optional port as sent, lower-cased: "shop.localhost:8080", "[::1]". One authority: RFC 9112 section 3.2. */
  authority: string;
  /** The authority in the letters that the client chose, for the upstream's eyes; "" where they are not known. */
  sentAuthority: string;
  /** Normalised path, begins with "/" ("*" for OPTIONS *): the one that policy, router and upstream see. */
  path: string;
  /** With its "?", or "". */
  query: string;
  fields: Fields;
  /** Octets of the body; 0 for none; LENGTH_UNKNOWN. */
  bodyLength: number;
  /** 10, 11 or 20. */
  version: number;
  /** The protocol of an Upgrade that may be forwarded ("websocket"), or of an extended CONNECT; "" for none. */
  upgrade: string;
  /** The client waits for 100 (Continue) before it sends the body. */
  expectsContinue: boolean;
  /** TE: trailers was sent: the client takes trailers. */
  acceptsTrailers: boolean;
  /** @internal The path and query that a codec has checked octet by octet: no need to look again unless they change. */
  checkedPath: string;
  checkedQuery: string;

  constructor(
    method: string,
    scheme: Scheme,
    authority: string,
    path: string,
    query: string,
    fields: Fields,
  ) {
    this.method = method;
    this.scheme = scheme;
    this.authority = authority;
    this.sentAuthority = "";
    this.path = path;
    this.query = query;
    this.fields = fields;
    this.bodyLength = 0;
    this.version = 11;
    this.upgrade = "";
    this.expectsContinue = false;
    this.acceptsTrailers = false;
    this.checkedPath = "";
    this.checkedQuery = "";
  }

  /** An independent copy with its own fields. */
  clone(): RequestHead {
    const copy = new RequestHead(
      this.method,
      this.scheme,
      this.authority,
      this.path,
      this.query,
      this.fields.clone(),
    );
    copy.sentAuthority = this.sentAuthority;
    copy.bodyLength = this.bodyLength;
    copy.version = this.version;
    copy.upgrade = this.upgrade;
    copy.expectsContinue = this.expectsContinue;
    copy.acceptsTrailers = this.acceptsTrailers;
    copy.checkedPath = this.checkedPath;
    copy.checkedQuery = this.checkedQuery;
    return copy;
  }
}

/** A response head; framing is typed as in RequestHead. */
export class ResponseHead {
  /** 100–599. 101 with an upgraded tunnel behind it. */
  status: number;
  /** Reason phrase; "" lets the encoder choose. Not in HTTP/2. */
  reason: string;
  fields: Fields;
  /** Octets of the body that will follow; 0 for none; LENGTH_UNKNOWN. For HEAD and 304 it is 0 and content-length may say otherwise. */
  bodyLength: number;
  version: number;

  constructor(status: number, fields: Fields, bodyLength: number = 0) {
    this.status = status;
    this.reason = "";
    this.fields = fields;
    this.bodyLength = bodyLength;
    this.version = 11;
  }
}

/** The host of an authority, without its port; brackets of an IPv6 address stay. */
export function hostOf(authority: string): string {
  const end = authority.charCodeAt(0) === 91 ? authority.indexOf("]") + 1 : authority.indexOf(":");
  return end <= 0 ? authority : authority.slice(0, end);
}

/** The port of an authority, or 0 when it names none. */
export function portOf(authority: string): number {
  const host = hostOf(authority).length;
  return host === authority.length ? 0 : Number(authority.slice(host + 1));
}
