import type { DescriptorChannel, LentDescriptor, PassedDescriptor } from "@heddle/engine/net";
import type { PurgeRequest } from "./cache-purges.ts";

/** Who somebody is, as messages and logs name it. */
export interface RunningProcess {
  readonly pid: number;
  readonly version: string;
}

/** A listening socket that is offered: of a listener, or of the API. */
export interface OfferedSockets {
  /** The listener unit's; `apiSocket` for the API's. */
  readonly name: string;
  readonly kind: LentDescriptor["kind"];
  readonly count: number;
}

/**
 * What the running process and the new one say to each other over the control socket. Anything may end the connection;
 * until "take" is read the running one goes on as before.
 *
 *   running                                new
 *   running ──────────────────────────────►
 *           ◄────────────────────────────── hello
 *   offer, or refused ────────────────────►
 *           ◄────────────────────────────── give      for each socket
 *   given, with the socket ───────────────►
 *           ◄────────────────────────────── ready, or failed
 *   go-on, or refused ────────────────────►
 *           ◄────────────────────────────── take
 *   released ─────────────────────────────►            drains
 *
 * Or, of who only wants caches purged:
 *
 *           ◄────────────────────────────── purge
 *   purged, or refused ───────────────────►
 */
export type HandOverMessage =
  | ({ readonly kind: "running" } & RunningProcess)
  | ({ readonly kind: "hello" } & RunningProcess)
  | { readonly kind: "refused"; readonly reason: string }
  | {
      readonly kind: "offer";
      /** "127.0.0.1:9901" */
      readonly api: string;
      readonly sockets: readonly OfferedSockets[];
      /** What is wrong with the configuration in force, see `problemPlaces`. */
      readonly problems: readonly string[];
    }
  | { readonly kind: "give" }
  | { readonly kind: "given" }
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "go-on" }
  | { readonly kind: "take" }
  | { readonly kind: "released" }
  | ({ readonly kind: "purge" } & PurgeRequest)
  | { readonly kind: "purged" };

type Kind = HandOverMessage["kind"];
type OfKind<K extends Kind> = Extract<HandOverMessage, { kind: K }>;

/** A process that is there answers within that. */
export const ANSWER_MS = 10_000;
/** How long a new process may take to be ready. */
export const START_MS = 300_000;

export const apiSocket = "api";

export function say(
  channel: DescriptorChannel,
  message: HandOverMessage,
  lent: LentDescriptor | null = null,
): boolean {
  return channel.send(message, lent);
}

/** The next message, which is to be of one of these kinds. Throws Error where it is not, or does not come. */
export async function hear<K extends Kind>(
  channel: DescriptorChannel,
  kinds: readonly K[],
  timeoutMs = ANSWER_MS,
): Promise<OfKind<K> & { readonly passed: PassedDescriptor | null }> {
  const { message, passed } = await channel.receive(timeoutMs);
  const told = message as HandOverMessage;
  if (told.kind === "refused" || told.kind === "failed") {
    if (!(kinds as readonly Kind[]).includes(told.kind)) throw new Error(told.reason);
  } else if (!(kinds as readonly Kind[]).includes(told.kind)) {
    throw new Error(`it said ${String(told.kind)} where ${kinds.join(" or ")} was due`);
  }
  return { ...(told as OfKind<K>), passed };
}
