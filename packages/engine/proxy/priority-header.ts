import { compileTrustedHops } from "../message/index.ts";
import type { Exchange } from "../message/index.ts";
import { PRIORITIES } from "../model/index.ts";
import type { OverloadSettings, Priority } from "../model/index.ts";

/**
 * The field by which those in front say how important a request is. Who is not trusted cannot: the field is taken off
 * the request, so that nobody behind believes it either.
 */
export class PriorityHeader {
  private readonly name: string;
  private readonly isTrusted: (address: string) => boolean;

  private constructor(name: string, trustedSources: readonly string[]) {
    this.name = name;
    this.isTrusted = compileTrustedHops([...trustedSources]);
  }

  /** Null where there is no such field: then it costs nothing. */
  static of({ priorityHeader, trustedSources }: OverloadSettings): PriorityHeader | null {
    return priorityHeader === "" ? null : new PriorityHeader(priorityHeader, trustedSources);
  }

  /** Of each request, whether or not load is shed. */
  guard({ request, peer }: Exchange): void {
    if (!this.isTrusted(peer.address)) request.fields.delete(this.name);
  }

  /** After `guard`: what the field says; -1 where it says nothing that is known. */
  read({ request }: Exchange): Priority {
    const value = request.fields.get(this.name);
    return value === undefined ? -1 : parsePriority(value);
  }
}

/** The priority of that name, in whatever letters; -1 for any other text. */
function parsePriority(text: string): Priority {
  const name = text.trim().toLowerCase();
  return PRIORITIES.findIndex((one) => one.toLowerCase() === name);
}
