import type { Filter, FilterContext, FilterFactory, ObserveBody } from "@heddle/engine/filter";
import { copyExchange, LENGTH_UNKNOWN } from "@heddle/engine/message";
import type { Exchange, RequestHead } from "@heddle/engine/message";
import type { MirrorConfig } from "./config.ts";
import { MirrorRoom } from "./room.ts";
import { Shadow } from "./shadow.ts";
import { Share } from "./share.ts";

/**
 * Copies requests to another cluster and drops its answers. The copy is what the request is at this place of the
 * filter list, Host included. What guards the other cluster is asked, as for a request that is routed there, and a copy that
 * it refuses is not sent. The exchange never waits for a copy and never fails with it. Upgrades are not copied: their
 * bytes are a conversation that only one side can answer.
 */
class Mirror implements Filter {
  readonly name = "mirror";
  readonly requestBody: ObserveBody;
  private readonly config: MirrorConfig;
  private readonly context: FilterContext;
  private readonly slot: number;
  private readonly room: MirrorRoom;
  private readonly share: Share;

  constructor(config: MirrorConfig, context: FilterContext) {
    this.config = config;
    this.context = context;
    this.slot = context.reserveSlot();
    this.room = new MirrorRoom(config);
    this.share = new Share(config.numerator, config.denominator, context.random);
    this.requestBody = {
      mode: "observe",
      chunk: (exchange, bytes) => this.shadowOf(exchange)?.write(bytes, exchange.request.bodyLength),
      end: (exchange) => this.shadowOf(exchange)?.finish(exchange.request.bodyLength),
    };
  }

  requestHead(exchange: Exchange): void {
    const { request } = exchange;
    if (request.upgrade !== "" || request.method === "CONNECT" || !this.share.choose()) return;
    if (!this.room.enter()) {
      this.context.count("limited");
      return;
    }
    const shadow = new Shadow(this.config.cluster, this.copyOf(exchange), this.context, this.room);
    exchange.slots![this.slot] = shadow;
    if (request.bodyLength === 0) shadow.finish(0);
  }

  /** A body that was cut short must not look whole to the mirror either. */
  end(exchange: Exchange): void {
    this.shadowOf(exchange)?.abandon();
  }

  private copyOf(exchange: Exchange): Exchange {
    return copyExchange(exchange, headOf(exchange.request), this.context.clock.now());
  }

  private shadowOf(exchange: Exchange): Shadow | undefined {
    return exchange.slots?.[this.slot] as Shadow | undefined;
  }
}

function headOf(request: RequestHead): RequestHead {
  const copy = request.clone();
  // The client was or will be told to go on; nobody asks the mirror.
  copy.expectsContinue = false;
  if (copy.bodyLength === LENGTH_UNKNOWN) copy.fields.delete("content-length");
  return copy;
}

/** Events: `sent`, `limited` (too many copies are under way), `dropped` (the mirror was too slow), `failed` (it answered with no whole response), `refused` (by what guards it). */
export const mirror: FilterFactory<MirrorConfig> = {
  name: "mirror",
  create: (config, context) => new Mirror(config, context),
};
