import type { AccessLogOptions, Log } from "@heddle/engine/runtime";
import type { ApiAddress } from "../api/index.ts";
import type { AddressPool } from "../compile/index.ts";
import type { TakeOver } from "./control/take-over.ts";

/** What a run is told by its command line. */
export interface HeddleOptions {
  readonly version: string;
  /** Files and folders of `-f`. */
  readonly paths: readonly string[];
  /** HOST/PATH to URL of `--route`. */
  readonly routes: Readonly<Record<string, string>>;
  /** The port of the listener for `routes`. */
  readonly port: number;
  readonly addressPool: AddressPool | null;
  /** Where this machine is, for balancing; "" where that is not known. */
  readonly zone: string;
  readonly node: string;
  /** DNS servers, "127.0.0.1:8600"; none: the system's. */
  readonly dnsServers: readonly string[];
  /** Data-plane threads; undefined: as many as the machine has for us. */
  readonly workers: number | undefined;
  readonly api: ApiAddress;
  readonly stateFolder: string;
  readonly accessLog: AccessLogOptions | null;
  readonly log: Log;
  /** From whom this one takes over; null where it starts for itself. */
  readonly takeOver: TakeOver | null;
}
