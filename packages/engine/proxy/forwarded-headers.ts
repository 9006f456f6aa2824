import { clientAddress, compileTrustedHops, forwardedElement, makeFieldBlock } from "../message/index.ts";
import { NAME, SPAN } from "../message/index.ts";
import type { Exchange, FieldBlock, Fields, RequestHead } from "../message/index.ts";
import type { ForwardedSettings } from "../model/index.ts";

/**
 * X-Forwarded-*, Forwarded and Via towards the upstream. What a client sends of them is dropped unless it comes
 * from a trusted hop (threats 17); ours are added after hop-by-hop fields were removed, so that no client can strip
 * them by naming them in Connection (threats 16).
 */
export class ForwardedHeaders {
  private readonly settings: ForwardedSettings;
  private readonly isTrusted: ((address: string) => boolean) | null;

  constructor(settings: ForwardedSettings) {
    this.settings = settings;
    this.isTrusted = settings.trustedHops.length === 0 ? null : compileTrustedHops([...settings.trustedHops]);
  }

  apply(exchange: Exchange): void {
    const { request, peer, clientAddress: address } = exchange;
    const { fields } = request;
    if (this.isTrusted !== null && this.isTrusted(peer.address)) {
      this.append(exchange, this.isTrusted);
      return;
    }
    dropForwarded(fields);
    const { memo } = peer;
    if (memo === undefined || memo.maker !== this || memo.authority !== request.authority) {
      const block = this.makeBlock(address, request);
      if (memo !== undefined) {
        memo.maker = this;
        memo.authority = request.authority;
        memo.block = block;
      }
      fields.addBlock(block);
    } else {
      fields.addBlock(memo.block!);
    }
    if (this.settings.via !== "") this.addVia(exchange);
  }

  /** The same for every request of a connection to one authority: made once, sent as it is. */
  private makeBlock(address: string, request: RequestHead): FieldBlock {
    const { authority, scheme } = request;
    const pairs: [string, string][] = [];
    if (this.settings.xForwarded) {
      pairs.push(["x-forwarded-for", address], ["x-forwarded-proto", scheme]);
      if (authority !== "") pairs.push(["x-forwarded-host", authority]);
    }
    if (this.settings.forwarded) pairs.push(["forwarded", forwardedElement(address, "", authority, scheme)]);
    return makeFieldBlock(pairs);
  }

  /** A trusted hop spoke: its chain is kept, the hop itself added, and the client is who the chain says. */
  private append(exchange: Exchange, isTrusted: (address: string) => boolean): void {
    const { request, peer } = exchange;
    const { fields } = request;
    const chain = fields.getAll("x-forwarded-for");
    exchange.clientAddress = clientAddress(peer.address, chain, isTrusted);
    if (this.settings.xForwarded) {
      fields.set("x-forwarded-for", [...chain, peer.address].join(", "));
      if (!fields.has("x-forwarded-proto")) fields.addTrusted("x-forwarded-proto", request.scheme);
      if (!fields.has("x-forwarded-host") && request.authority !== "") {
        fields.addTrusted("x-forwarded-host", request.authority);
      }
    }
    if (this.settings.forwarded) {
      const own = forwardedElement(peer.address, "", request.authority, request.scheme);
      fields.set("forwarded", [...fields.getAll("forwarded"), own].join(", "));
    }
    this.addVia(exchange);
  }

  private addVia(exchange: Exchange): void {
    if (this.settings.via === "") return;
    const { fields, version } = exchange.request;
    const own = `${version === 10 ? "1.0" : version === 11 ? "1.1" : "2"} ${this.settings.via}`;
    const before = fields.getList("via");
    fields.set("via", before === undefined ? own : `${before}, ${own}`);
  }
}

/** One pass over the head: the names have neighbouring ids. */
function dropForwarded(fields: Fields): void {
  const { spans } = fields;
  for (let at = 0; at < spans.length; at += SPAN) {
    const id = spans[at];
    if (id >= NAME.X_FORWARDED_FOR && id <= NAME.FORWARDED) spans[at] = -1;
    else if (id === NAME.X_REAL_IP) spans[at] = -1;
  }
}
