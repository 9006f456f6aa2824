/**
 * The contract between the request path and its policies, and the chain that runs them.
 */
export type {
  BodyPhase,
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
  TransformBody,
} from "./contract.ts";
export { buildChain, EMPTY_CHAIN } from "./chain.ts";
export type { BodyFilter, FilterChain } from "./chain.ts";
