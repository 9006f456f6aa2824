import type { DataRef } from "../filter/index.ts";
import type { DataUnit } from "../model/index.ts";

class Place implements DataRef {
  value: unknown = undefined;
  version = 0;
  /** Of the unit that `value` is from; "" for none. */
  hash = "";

  set(value: unknown, hash: string): void {
    if (this.hash === hash) return;
    this.value = value;
    this.hash = hash;
    this.version++;
  }
}

/**
 * The data units of a worker as its filters see them. A place is handed out once for each name and outlives its unit:
 * filters of unchanged routes keep theirs when the unit goes and comes again.
 */
export class DataBoard {
  private readonly places = new Map<string, Place>();

  of(name: string): DataRef {
    return this.placeOf(name);
  }

  put({ name, value }: DataUnit, hash: string): void {
    this.placeOf(name).set(value, hash);
  }

  remove(name: string): void {
    this.places.get(name)?.set(undefined, "");
  }

  private placeOf(name: string): Place {
    let place = this.places.get(name);
    if (place === undefined) {
      place = new Place();
      this.places.set(name, place);
    }
    return place;
  }
}
