import { keptMetadata, nameMismatch } from "./metadata.ts";
import { Problems, type Problem } from "./problem.ts";
import { counterpartOf } from "./foreign-kinds.ts";
import { findKind, kinds, type Resource, type ServedKind } from "./registry.ts";
import { checkRules } from "./schema/check-rules.ts";
import { checkStructure } from "./schema/check-structure.ts";
import { normalize } from "./schema/normalize.ts";
import { isObject, type JsonObject } from "./schema/structural.ts";
import { suggestion } from "./schema/suggest.ts";
import { apiVersionOf } from "./kind.ts";

export interface ValidateOptions {
  /** The stored resource that this one replaces, for rules on what may change. */
  old?: Resource;
  /** Keep and check `status`; by default it is dropped, since only controllers write it. */
  keepsStatus?: boolean;
}

export interface Validated {
  /** Absent where any problem is an error. */
  resource?: Resource;
  problems: Problem[];
}

/** The `rule` of the problem for a document of a kind that Heddle does not know. */
export const unknownKindRule = "unknown-kind";

/**
 * Checks a document of any kind, and gives it back as a resource: a copy with defaults applied,
 * unknown fields dropped, in the preferred version of its kind. Never throws.
 */
export function validateResource(document: unknown, options: ValidateOptions = {}): Validated {
  const problems = new Problems();
  const served = kindOf(document, problems);
  const resource = served && validateKind(document as JsonObject, served, options, problems);
  return resource === undefined || problems.hasErrors
    ? { problems: problems.list }
    : { resource, problems: problems.list };
}

function validateKind(
  document: JsonObject,
  { kind, version }: ServedKind,
  { old, keepsStatus = false }: ValidateOptions,
  problems: Problems,
): Resource | undefined {
  const { status: _, ...rest } = document;
  const input = kind.status && !keepsStatus ? rest : document;
  const copy = normalize(input, version.schema, "", problems, kind.isStrict) as JsonObject;
  checkStructure(copy, version.schema, "", problems);
  if (isObject(copy["metadata"])) checkNames(copy["metadata"], kind, problems);
  if (problems.hasErrors) return undefined;
  checkRules(copy, version.schema, "", problems, old);
  const metadata = keptMetadata(copy["metadata"] as Parameters<typeof keptMetadata>[0]);
  const kept = problems.hasErrors || kind.finish === undefined ? copy : kind.finish(copy);
  return { ...kept, apiVersion: kind.apiVersion, metadata } as Resource;
}

function checkNames(metadata: JsonObject, kind: ServedKind["kind"], problems: Problems): void {
  const { name, namespace } = metadata;
  const nameProblem = typeof name === "string" ? nameMismatch(name, kind.nameForm) : undefined;
  if (nameProblem !== undefined) problems.error("metadata.name", nameProblem);
  if (!kind.namespaced) {
    if (namespace === undefined || namespace === "") delete metadata["namespace"];
    else
      problems.error("metadata.namespace", `must not be given: ${kind.kind} is in no namespace; remove it`);
  } else if (namespace === undefined || namespace === "") {
    metadata["namespace"] = "default";
  } else if (typeof namespace === "string") {
    const problem = nameMismatch(namespace, "label");
    if (problem !== undefined) problems.error("metadata.namespace", problem);
  }
}

function kindOf(document: unknown, problems: Problems): ServedKind | undefined {
  if (!isObject(document)) {
    problems.error("", "must be an object with apiVersion, kind and metadata");
    return undefined;
  }
  const apiVersion = ownText(document, "apiVersion", exampleVersion(document["kind"]), problems);
  const kind = ownText(document, "kind", "HTTPRoute", problems);
  if (apiVersion === undefined || kind === undefined) return undefined;
  const served = findKind(apiVersion, kind);
  if (served === undefined) reportUnknownKind(apiVersion, kind, problems);
  return served;
}

function ownText(document: JsonObject, field: string, example: string, problems: Problems) {
  const value = Object.hasOwn(document, field) ? document[field] : undefined;
  if (typeof value === "string" && value !== "") return value;
  problems.error(field, `is required; give a string such as ${example}`);
  return undefined;
}

/** The apiVersion of the kind that is named, or one of those that there are. */
function exampleVersion(kind: unknown): string {
  const named = kinds.find((known) => known.kind === kind);
  return named === undefined
    ? "gateway.networking.k8s.io/v1"
    : apiVersionOf(named.group, named.versions[0]!.name);
}

function reportUnknownKind(apiVersion: string, kind: string, problems: Problems): void {
  const same = kinds.find((known) => known.kind === kind);
  if (same !== undefined) {
    const known = same.versions.map(({ name }) => apiVersionOf(same.group, name)).join(" or ");
    problems.error("apiVersion", `${kind} is not known in ${apiVersion}; use ${known}`, unknownKindRule);
    return;
  }
  problems.error("kind", `unknown kind ${JSON.stringify(kind)}; ${kindHint(kind)}`, unknownKindRule);
}

/** What was meant, where that can be guessed; else all there is. */
function kindHint(kind: string): string {
  const counterpart = counterpartOf(kind);
  if (counterpart !== undefined) return `Heddle has ${counterpart} for that`;
  const names = kinds.map((known) => known.kind);
  const near = suggestion(kind, names);
  return near === undefined ? `known are ${names.join(", ")}` : `did you mean ${near}?`;
}
