import { isDeepStrictEqual } from "node:util";
import type { Resource } from "../resources/index.ts";
import type { Stored } from "./store.ts";

/** What a change makes of a stored resource, the same for every kind of store. */

interface Loose {
  apiVersion: string;
  metadata: Record<string, unknown>;
  status?: unknown;
}

/**
 * The resource that a put stores at `revision`, or undefined where it changes nothing. The creation
 * time stays, is never made up, and cannot be taken away.
 */
export function nextVersion(
  old: Stored | undefined,
  resource: Resource,
  revision: number,
): Stored | undefined {
  const isSame = old !== undefined && isSameContent(old, resource);
  const generation = old === undefined ? 1 : old.metadata.generation + (isSame ? 0 : 1);
  const { creationTimestamp = old?.metadata.creationTimestamp, ...rest } = resource.metadata;
  const metadata = {
    ...rest,
    ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    generation,
    resourceVersion: old?.metadata.resourceVersion,
  };
  const { status: given, ...content } = resource as unknown as Loose;
  const status = old === undefined ? given : (old as unknown as Loose).status;
  const next = { ...content, metadata, ...(status === undefined ? {} : { status }) };
  if (isSame && content.apiVersion === old.apiVersion && isDeepStrictEqual(metadata, old.metadata))
    return undefined;
  return withRevision(next as unknown as Stored, revision);
}

/** The resource with another status, or undefined where it is the same. */
export function nextStatus(old: Stored, status: unknown, revision: number): Stored | undefined {
  if (isDeepStrictEqual((old as unknown as Loose).status, status)) return undefined;
  return withRevision({ ...old, status } as Stored, revision);
}

export function withRevision(resource: Stored, revision: number): Stored {
  return { ...resource, metadata: { ...resource.metadata, resourceVersion: String(revision) } } as Stored;
}

/** True where two versions differ in metadata and status only. */
function isSameContent(a: Resource, b: Resource): boolean {
  return isDeepStrictEqual(contentOf(a), contentOf(b));
}

function contentOf(resource: Resource): object {
  const { apiVersion: _, metadata: __, status: ___, ...content } = resource as unknown as Loose;
  return content;
}
