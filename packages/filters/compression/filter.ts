import type { BodyOutput, Filter, FilterContext, FilterFactory, StreamBody } from "@heddle/engine/filter";
import { LENGTH_UNKNOWN } from "@heddle/engine/message";
import type { Exchange, Fields, ResponseHead } from "@heddle/engine/message";
import { dropDigests, mayRecode, weakenETag } from "../content-coding/index.ts";
import type { Coding } from "../content-coding/index.ts";
import { chooseCoding } from "./choose-coding.ts";
import { CompressedBody } from "./compressed-body.ts";
import type { CompressionConfig } from "./config.ts";
import { matchesType } from "../content-type/index.ts";

/** What is known of one exchange. */
interface Run {
  /** Accept-Encoding as it came. */
  readonly accept: string | undefined;
  /** Null: the response goes as it is. */
  coding: Coding | null;
  hasLength: boolean;
}

/**
 * Compresses responses for clients that like them so. The first of the filters that change responses: those behind it,
 * a cache among them, have them plain.
 */
class Compression implements Filter {
  readonly name = "compression";
  private readonly config: CompressionConfig;
  private readonly context: FilterContext;
  private readonly slot: number;

  constructor(config: CompressionConfig, context: FilterContext) {
    this.config = config;
    this.context = context;
    this.slot = context.reserveSlot();
  }

  requestHead(exchange: Exchange): void {
    const { fields } = exchange.request;
    exchange.slots![this.slot] = runOf(fields);
    if (this.config.takesOver) fields.delete("accept-encoding");
  }

  responseHead(exchange: Exchange, head: ResponseHead): void {
    const run = ((exchange.slots![this.slot] as Run | undefined) ??= runOf(exchange.request.fields));
    exchange.slots![this.slot] = run;
    const { fields, status } = head;
    if (isCoded(fields) || !mayRecode(exchange, head)) return;
    const coding = chooseCoding(run.accept, this.config.codings);
    if (status === 304) {
      // What the client has may have been compressed, and is to be found by this.
      if (coding !== null) weakenETag(fields);
      return;
    }
    if (!matchesType(fields.get("content-type") ?? "", this.config.types)) return;
    addVary(fields);
    if (coding === null || this.isTooShort(exchange, head)) return;
    run.coding = coding;
    run.hasLength = head.bodyLength !== LENGTH_UNKNOWN;
    fields.set("content-encoding", coding);
    fields.delete("accept-ranges");
    weakenETag(fields);
    dropDigests(fields);
    this.context.count(coding);
  }

  /** HEAD has no body, and no length that could be told of the one that GET would have. */
  private isTooShort({ request }: Exchange, { bodyLength }: ResponseHead): boolean {
    if (request.method === "HEAD" || bodyLength === 0) return true;
    return bodyLength !== LENGTH_UNKNOWN && bodyLength < this.config.minBytes;
  }

  readonly responseBody: StreamBody = {
    mode: "stream",
    concerns: ({ slots }) => (slots![this.slot] as Run | undefined)?.coding != null,
    open: ({ slots }, output) => this.open(slots![this.slot] as Run, output),
  };

  private open({ coding, hasLength }: Run, output: BodyOutput): CompressedBody {
    return new CompressedBody(coding!, output, this.context.clock, !hasLength);
  }
}

const runOf = (fields: Fields): Run => ({
  accept: fields.getList("accept-encoding"),
  coding: null,
  hasLength: false,
});

function isCoded(fields: Fields): boolean {
  const coding = fields.getList("content-encoding");
  return coding !== undefined && coding.trim().toLowerCase() !== "identity";
}

function addVary(fields: Fields): void {
  const list = fields.getList("vary");
  if (list === undefined) fields.add("vary", "Accept-Encoding");
  else if (!/(^|[, \t])(accept-encoding|\*)($|[, \t])/i.test(list))
    fields.set("vary", `${list}, Accept-Encoding`);
}

/** Events: `zstd`, `br`, `gzip`. */
export const compression: FilterFactory<CompressionConfig> = {
  name: "compression",
  create: (config, context) => new Compression(config, context),
};
