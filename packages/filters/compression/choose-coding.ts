import type { Coding } from "../content-coding/index.ts";

/**
 * The coding that a client likes best (RFC 9110 section 12.5.3): by its q-values, then by the order of `offered`. Null:
 * the content goes as it is, as for a client that names none of them, likes it better that way, or sent what cannot be
 * read.
 */
export function chooseCoding(accept: string | undefined, offered: readonly Coding[]): Coding | null {
  if (accept === undefined || accept === "") return null;
  const weights = readWeights(accept);
  if (weights === null) return null;
  const others = weights.get("*") ?? 0;
  let best: Coding | null = null;
  // Without a word on it identity is no worse than any other, so that it takes a q below its to be left aside.
  let bestWeight = weights.get("identity") ?? 0;
  for (const coding of offered) {
    const weight = weights.get(coding) ?? (coding === "gzip" ? weights.get("x-gzip") : undefined) ?? others;
    if (weight > bestWeight || (weight === bestWeight && weight > 0 && best === null)) {
      best = coding;
      bestWeight = weight;
    }
  }
  return best;
}

const MEMBER = /^([!#$%&'*+\-.^_`|~0-9a-z]+)(?:[ \t]*;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/;

/** Null: it is no list of codings with weights. */
function readWeights(accept: string): Map<string, number> | null {
  const weights = new Map<string, number>();
  for (const part of accept.toLowerCase().split(",")) {
    const text = part.trim();
    if (text === "") continue;
    const found = MEMBER.exec(text);
    if (found === null) return null;
    weights.set(found[1], found[2] === undefined ? 1 : Number(found[2]));
  }
  return weights;
}
