import type { Exchange } from "@heddle/engine/message";
import type { CacheRun } from "./cache-run.ts";
import type { StoredResponse } from "./stored-response.ts";

/** RFC 9111 section 4.3.1: the request asks by our validators, in place of the client's, which are judged here. */
export function validate({ request }: Exchange, run: CacheRun, { etag, lastModified }: StoredResponse): void {
  if (etag === undefined && lastModified === undefined) return;
  const { fields } = request;
  fields.delete("if-none-match");
  fields.delete("if-modified-since");
  if (etag !== undefined) fields.add("if-none-match", etag);
  if (lastModified !== undefined) fields.add("if-modified-since", lastModified);
  if (run.isRefresh) {
    fields.delete("range");
    fields.delete("if-range");
  }
  run.isValidating = true;
}
