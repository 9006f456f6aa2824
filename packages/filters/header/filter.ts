import type { Filter, FilterFactory } from "@heddle/engine/filter";
import { Fields } from "@heddle/engine/message";
import type { Exchange, ResponseHead } from "@heddle/engine/message";
import type { HeaderModifierConfig, HeaderValue } from "./config.ts";

/** Fields whose values are no comma-separated list, or that clients read line by line (RFC 9110 section 5.3). */
const lineByLine: ReadonlySet<string> = new Set([
  "cookie",
  "proxy-authenticate",
  "set-cookie",
  "www-authenticate",
]);

/** What both directions do to the fields of a head. */
class Modification {
  private readonly set: readonly HeaderValue[];
  private readonly add: readonly HeaderValue[];
  private readonly remove: readonly string[];

  constructor(config: HeaderModifierConfig) {
    // Throws for what no field may hold: checked here once, so that exchanges need not (threats 11).
    Fields.of([...config.set, ...config.add].map(({ name, value }) => [name, value]));
    this.set = config.set;
    this.add = config.add;
    this.remove = config.remove;
  }

  apply(fields: Fields): void {
    for (const { name, value } of this.set) {
      fields.delete(name);
      fields.addTrusted(name, value);
    }
    for (const { name, value } of this.add) append(fields, name, value);
    for (const name of this.remove) fields.delete(name);
  }

  /** Some servers put trailers among the headers, where what is set or removed here must not come back (CVE-2013-5704). */
  applyToTrailers(trailers: Fields): void {
    for (const { name } of this.set) trailers.delete(name);
    for (const name of this.remove) trailers.delete(name);
  }
}

/** Into the list that is there, as the Gateway API shows it: servers differ in which of several lines they read. */
function append(fields: Fields, name: string, value: string): void {
  const before = lineByLine.has(name) ? undefined : fields.getList(name);
  if (before === undefined) {
    fields.addTrusted(name, value);
    return;
  }
  fields.delete(name);
  fields.addTrusted(name, before === "" ? value : `${before},${value}`);
}

class RequestHeaderModifier implements Filter {
  readonly name = "header-modifier";
  private readonly modification: Modification;
  constructor(modification: Modification) {
    this.modification = modification;
  }
  requestHead(exchange: Exchange): void {
    this.modification.apply(exchange.request.fields);
  }
  requestTrailers(_exchange: Exchange, trailers: Fields): void {
    this.modification.applyToTrailers(trailers);
  }
}

/** Also on replies of other filters and on faults: the client must not be able to tell them by their headers. */
class ResponseHeaderModifier implements Filter {
  readonly name = "header-modifier";
  private readonly modification: Modification;
  constructor(modification: Modification) {
    this.modification = modification;
  }
  responseHead(_exchange: Exchange, head: ResponseHead): void {
    this.modification.apply(head.fields);
  }
}

/** Throws RangeError at `create` for a name or value that no field may have. */
export const headerModifier: FilterFactory<HeaderModifierConfig> = {
  name: "header-modifier",
  create(config) {
    const modification = new Modification(config);
    return config.direction === "request"
      ? new RequestHeaderModifier(modification)
      : new ResponseHeaderModifier(modification);
  },
};
