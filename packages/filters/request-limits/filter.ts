import type { Filter, FilterContext, FilterFactory, ObserveBody, Reply } from "@heddle/engine/filter";
import { LENGTH_UNKNOWN } from "@heddle/engine/message";
import type { Exchange } from "@heddle/engine/message";
import type { RequestLimitsConfig } from "./config.ts";
import { formatMediaRange, matchMediaType } from "./match-media-type.ts";

const plainText: readonly [string, string] = ["content-type", "text/plain; charset=utf-8"];

/**
 * Bounds request bodies and their media types. A body of known length is refused by its head; one of unknown length
 * when it passes the bound, however far it is on its way: the backend never sees its end.
 */
class RequestLimits implements Filter {
  readonly name = "request-limits";
  private readonly config: RequestLimitsConfig;
  private readonly context: FilterContext;
  private readonly tooLarge: Reply;
  private readonly unsupported: Reply;
  readonly requestBody?: ObserveBody;

  constructor(config: RequestLimitsConfig, context: FilterContext) {
    this.config = config;
    this.context = context;
    const { maxBodyBytes, contentTypes } = config;
    this.tooLarge = {
      status: 413,
      headers: [plainText],
      body: `the request's body is over ${maxBodyBytes} bytes, the limit\n`,
    };
    const accepted = contentTypes.map(formatMediaRange).join(", ");
    this.unsupported = {
      status: 415,
      // RFC 9110 section 15.5.16.
      headers: [plainText, ["accept", accepted]],
      body: `the request's content-type is none of ${accepted}\n`,
    };
    if (maxBodyBytes >= 0) {
      this.requestBody = { mode: "observe", chunk: (exchange) => this.bound(exchange) };
    }
  }

  requestHead({ request }: Exchange): Reply | undefined {
    const { maxBodyBytes, contentTypes } = this.config;
    const { bodyLength } = request;
    if (bodyLength === 0) return undefined;
    if (maxBodyBytes >= 0 && bodyLength !== LENGTH_UNKNOWN && bodyLength > maxBodyBytes) {
      return this.refuse("too-large", this.tooLarge);
    }
    // The octets of an upgraded connection have no media type.
    if (contentTypes.length === 0 || request.upgrade !== "") return undefined;
    const types = request.fields.getAll("content-type");
    if (types.length === 1 && matchMediaType(types[0], contentTypes)) return undefined;
    return this.refuse("content-type", this.unsupported);
  }

  /** The exchange counts what the client sent, this chunk included. */
  private bound({ request, requestBytes }: Exchange): Reply | undefined {
    if (requestBytes <= this.config.maxBodyBytes || request.upgrade !== "") return undefined;
    return this.refuse("too-large", this.tooLarge);
  }

  private refuse(event: string, reply: Reply): Reply {
    this.context.count(event);
    return reply;
  }
}

/** Events: `too-large`, `content-type`. */
export const requestLimits: FilterFactory<RequestLimitsConfig> = {
  name: "request-limits",
  create: (config, context) => new RequestLimits(config, context),
};
