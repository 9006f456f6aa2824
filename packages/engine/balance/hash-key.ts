import { hashText } from "../base/index.ts";

/**
 * The key of a text, in [0, 2^31): the same in every process and on every machine, so that all workers and gateways
 * send a key to the same endpoint. For spreading, never for security: who chooses keys chooses endpoints.
 */
export function hashKey(text: string): number {
  return mix(hashText(text)) >>> 1;
}

/** A second, independent choice for a key: a number in [0, 1). */
export function fractionOf(key: number): number {
  return mix(key ^ 0x5bd1e995) / 4_294_967_296;
}

/** Each bit of the result depends on each bit of the number (the finaliser of MurmurHash3); unsigned. */
export function mix(number: number): number {
  let h = number;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Independent of `hashText`: two names that agree in both are one in 2^64. */
export function otherHash(text: string): number {
  let hash = text.length;
  for (let i = 0; i < text.length; i++) hash = mix(Math.imul(hash, 31) + text.charCodeAt(i));
  return hash;
}
