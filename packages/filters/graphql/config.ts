/** What operations of GraphQL may ask for. Numbers are inclusive. */
export interface GraphqlConfig {
  /** Of a request's body, or of a GET's query. */
  readonly maxBytes: number;
  /** Of one document: its words and signs. */
  readonly maxTokens: number;
  /** Fields in each other: 1 for those of the operation itself. */
  readonly maxDepth: number;
  /** Of all operations of a request together. */
  readonly maxCost: number;
  readonly maxAliases: number;
  readonly maxDirectives: number;
  /** Operations in one request. */
  readonly maxBatch: number;
  /** What a field costs by its name; others cost 1. */
  readonly fieldCosts: readonly { readonly field: string; readonly cost: number }[];
  /** Arguments by whose value the cost below a field is multiplied. */
  readonly multipliers: readonly string[];
  /** __schema and __type may be asked for. */
  readonly allowsIntrospection: boolean;
  /** Operations may be named by a hash or an id that the backend knows; nothing is known of these here. */
  readonly allowsPersisted: boolean;
  /** What comes over a WebSocket is not looked at. */
  readonly allowsWebSockets: boolean;
}
