import { DEFAULT_LISTENER_SETTINGS, type ListenerUnit, type ServerSpec } from "@heddle/engine/model";
import type { CompileOptions } from "./compile-io.ts";
import { isServed, type GatewayPlan } from "./gateway-plan.ts";

/** The listeners to bind: one for each address and port, with the servers of all Gateways that share it, the oldest first. */
export function listenerUnits(plans: readonly GatewayPlan[], options: CompileOptions): ListenerUnit[] {
  const settings = options.listenerSettings ?? DEFAULT_LISTENER_SETTINGS;
  const units = new Map<string, ListenerUnit & { servers: ServerSpec[] }>();
  for (const plan of plans) {
    for (const listener of plan.listeners) {
      if (!isServed(plan, listener)) continue;
      const { port, protocol } = listener.listener;
      const server = { id: listener.id, hostname: listener.hostname, tls: listener.tls };
      for (const address of plan.address.addresses) {
        const name = address.includes(":") ? `[${address}]/${port}` : `${address}/${port}`;
        const unit = units.get(name);
        if (unit !== undefined) unit.servers.push(server);
        else {
          const bound = { address, port, protocol: protocol as "HTTP" | "HTTPS" };
          units.set(name, { kind: "listener", name, ...bound, servers: [server], settings });
        }
      }
    }
  }
  return [...units.values()];
}
