/** Holds operations of GraphQL to bounds. */
export { graphql } from "./filter.ts";
export type { GraphqlConfig } from "./config.ts";
