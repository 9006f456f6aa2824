import { parseKey, type HTTPBackendRef } from "../../resources/index.ts";
import { effectiveOf } from "../attach/index.ts";
import { backendPlace } from "../backends/backend-place.ts";
import type { FactReader } from "../pass/facts.ts";
import { policyKinds } from "../policies/policy-kinds.ts";
import { namespacePlace, withNamespace, type PolicyPlace } from "../policies/policy-source.ts";

/** What policies that act on requests come to where connections or datagrams pass, which have none. */
export interface StreamGuard {
  /** Nothing passes: who calls cannot be asked. */
  readonly isClosed: boolean;
  readonly message: string;
}

/** Of what stands above a route of connections, and of the route's namespace. */
export function routeGuards(
  above: readonly PolicyPlace[],
  namespace: string,
  facts: FactReader,
): readonly StreamGuard[] {
  return guardsAlong(withNamespace(above, namespace), facts);
}

/** Of the Service or Backend that a reference leads to. */
export function backendGuards(
  ref: HTTPBackendRef,
  namespace: string,
  facts: FactReader,
): readonly StreamGuard[] {
  const place = backendPlace(ref, namespace, facts);
  const chain = place.namespace === namespace ? [place] : [namespacePlace(place.namespace), place];
  return guardsAlong(chain, facts);
}

function guardsAlong(chain: readonly PolicyPlace[], facts: FactReader): StreamGuard[] {
  return policyKinds.flatMap((kind) => {
    const policy = kind.emit.request === undefined ? null : effectiveOf(kind, "request", chain, facts);
    if (policy === null) return [];
    const [source] = policy.sources;
    const name =
      source === undefined ? "" : `${kind.kind} ${parseKey(source.policy).name} on ${source.target}`;
    const mend = "attach it to routes of requests, or to listeners of HTTP";
    if (policy.denial !== "") {
      // What it would have said is not known.
      const isClosed = kind.asksWhoCalls !== undefined;
      return isClosed ? [{ isClosed, message: `${policy.denial}, so connections are closed; mend it` }] : [];
    }
    const isClosed = kind.asksWhoCalls?.(policy.spec) ?? false;
    const effect = isClosed
      ? "says who may call, which connections cannot be asked, so they are closed"
      : "has no effect on connections";
    return [{ isClosed, message: `${name} ${effect}; ${mend}` }];
  });
}
