import type { Exchange } from "@heddle/engine/message";

/**
 * A place in each exchange for what a filter keeps from one phase to the next. A filter is shared by all exchanges of its
 * route, so what concerns one of them is kept here, and nowhere else.
 */
export class FilterSlot<T> {
  private readonly at: number;

  constructor(at: number) {
    this.at = at;
  }

  /** Undefined until it is set. */
  get(exchange: Exchange): T | undefined {
    return exchange.slots?.[this.at] as T | undefined;
  }

  set(exchange: Exchange, value: T): void {
    if (exchange.slots !== null) exchange.slots[this.at] = value;
  }
}
