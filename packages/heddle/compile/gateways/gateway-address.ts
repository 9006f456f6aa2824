import type { Gateway } from "../../resources/index.ts";
import { pickAddress, type AddressPool } from "./address-pool.ts";
import type { CompileOptions } from "../io/compile-io.ts";
import { addressRange, normalAddress } from "../values/ip-address.ts";
import { makeFinding, type Finding } from "../io/status.ts";

export interface AddressPlan {
  /** To bind, normalised, each once. */
  readonly addresses: readonly string[];
  /** The Gateway cannot be accepted. */
  readonly refused: readonly Finding[];
  /** Some of what was asked for cannot be had. */
  readonly missing: readonly Finding[];
}

const poolUsedUp = "every address of the address pool is in use; give a larger pool, or an address here";

/** The addresses that Gateways ask for by value: no other Gateway is given one of them. */
export function requestedAddresses(gateways: readonly Gateway[]): Set<string> {
  const found = new Set<string>();
  for (const { spec } of gateways) {
    for (const { type, value = "" } of spec.addresses ?? []) {
      const address = type === "IPAddress" ? normalAddress(value) : null;
      if (address !== null) found.add(address);
    }
  }
  return found;
}

/** The addresses of a Gateway; those of the pool are added to `taken`. */
export function planAddresses(gateway: Gateway, options: CompileOptions, taken: Set<string>): AddressPlan {
  const asked = gateway.spec.addresses ?? [];
  const found = new Set<string>();
  const refused: Finding[] = [];
  const missing: Finding[] = [];
  const assign = () => {
    const address = assignAddress(gateway, options, taken);
    if (address === null) missing.push(makeFinding("AddressNotAssigned", "spec.addresses", poolUsedUp));
    else found.add(address);
  };
  for (const [index, { type, value = "" }] of asked.entries()) {
    const path = `spec.addresses[${index}]`;
    if (type !== "IPAddress")
      refused.push(makeFinding("UnsupportedAddress", `${path}.type`, `must be IPAddress, got ${type}`));
    else if (value === "") assign();
    else {
      const mistake = addressMistake(value, options);
      if (mistake === null) found.add(normalAddress(value)!);
      else missing.push(makeFinding("AddressNotUsable", `${path}.value`, `${value} ${mistake}`));
    }
  }
  if (asked.length === 0) assign();
  return { addresses: refused.length > 0 ? [] : withoutCovered(found), refused, missing };
}

/** A socket on every address takes the place of those on one. */
function withoutCovered(addresses: ReadonlySet<string>): string[] {
  if (addresses.has("::")) return ["::"];
  const hasAnyV4 = addresses.has("0.0.0.0");
  return [...addresses].filter((one) => !hasAnyV4 || one === "0.0.0.0" || one.includes(":"));
}

function assignAddress(gateway: Gateway, options: CompileOptions, taken: Set<string>): string | null {
  const pool: AddressPool | null = options.addressPool ?? null;
  if (pool === null) return options.defaultAddress ?? "::";
  const { namespace, name } = gateway.metadata;
  const address = pickAddress(pool, `${namespace}/${name}`, (candidate) => taken.has(candidate));
  if (address !== null) taken.add(address);
  return address;
}

function addressMistake(value: string, { checkAddress }: CompileOptions): string | null {
  const address = normalAddress(value);
  if (address === null) return "is no IP address";
  const range = addressRange(address);
  if (range === "multicast" || range === "broadcast") return `is a ${range} address, which cannot be bound`;
  return checkAddress?.(address) ?? null;
}
