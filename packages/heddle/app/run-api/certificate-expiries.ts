import { X509Certificate } from "node:crypto";
import type { ListenerUnit, SecretUnit } from "@heddle/engine/model";
import type { HashedUnit } from "../../compile/index.ts";
import type { CertificateExpiry } from "../../exporters/index.ts";

/** Ends of validity, by the unit: one that did not change is the same object. */
const known = new WeakMap<SecretUnit, number>();

/** When the certificates end that the listeners of a configuration show, each once for each of its listeners. */
export function certificateExpiries(units: readonly HashedUnit[]): CertificateExpiry[] {
  const secrets = new Map<string, SecretUnit>();
  const listeners: ListenerUnit[] = [];
  for (const { unit } of units) {
    if (unit.kind === "secret") secrets.set(unit.name, unit);
    else if (unit.kind === "listener") listeners.push(unit);
  }
  const found = new Map<string, CertificateExpiry>();
  for (const { id: listener, tls } of listeners.flatMap(({ servers }) => servers)) {
    for (const certificate of tls?.certificates ?? []) {
      const secret = secrets.get(certificate);
      // A listener of several addresses is several servers.
      const key = `${listener} ${certificate}`;
      if (secret === undefined || found.has(key)) continue;
      found.set(key, { listener, certificate, notAfterMs: notAfterMs(secret) });
    }
  }
  return [...found.values()];
}

function notAfterMs(secret: SecretUnit): number {
  const before = known.get(secret);
  if (before !== undefined) return before;
  const ms = new X509Certificate(secret.certificatePem).validToDate.getTime();
  known.set(secret, ms);
  return ms;
}
