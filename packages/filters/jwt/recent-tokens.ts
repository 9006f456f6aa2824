import type { Verdict } from "./verdict.ts";

const PLACES = 1_024;
/** Longer ones are found by their digests: with these bounds it is 2 MiB of text at most. */
const MAX_CHARS = 2_048;
/** Characters that choose a place: every fifth, from the signature's end on. */
const STRIDE = 5;
const REACH = 40;

interface Place {
  readonly token: string;
  readonly verdict: Verdict;
}

/**
 * The good tokens that came more than once of late, by their text: the digest of a token takes most of what one that is
 * remembered costs (bench/micro/jwt.ts). A few characters choose the place, and only the very same text is found there.
 * Two tokens of one place push each other out, and cost a digest each.
 */
export class RecentTokens {
  private readonly places = new Array<Place | null>(PLACES).fill(null);

  get(token: string): Verdict | undefined {
    const found = this.places[placeOf(token)];
    return found !== null && found.token === token ? found.verdict : undefined;
  }

  set(token: string, verdict: Verdict): void {
    if (token.length > MAX_CHARS) return;
    // A copy: the token is a slice of a whole request head, which would be kept with it.
    const text = Buffer.from(token, "latin1").toString("latin1");
    if (text === token) this.places[placeOf(token)] = { token: text, verdict };
  }
}

function placeOf(token: string): number {
  let hash = token.length;
  for (let at = Math.max(0, token.length - REACH); at < token.length; at += STRIDE)
    hash = (Math.imul(hash, 31) + token.charCodeAt(at)) | 0;
  return (hash ^ (hash >>> 15)) & (PLACES - 1);
}
