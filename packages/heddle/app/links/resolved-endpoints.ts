import { type ChunkedList, onceForChunk, SteadyChunks } from "@heddle/engine/base";
import { endpointName, type EndpointSpec, type EndpointsUnit } from "@heddle/engine/model";
import { endpointMistake, hashUnit, type ControlAddress, type HashedUnit } from "../../compile/index.ts";
import type { Addresses } from "../../discovery/index.ts";

/** The part of the watch over names that endpoints need. */
export interface NameSource {
  want(names: ReadonlySet<string>): Promise<void>;
  addressesOf(name: string): Addresses | null;
}

export interface ResolvedEndpointsOptions {
  readonly names: NameSource;
  /** Names that are left to the system with each connection. */
  isSystemName(name: string): boolean;
  readonly controlAddresses: readonly ControlAddress[];
  /** An address of a name that must not be an endpoint. */
  onRefused(name: string, address: string, mistake: string): void;
}

/**
 * Puts the addresses of DNS names in the place of names: each address is an endpoint, with the name's weight, so that
 * balancing, health and pools are its own, and addresses that stay keep theirs. Where a name has addresses of both
 * families, those are paired: an endpoint is tried under both (RFC 8305). A name without an answer stays as it is.
 */
export class ResolvedEndpoints {
  private readonly options: ResolvedEndpointsOptions;
  private readonly chunks = new SteadyChunks<HashedUnit>();
  private kept = new WeakMap<HashedUnit, { readonly json: string; readonly unit: HashedUnit }>();

  constructor(options: ResolvedEndpointsOptions) {
    this.options = options;
  }

  async resolve(units: ChunkedList<HashedUnit>): Promise<ChunkedList<HashedUnit>> {
    const names = new Set<string>();
    for (const endpoint of units.chunks.flatMap(namedEndpoints))
      if (this.isWatched(endpoint)) names.add(endpoint.address);
    await this.options.names.want(names);
    return names.size === 0 ? units : units.mapChunks((chunk) => this.replaceIn(chunk, names));
  }

  /** The same chunk where all of it is as before. */
  private replaceIn(chunk: readonly HashedUnit[], names: ReadonlySet<string>): readonly HashedUnit[] {
    if (namedEndpoints(chunk).length === 0) return chunk;
    return this.chunks.keep(
      chunk,
      chunk.map((one) => this.replace(one, names)),
    );
  }

  private isWatched({ address, port }: EndpointSpec): boolean {
    return port !== 0 && isName(address) && !this.options.isSystemName(address);
  }

  private replace(hashed: HashedUnit, names: ReadonlySet<string>): HashedUnit {
    const { unit } = hashed;
    if (unit.kind !== "endpoints" || !unit.endpoints.some(({ address }) => names.has(address))) return hashed;
    const replaced = this.expand(unit);
    const json = JSON.stringify(replaced);
    const kept = this.kept.get(hashed);
    if (kept?.json === json) return kept.unit;
    const next = hashUnit(replaced);
    this.kept.set(hashed, { json, unit: next });
    return next;
  }

  private expand(unit: EndpointsUnit): EndpointsUnit {
    const byName = new Map<string, EndpointSpec>();
    for (const spec of unit.endpoints.flatMap((one) => this.expandOne(one))) {
      const name = endpointName(spec);
      if (!byName.has(name)) byName.set(name, spec);
    }
    return { ...unit, endpoints: [...byName.values()] };
  }

  private expandOne(spec: EndpointSpec): readonly EndpointSpec[] {
    const found = this.isWatched(spec) ? this.options.names.addressesOf(spec.address) : null;
    if (found === null) return [spec];
    const ipv4 = this.allowed(found.ipv4, spec);
    const ipv6 = this.allowed(found.ipv6, spec);
    const [main, other] = ipv6.length >= ipv4.length ? [ipv6, ipv4] : [ipv4, ipv6];
    return main.map((address, at) => ({
      ...spec,
      address,
      hostname: spec.address,
      ...(other.length > 0 && { alternative: other[at % other.length]! }),
    }));
  }

  /** A name must not lead where an address may not. */
  private allowed(addresses: readonly string[], { address: name, port }: EndpointSpec): readonly string[] {
    const { controlAddresses, onRefused } = this.options;
    return addresses.filter((address) => {
      const mistake = endpointMistake(address, port, controlAddresses);
      if (mistake !== null) onRefused(name, address, mistake);
      return mistake === null;
    });
  }
}

/** Of the units of a chunk. Most have none. */
const namedEndpoints = onceForChunk((chunk: readonly HashedUnit[]): readonly EndpointSpec[] =>
  chunk.flatMap(({ unit }) =>
    unit.kind === "endpoints" ? unit.endpoints.filter(({ address }) => isName(address)) : [],
  ),
);

/** Neither an IPv4 nor an IPv6 address, as compile writes them. */
const isName = (address: string): boolean => !address.includes(":") && !/^[\d.]+$/.test(address);
