import type { ListenerUnit } from "@heddle/engine/model";

/** What to say where no listener has a port and a protocol ("http", "tls" …), by those that there are. */
export function missingListener(scheme: string, port: number, all: readonly ListenerUnit[]): string {
  if (all.length === 0) return "no listener is served at all";
  const has = all.map(({ name, protocol }) => `${protocol.toLowerCase()} at ${name}`).join(", ");
  return `no listener serves ${scheme} on port ${port}; there is ${has}`;
}
