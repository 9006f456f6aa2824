import { WeightedChoice } from "../balance/index.ts";
import { chainFrom, EMPTY_CHAIN } from "../filter/index.ts";
import type { Filter } from "../filter/index.ts";
import { copyExchange } from "../message/index.ts";
import type { Exchange, ResponseSink } from "../message/index.ts";
import { UNSEEN } from "./flow-context.ts";
import type { FlowContext } from "./flow-context.ts";
import { openFlow } from "./open-flow.ts";
import type { Rule } from "./rule.ts";

/** What a filter puts in its slot of the copy, for its own response phases to find. */
export interface SlotValue {
  readonly slot: number;
  readonly value: unknown;
}

/**
 * Sends the request of an exchange once more, without a body and for nobody, through what is behind `filter` in the
 * rule. It has the rule's time limits and retries; it is no request of a client, so it is not counted as one. False:
 * there is no such place, and nothing was sent.
 */
export function repeatRequest(
  rule: Rule,
  original: Exchange,
  filter: Filter,
  given: SlotValue,
  context: FlowContext,
): boolean {
  const behind = ruleBehind(rule, filter);
  if (behind === null) return false;
  const copy = copyOf(original, context.clock.now());
  const flow = openFlow({ ...context, observer: UNSEEN }, copy, true, NOWHERE, behind);
  copy.slots = new Array<unknown>(behind.chain.slotCount).fill(undefined);
  copy.slots[given.slot] = given.value;
  flow.start();
  return true;
}

function copyOf(original: Exchange, nowMs: number): Exchange {
  const request = original.request.clone();
  request.bodyLength = 0;
  request.expectsContinue = false;
  return copyExchange(original, request, nowMs);
}

/** The rule as it is behind one of its filters, or of its backends' filters. */
function ruleBehind(rule: Rule, filter: Filter): Rule | null {
  const chain = chainFrom(rule.chain, filter);
  if (chain !== null) return { ...rule, chain, hedge: null };
  for (const backend of rule.backendList) {
    const own = chainFrom(backend.chain, filter);
    if (own === null) continue;
    const only = { ...backend, chain: own };
    const none = { ...EMPTY_CHAIN, slotCount: rule.chain.slotCount };
    const backends = new WeightedChoice([{ item: only, weight: 1 }]);
    return {
      ...rule,
      chain: none,
      backends,
      backendList: [only],
      sessionPersistence: null,
      hedge: null,
    };
  }
  return null;
}

const NOWHERE: ResponseSink = {
  writeInformational() {},
  writeHead() {},
  writeBody() {},
  writeEnd() {},
  flush: () => true,
  reset() {},
  pauseRequestBody() {},
  resumeRequestBody() {},
};
