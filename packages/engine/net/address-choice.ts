import type { LookupAddress } from "node:dns";

/**
 * The addresses of one endpoint in the order in which they are tried: IPv6 first (RFC 8305 section 4), but the one
 * that served last before all, since most connections then need one try.
 */
export class AddressChoice {
  private readonly all: readonly LookupAddress[];
  private served = "";

  constructor(addresses: readonly string[]) {
    const known = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
    this.all = known.sort((a, b) => b.family - a.family);
  }

  get order(): readonly string[] {
    return this.sorted().map(({ address }) => address);
  }

  /** As `lookup` of node:net, whatever the name. */
  readonly lookup = (
    _name: string,
    _options: unknown,
    done: (error: null, all: LookupAddress[]) => void,
  ): void => done(null, this.sorted());

  /** A connection to it was made. */
  opened(address: string): void {
    this.served = address;
  }

  /** None could be made: whatever served may have moved. */
  failed(): void {
    this.served = "";
  }

  private sorted(): LookupAddress[] {
    return this.all.toSorted((a, b) => Number(b.address === this.served) - Number(a.address === this.served));
  }
}
