import { gatewayGroup, parseKey, type ParentReference, type Problem } from "../../resources/index.ts";
import type { Collector } from "./collector.ts";
import { defaultControllerName, type CompileOptions, type RejectedResource } from "../io/compile-io.ts";
import type { Facts } from "./facts.ts";
import { field, textField } from "../values/loose.ts";
import { parentFact } from "../routes/parent-view.ts";
import { condition } from "../io/status.ts";

/** Kinds whose status has conditions of its own; those that say it is not in force either. */
const conditionTypes: ReadonlyMap<string, readonly string[]> = new Map([
  ["GatewayClass", ["Accepted"]],
  ["Gateway", ["Accepted", "Programmed"]],
  ["ListenerSet", ["Accepted", "Programmed"]],
  ["Backend", ["Accepted"]],
  ["GatewaySettings", ["Accepted"]],
  ["AcmeIssuer", ["Accepted", "Ready"]],
]);

/** Gives resources that failed validation a status where one can be given. */
export function reportRejected(
  rejected: readonly RejectedResource[],
  facts: Facts,
  options: CompileOptions,
  collector: Collector,
): void {
  for (const resource of rejected) {
    const generation = generationOf(resource.document);
    const message = messageOf(resource.problems);
    const types = conditionTypes.get(resource.kind);
    if (types !== undefined) {
      const conditions = types.map((type) =>
        condition(type, "False", { reason: "Invalid", message }, generation),
      );
      collector.status(resource.key, { conditions });
    } else if (resource.kind.endsWith("Route")) {
      const accepted = condition("Accepted", "False", { reason: "UnsupportedValue", message }, generation);
      const controllerName = options.controllerName ?? defaultControllerName;
      collector.status(resource.key, {
        parents: parentsOf(resource, facts).map((parentRef) => ({
          parentRef,
          controllerName,
          conditions: [accepted],
        })),
      });
    }
  }
}

/** The errors among problems, with their paths, in one line. */
export function messageOf(problems: readonly Problem[]): string {
  const errors = problems.filter(({ severity }) => severity === "error");
  return errors.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`)).join("; ");
}

function generationOf(document: unknown): number | undefined {
  const generation = field(field(document, "metadata"), "generation");
  return Number.isInteger(generation) ? (generation as number) : undefined;
}

/** The Gateways of ours, and ListenerSets of them, that an invalid route names, as far as its document can be read. */
function parentsOf({ key, document }: RejectedResource, facts: Facts): ParentReference[] {
  const refs = field(field(document, "spec"), "parentRefs");
  if (!Array.isArray(refs)) return [];
  return refs.slice(0, 32).flatMap((ref): ParentReference[] => {
    const name = textField(ref, "name");
    const group = textField(ref, "group") ?? gatewayGroup;
    const kind = textField(ref, "kind") ?? "Gateway";
    const namespace = textField(ref, "namespace");
    const isUnclear =
      name === undefined || (namespace === undefined && field(ref, "namespace") !== undefined);
    if (isUnclear || group !== gatewayGroup || (kind !== "Gateway" && kind !== "ListenerSet")) return [];
    if (facts.read(parentFact(kind, namespace ?? parseKey(key).namespace, name)) === undefined) return [];
    const sectionName = textField(ref, "sectionName");
    return [
      {
        group,
        kind,
        ...(namespace === undefined ? {} : { namespace }),
        name,
        ...(sectionName === undefined ? {} : { sectionName }),
      },
    ];
  });
}
