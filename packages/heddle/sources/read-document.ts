import {
  findKind,
  keyOf,
  makeKey,
  validateResource,
  type Problem,
  type Resource,
  type ResourceKey,
} from "../resources/index.ts";
import type { SourcedRejection } from "./reading.ts";

export interface DocumentReading {
  readonly document: unknown;
  /** Undefined where there is no resource. */
  readonly key: ResourceKey | undefined;
  readonly resource: Resource | undefined;
  readonly problems: readonly Problem[];
}

/** Keeps the document only where it is needed: to give a status to a resource that is not valid. */
export function readDocument(document: unknown): DocumentReading {
  const { resource, problems } = validateResource(document);
  return resource === undefined
    ? { document, key: undefined, resource, problems }
    : { document: undefined, key: keyOf(resource), resource, problems };
}

export function rejectionOf({ document, problems }: DocumentReading): Omit<SourcedRejection, "origin"> {
  const { key, kind } = nameOf(document);
  return { key, kind, problems, document };
}

/** What a document says that it is, as far as it can be read. */
function nameOf(document: unknown): { key: ResourceKey | undefined; kind: string } {
  const apiVersion = textField(document, "apiVersion");
  const kind = textField(document, "kind") ?? "";
  const metadata = field(document, "metadata");
  const name = textField(metadata, "name");
  if (apiVersion === undefined || name === undefined) return { key: undefined, kind };
  const served = findKind(apiVersion, kind)?.kind;
  if (served === undefined || name.includes("/")) return { key: undefined, kind };
  const namespace = served.namespaced ? (textField(metadata, "namespace") ?? "default") : "";
  if (namespace.includes("/")) return { key: undefined, kind };
  return { key: makeKey(served.group, kind, namespace, name), kind };
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function textField(value: unknown, name: string): string | undefined {
  const text = field(value, name);
  return typeof text === "string" && text !== "" ? text : undefined;
}
