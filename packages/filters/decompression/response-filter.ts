import type { Filter, FilterContext, FilterFactory, Reply, StreamBody } from "@heddle/engine/filter";
import type { Exchange, ResponseHead } from "@heddle/engine/message";
import { codingNamed, dropDigests, mayRecode, weakenETag } from "../content-coding/index.ts";
import type { DecompressionConfig } from "./config.ts";
import { decompressedBody } from "./decompressed-body.ts";
import type { Refusal } from "./decompressed-body.ts";

const REFUSALS: Readonly<Record<Refusal, string>> = {
  "too-large": "the decompressed response is too large",
  ratio: "the response is compressed beyond the ratio that is taken",
  malformed: "the response is not what its Content-Encoding says",
};

/**
 * Decompresses responses of backends, one layer, nearest to the backend, so that all that looks at them or changes them
 * has them plain. Other codings pass as they are: who looks at bodies refuses what it cannot read.
 */
class ResponseDecompression implements Filter {
  readonly name = "response-decompression";
  private readonly config: DecompressionConfig;
  private readonly context: FilterContext;
  private readonly slot: number;
  readonly responseBody: StreamBody;

  constructor(config: DecompressionConfig, context: FilterContext) {
    this.config = config;
    this.context = context;
    this.slot = context.reserveSlot();
    this.responseBody = decompressedBody(this.slot, config, (refusal) => this.refuse(refusal));
  }

  responseHead(exchange: Exchange, head: ResponseHead): void {
    // A retry, or a page in place of an error, is another response.
    exchange.slots![this.slot] = undefined;
    if (!mayRecode(exchange, head)) return;
    const { fields } = head;
    const coding = codingNamed((fields.getList("content-encoding") ?? "").trim());
    if (coding === undefined || !this.config.codings.includes(coding)) return;
    fields.delete("content-encoding");
    fields.delete("accept-ranges");
    weakenETag(fields);
    dropDigests(fields);
    if (exchange.request.method === "HEAD") {
      // It was the coded one's.
      fields.delete("content-length");
      return;
    }
    if (head.status === 304) return;
    exchange.slots![this.slot] = coding;
    this.context.count(coding);
  }

  private refuse(refusal: Refusal): Reply {
    this.context.count(refusal);
    const headers: [string, string][] = [["content-type", "text/plain; charset=utf-8"]];
    return { status: 502, headers, body: `${REFUSALS[refusal]}\n`, from: this };
  }
}

/** Events: `zstd`, `br`, `gzip`, `too-large`, `ratio`, `malformed`. */
export const responseDecompression: FilterFactory<DecompressionConfig> = {
  name: "response-decompression",
  create: (config, context) => new ResponseDecompression(config, context),
};
