import type { RequestHead } from "../message/index.ts";

/** The client's spelling, unless the authority was rewritten. Names compare without case, but some sign what they sent. */
export function hostField({ authority, sentAuthority }: RequestHead): string {
  if (sentAuthority === authority) return authority;
  return sentAuthority.toLowerCase() === authority ? sentAuthority : authority;
}
