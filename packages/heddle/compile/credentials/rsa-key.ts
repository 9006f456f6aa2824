import type { KeyObject } from "node:crypto";

/** RFC 7518 section 3.3; more bits cost a worker too much. */
const bits = { min: 2048, max: 8192 };
/** With 1 everybody can sign, an even one is no key's, and long ones cost as much as signing (NIST SP 800-56B section 6.2). */
const exponent = { min: 3n, max: 2n ** 64n };

/** What keeps an RSA key from being trusted, in a few words; null where nothing does. */
export function rsaMistake({ asymmetricKeyDetails = {} }: KeyObject): string | null {
  const { modulusLength = 0, publicExponent = 0n } = asymmetricKeyDetails;
  if (modulusLength < bits.min || modulusLength > bits.max)
    return `has ${modulusLength} bits; ${bits.min} to ${bits.max} are taken`;
  const isGood =
    publicExponent % 2n === 1n && publicExponent >= exponent.min && publicExponent < exponent.max;
  return isGood ? null : "has a public exponent that makes no safe key; 65537 is usual";
}
