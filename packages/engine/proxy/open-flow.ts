import type { Exchange, ResponseSink } from "../message/index.ts";
import type { FlowContext } from "./flow-context.ts";
import { Flow } from "./flow.ts";
import type { Rule } from "./rule.ts";
import { WatchedFlow } from "./watched-flow.ts";

/** The flow of an exchange, of the kind that its rule needs. */
export function openFlow(
  context: FlowContext,
  exchange: Exchange,
  isLast: boolean,
  sink: ResponseSink,
  rule: Rule | null,
): Flow {
  return rule !== null && rule.isWatched
    ? new WatchedFlow(context, exchange, isLast, sink, rule)
    : new Flow(context, exchange, isLast, sink, rule);
}
