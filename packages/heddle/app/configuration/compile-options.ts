import os from "node:os";
import { compileRegex } from "@heddle/engine/route";
import type { AddressPool, CompileOptions, ControlAddress } from "../../compile/index.ts";

export interface CompileSettings {
  readonly addressPool: AddressPool | null;
  readonly controlAddresses: readonly ControlAddress[];
  readonly zone?: string;
  readonly node?: string;
  /** Default: caches are in memory alone. */
  readonly cacheFolder?: string;
}

/**
 * What compile needs to know of this process. Made once: compile keeps results as long as all but `nowMs` are the
 * same objects.
 */
export function makeCompileOptions(settings: CompileSettings): Omit<CompileOptions, "nowMs"> {
  return { ...settings, checkRegex: regexMistake, checkAddress: addressMistake };
}

function regexMistake(pattern: string): string | null {
  const { problem, regex } = compileRegex(pattern);
  return regex === null ? problem : null;
}

/** Why an address cannot be bound on this machine, as far as its interfaces tell. */
function addressMistake(address: string): string | null {
  if (address === "::" || address === "0.0.0.0") return null;
  // Linux answers for all of 127/8 without an interface that has them.
  if (process.platform === "linux" && address.startsWith("127.")) return null;
  const own = Object.values(os.networkInterfaces()).flatMap((all) => all ?? []);
  if (own.some((one) => one.address === address)) return null;
  return "is no address of this machine; give one of its own, or leave spec.addresses out";
}
