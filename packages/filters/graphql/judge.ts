import type { GraphqlConfig } from "./config.ts";
import { BadDocument, measureDocument } from "./measure.ts";
import type { Measure } from "./measure.ts";
import type { Operation } from "./operations.ts";
import { loadParser } from "./parser.ts";

/** Why operations are refused, by the name of its counter. */
export interface Refusal {
  readonly event: string;
  readonly message: string;
}

const refusal = (event: string, message: string): Refusal => ({ event, message });

/** Whether all operations of a request are within the bounds, null where they are. `isGet`: it must change nothing. */
export function judge(
  operations: readonly Operation[],
  isGet: boolean,
  config: GraphqlConfig,
): Refusal | null {
  if (operations.length === 0) return refusal("malformed", "there is no operation");
  if (operations.length > config.maxBatch)
    return refusal("batch", `${operations.length} operations in one request, limit ${config.maxBatch}`);
  let cost = 0;
  for (const { query, variables } of operations) {
    if (query === undefined) {
      if (config.allowsPersisted) continue;
      return refusal("persisted", "operations must be given by their text");
    }
    const measure = measureOf(query, variables, isGet, config);
    if ("event" in measure) return measure;
    cost += measure.cost;
    const beyond = boundsOf(measure, config);
    if (beyond !== null) return beyond;
    if (cost > config.maxCost) return refusal("cost", `the cost is ${cost}, limit ${config.maxCost}`);
  }
  return null;
}

function measureOf(
  query: string,
  variables: Operation["variables"],
  isGet: boolean,
  config: GraphqlConfig,
): Measure | Refusal {
  try {
    const document = loadParser()(query, { noLocation: true, maxTokens: config.maxTokens });
    const changes = document.definitions.some(
      (one) => one.kind === "OperationDefinition" && one.operation === "mutation",
    );
    if (isGet && changes) return refusal("mutation", "a GET must not change anything");
    return measureDocument(document, variables, config);
  } catch (error) {
    if (error instanceof BadDocument) return refusal("malformed", error.message);
    // The parser goes down with what it reads, and so does the measure: that deep is beyond every bound.
    if (error instanceof RangeError) return refusal("depth", "the operation is nested too deeply");
    const text = error instanceof Error ? error.message : "";
    if (/more than \d+ tokens/.test(text))
      return refusal("tokens", `the document has more than ${config.maxTokens} tokens`);
    return refusal("malformed", "the document is no GraphQL");
  }
}

function boundsOf(
  { depth, aliases, directives, introspects }: Measure,
  config: GraphqlConfig,
): Refusal | null {
  if (introspects && !config.allowsIntrospection)
    return refusal("introspection", "the schema is not told here");
  if (depth > config.maxDepth) return refusal("depth", `the depth is ${depth}, limit ${config.maxDepth}`);
  if (aliases > config.maxAliases)
    return refusal("aliases", `${aliases} aliases, limit ${config.maxAliases}`);
  if (directives > config.maxDirectives)
    return refusal("directives", `${directives} directives, limit ${config.maxDirectives}`);
  return null;
}
