import { readFileSync } from "node:fs";
import { systemClock, systemRandom } from "@heddle/engine/base";
import type { Log } from "@heddle/engine/runtime";
import type { ControlAddress } from "../../compile/index.ts";
import { dnsLookup, isSystemName, NameWatch, parseHostsFile } from "../../discovery/index.ts";
import { ResolvedEndpoints } from "./resolved-endpoints.ts";

export interface NameLinkOptions {
  /** None: the system's. */
  readonly servers: readonly string[];
  readonly controlAddresses: readonly ControlAddress[];
  readonly log: Log;
  /** The configuration is to be put in force anew. */
  refresh(): Promise<void>;
}

/** Watches the DNS names of endpoints, and has the configuration follow. */
export class NameLink {
  readonly endpoints: ResolvedEndpoints;
  private readonly names: NameWatch;
  /** Told already: what goes on is told once. */
  private readonly refused = new Set<string>();

  constructor({ servers, controlAddresses, log, refresh }: NameLinkOptions) {
    this.names = new NameWatch({
      clock: systemClock,
      random: systemRandom,
      lookup: dnsLookup(servers),
      onChange: () => void refresh(),
      onProblem: (name, error, isKept) =>
        log("warn", `${name} does not resolve${isKept ? "; its last addresses stay in use" : ""}`, {
          cause: error.message,
        }),
    });
    // Who names servers has names that only they know.
    const hosts = servers.length > 0 ? new Set<string>() : readHosts();
    this.endpoints = new ResolvedEndpoints({
      names: this.names,
      isSystemName: (name) => isSystemName(name, hosts),
      controlAddresses,
      onRefused: (name, address, mistake) => {
        const text = `${name} resolves to ${address}, which ${mistake}; it is left out`;
        if (this.refused.has(text)) return;
        this.refused.add(text);
        log("error", text, {});
      },
    });
  }

  close(): void {
    this.names.close();
  }
}

function readHosts(): Set<string> {
  try {
    return parseHostsFile(readFileSync("/etc/hosts", "utf8"));
  } catch {
    return new Set();
  }
}
