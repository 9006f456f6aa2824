import type { ClientValidation } from "../model/index.ts";

/**
 * Whether whoever was let in under `before` would be let in under `after`: rules that ask for less, or that trust
 * further authorities, end no connection. `null`: clients are not asked.
 */
export function admitsAllOf(after: ClientValidation | null, before: ClientValidation | null): boolean {
  if (after === null || after.mode === "AllowInsecureFallback") return true;
  if (before === null || before.mode === "AllowInsecureFallback") return false;
  const trusted = new Set(certificatesOf(after.caPem));
  return certificatesOf(before.caPem).every((pem) => trusted.has(pem));
}

function certificatesOf(bundle: string): string[] {
  return bundle.split(/(?=-----BEGIN CERTIFICATE-----)/).map((pem) => pem.trim());
}
