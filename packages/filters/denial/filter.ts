import type { Filter, FilterContext, FilterFactory, Reply } from "@heddle/engine/filter";
import type { DenialConfig } from "./config.ts";

const REPLY: Reply = {
  status: 500,
  headers: [["content-type", "text/plain; charset=utf-8"]],
  body: "a policy of this route is not in order, so nothing passes\n",
};

/** Fails closed: what it stands for could not be built, so nobody is let through. Counts `denied`. */
class Denial implements Filter {
  readonly name = "denial";
  private readonly context: FilterContext;

  constructor(context: FilterContext) {
    this.context = context;
  }

  requestHead(): Reply {
    this.context.count("denied");
    return REPLY;
  }
}

export const denial: FilterFactory<DenialConfig> = {
  name: "denial",
  create: (_config, context) => new Denial(context),
};
