import type { Filter, FilterContext, FilterFactory, Reply, StreamBody } from "@heddle/engine/filter";
import type { Exchange } from "@heddle/engine/message";
import { codingNamed, dropDigests } from "../content-coding/index.ts";
import type { DecompressionConfig } from "./config.ts";
import { decompressedBody } from "./decompressed-body.ts";
import type { Refusal } from "./decompressed-body.ts";

const REFUSALS: Readonly<Record<Refusal, readonly [status: number, text: string]>> = {
  "too-large": [413, "the decompressed body is too large"],
  ratio: [413, "the body is compressed beyond the ratio that is taken"],
  malformed: [400, "the body is not what its Content-Encoding says"],
};

/**
 * Decompresses request bodies, one layer, so that whatever looks at them behind it, the backend included, has them plain.
 * What cannot be decompressed goes no further: a body that policies cannot read is not let past them.
 */
class Decompression implements Filter {
  readonly name = "decompression";
  private readonly config: DecompressionConfig;
  private readonly context: FilterContext;
  private readonly slot: number;
  readonly requestBody: StreamBody;

  constructor(config: DecompressionConfig, context: FilterContext) {
    this.config = config;
    this.context = context;
    this.slot = context.reserveSlot();
    this.requestBody = decompressedBody(this.slot, config, (refusal) => this.refuse(refusal));
  }

  requestHead(exchange: Exchange): Reply | undefined {
    const { fields } = exchange.request;
    const names = (fields.getList("content-encoding") ?? "")
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "" && name.toLowerCase() !== "identity");
    if (names.length === 0) return undefined;
    const coding = names.length === 1 ? codingNamed(names[0]) : undefined;
    if (coding === undefined || !this.config.codings.includes(coding)) return this.unsupported();
    exchange.slots![this.slot] = coding;
    fields.delete("content-encoding");
    dropDigests(fields);
    this.context.count(coding);
    return undefined;
  }

  /** RFC 9110 section 15.5.16. */
  private unsupported(): Reply {
    this.context.count("unsupported");
    const headers: [string, string][] = [
      ["content-type", "text/plain; charset=utf-8"],
      ["accept-encoding", this.config.codings.join(", ")],
    ];
    return { status: 415, headers, body: "the body has a Content-Encoding that is not taken\n" };
  }

  private refuse(refusal: Refusal): Reply {
    this.context.count(refusal);
    const [status, text] = REFUSALS[refusal];
    return { status, headers: [["content-type", "text/plain; charset=utf-8"]], body: `${text}\n` };
  }
}

/** Events: `zstd`, `br`, `gzip`, `unsupported`, `too-large`, `ratio`, `malformed`. */
export const decompression: FilterFactory<DecompressionConfig> = {
  name: "decompression",
  create: (config, context) => new Decompression(config, context),
};
