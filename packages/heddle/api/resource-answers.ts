import { apiVersionOf, makeKey, type KindName, type Resource } from "../resources/index.ts";
import type { Store } from "../store/index.ts";
import { failure, jsonAnswer, type Answer } from "./answer.ts";
import { watchAnswer } from "./watch-answer.ts";
import { parseFieldSelector, parseLabelSelector, SelectorError, type Matcher } from "./selectors.ts";
import { isTableAsked, representationOf, tableFor, type ResourceQuery } from "./representation.ts";

/** GET of one resource, of a list, or of a watch. */
export async function answerResources(store: Store, query: ResourceQuery): Promise<Answer> {
  try {
    return query.path.name === "" ? await answerList(store, query) : await answerOne(store, query);
  } catch (error) {
    if (error instanceof SelectorError) return failure(400, error.message);
    throw error;
  }
}

async function answerOne(store: Store, query: ResourceQuery): Promise<Answer> {
  const { kind, namespace, name } = query.path;
  const found = await store.get(makeKey(kind.group, kind.kind, namespace, name));
  if (found === undefined) {
    const group = kind.group === "" ? "" : `.${kind.group}`;
    return failure(404, `${kind.plural}${group} "${name}" not found`, {
      name,
      group: kind.group,
      kind: kind.plural,
    });
  }
  if (isTableAsked(query)) {
    return jsonAnswer(tableFor([found], query, found.metadata.resourceVersion));
  }
  return jsonAnswer(representationOf(found, query));
}

async function answerList(store: Store, query: ResourceQuery): Promise<Answer> {
  const { kind, namespace, version } = query.path;
  const { params } = query;
  const matches = matcherOf(params);
  if (params.get("watch") === "true" || params.get("watch") === "1")
    return watchAnswer(store, query, matches);
  const filter = { kind: kind.kind as KindName, ...(namespace === "" ? {} : { namespace }) };
  const { items, revision } = await store.list(filter);
  const found = (items as Resource[]).filter(matches);
  if (isTableAsked(query)) return jsonAnswer(tableFor(found, query, String(revision)));
  return jsonAnswer({
    kind: `${kind.kind}List`,
    apiVersion: apiVersionOf(kind.group, version),
    metadata: { resourceVersion: String(revision) },
    items: found.map((resource) => representationOf(resource, query)),
  });
}

function matcherOf(params: URLSearchParams): Matcher {
  const labels = parseLabelSelector(params.get("labelSelector") ?? "");
  const fields = parseFieldSelector(params.get("fieldSelector") ?? "");
  return (resource) => labels(resource) && fields(resource);
}
