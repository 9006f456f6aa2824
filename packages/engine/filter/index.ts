/**
 * The contract between the request path and its policies, and the chain that runs them.
 */
export type {
  BodyOutput,
  BodyPhase,
  BodySource,
  BodyStream,
  BufferBody,
  DataRef,
  Filter,
  FilterContext,
  FilterFactory,
  FilterRegistry,
  ObserveBody,
  Reply,
  SideCall,
  SideCallEvents,
  StreamBody,
  TransformBody,
} from "./contract.ts";
export { REFUSED } from "./contract.ts";
export { buildChain, chainBefore, chainFrom, concerned, EMPTY_CHAIN } from "./chain.ts";
export type { BodyFilter, FilterChain } from "./chain.ts";
