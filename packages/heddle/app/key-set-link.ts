import { systemClock, systemRandom } from "@heddle/engine/base";
import type { Log } from "@heddle/engine/runtime";
import {
  hashUnit,
  keySetOfSource,
  type ControlAddress,
  type HashedUnit,
  type KeySource,
} from "../compile/index.ts";
import type { KeySetRequest, KeySetService } from "../key-sets/index.ts";

export interface KeySetLinkOptions {
  readonly controlAddresses: readonly ControlAddress[];
  /** The system's roots; null: those that Node brings. */
  readonly systemCaPem: () => string | null;
  readonly log: Log;
  /** The configuration is to be put in force anew. */
  refresh(): Promise<void>;
}

/** Has the key sets fetched that policies name by URL, and puts them in the place of where they are. */
export class KeySetLink {
  private readonly options: KeySetLinkOptions;
  private service: KeySetService | null = null;
  private isClosed = false;

  constructor(options: KeySetLinkOptions) {
    this.options = options;
  }

  async resolve(units: readonly HashedUnit[]): Promise<readonly HashedUnit[]> {
    const requests = units.flatMap(({ unit }) => requestOf(unit) ?? []);
    if (requests.length === 0 && this.service === null) return units;
    this.service ??= await this.open();
    if (this.isClosed) return units;
    await this.service.want(requests);
    const others = units.filter(({ unit }) => requestOf(unit) === null);
    return [...others, ...this.service.units.map(hashUnit)];
  }

  private async open(): Promise<KeySetService> {
    const { controlAddresses, systemCaPem, log, refresh } = this.options;
    const { AddressGuard, fetchKeySet, KeySetService: Service } = await import("../key-sets/index.ts");
    const guard = new AddressGuard(controlAddresses);
    return new Service({
      clock: systemClock,
      random: systemRandom,
      fetch: ({ url, caPem }, signal) => fetchKeySet(url, { guard, caPem: caPem ?? systemCaPem(), signal }),
      refresh: () => void refresh(),
      log: (level, message) => log(level, message, {}),
    });
  }

  /** A worker lacks a key of the set of that name. */
  wantKey(name: string): void {
    this.service?.wantKey(name);
  }

  close(): void {
    this.isClosed = true;
    this.service?.close();
  }
}

function requestOf(unit: HashedUnit["unit"]): KeySetRequest | null {
  if (unit.kind !== "data") return null;
  const name = keySetOfSource(unit.name);
  return name === null ? null : { name, source: unit.value as KeySource };
}
