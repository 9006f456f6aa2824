import type { ProxyProtocolSettings } from "../model/index.ts";

/**
 * Whether every connection that was taken under `before`, and the client that its header told, would be taken now.
 * Ranges are compared as they are written: when in doubt, connections end.
 */
export function believesAllOf(now: ProxyProtocolSettings, before: ProxyProtocolSettings): boolean {
  const isExpected = now.trustedSources.length > 0;
  if (before.trustedSources.length === 0) return !isExpected || now.others === "plain";
  return (
    isExpected &&
    (now.others === before.others || now.others === "plain") &&
    String(now.ports) === String(before.ports) &&
    before.trustedSources.every((source) => now.trustedSources.includes(source))
  );
}
