import type { EventStreams } from "./event-stream.ts";
import { seedProducts } from "./seed.ts";

export type PriceTick = { productId: number; name: string; priceCents: number; changePercent: number };

/** Sends a `price` event for the next product every `everyMs`; `next` makes one at once. */
export function openPriceTicker(
  streams: EventStreams,
  everyMs = 1_000,
): { next: () => PriceTick; close: () => void } {
  let turn = 0;
  const next = (): PriceTick => makeTick(turn++);
  const timer = setInterval(() => {
    if (streams.size > 0) streams.send("price", next());
  }, everyMs);
  return { next, close: () => clearInterval(timer) };
}

// A spot price that swings by up to 6 % around the list price, each product on a wave of its own.
function makeTick(turn: number): PriceTick {
  const index = turn % seedProducts.length;
  const product = seedProducts[index] ?? seedProducts[0]!;
  const swing = 0.06 * Math.sin(turn / 3 + index * 1.7);
  return {
    productId: product.id,
    name: product.name,
    priceCents: Math.round(product.priceCents * (1 + swing)),
    changePercent: Math.round(swing * 1000) / 10,
  };
}
