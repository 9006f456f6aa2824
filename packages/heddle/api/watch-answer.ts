import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { KindName, Resource } from "../resources/index.ts";
import type { Store, StoreEvent, Watch } from "../store/index.ts";
import { failure, type Answer } from "./answer.ts";
import { isTableAsked, representationOf, tableFor, type ResourceQuery } from "./representation.ts";
import type { Matcher } from "./selectors.ts";

/** How long a watch lasts where the client does not say: it then begins another. */
const defaultTimeoutSeconds = 1_800;
const eventTypes = { added: "ADDED", modified: "MODIFIED", deleted: "DELETED" } as const;

/** `watch=true`: one JSON event a line, from a revision on, or from now with what there is as ADDED. */
export async function watchAnswer(store: Store, query: ResourceQuery, matches: Matcher): Promise<Answer> {
  const { path, params } = query;
  const filter = {
    kind: path.kind.kind as KindName,
    ...(path.namespace === "" ? {} : { namespace: path.namespace }),
  };
  const asked = params.get("resourceVersion") ?? "";
  if (!/^\d{0,15}$/.test(asked)) return failure(400, `resourceVersion must be a number, not ${asked}`);
  const isFromNow = asked === "" || asked === "0";
  const { items, revision } = await store.list(filter);
  const watch = store.watch(isFromNow ? revision : Number(asked));
  const first = isFromNow ? (items as Resource[]).filter(matches) : [];
  const seconds = Number(params.get("timeoutSeconds") ?? defaultTimeoutSeconds) || defaultTimeoutSeconds;
  const line = (type: string, object: unknown) => `${JSON.stringify({ type, object })}\n`;
  const shown = (resource: Resource) =>
    isTableAsked(query)
      ? tableFor([resource], query, resource.metadata.resourceVersion ?? "")
      : representationOf(resource, query);
  return {
    status: 200,
    contentType: "application/json",
    body: "",
    async stream(response) {
      const timer = setTimeout(() => watch.close(), seconds * 1_000).unref();
      response.on("close", () => watch.close());
      for (const resource of first) await write(response, line("ADDED", shown(resource)));
      const isOurs = ({ resource }: StoreEvent) =>
        resource.kind === path.kind.kind &&
        (path.namespace === "" || resource.metadata.namespace === path.namespace) &&
        matches(resource);
      await follow(watch, response, isOurs, (event) => line(eventTypes[event.type], shown(event.resource)));
      clearTimeout(timer);
    },
  };
}

async function follow(
  watch: Watch,
  response: ServerResponse,
  isOurs: (event: StoreEvent) => boolean,
  format: (event: StoreEvent) => string,
): Promise<void> {
  for (;;) {
    const batch = await watch.next();
    if (batch.type === "closed" || response.destroyed) return;
    if (batch.type === "too-old") {
      const { body } = failure(410, `too old resource version; the oldest is ${batch.oldestRevision}`);
      await write(response, `{"type":"ERROR","object":${body.trim()}}\n`);
      return;
    }
    for (const event of batch.events) if (isOurs(event)) await write(response, format(event));
  }
}

/** A client that does not read stops its own watch, not us. */
async function write(response: ServerResponse, text: string): Promise<void> {
  if (response.destroyed || response.write(text)) return;
  await Promise.race([once(response, "drain"), once(response, "close")]);
}
