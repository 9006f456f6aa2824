import { heddleGroup, parseKey } from "../../resources/index.ts";
import type { RequestPlace } from "./policy-filters.ts";
import { resolveBackend } from "../backends/backend-ref.ts";
import type { CompileOptions } from "../io/compile-io.ts";
import type { FactReader } from "../pass/facts.ts";
import { clusterUnder } from "../gateways/gateway-settings.ts";

/**
 * Where policies look things up. `upstreamId` names the settings under which what they call is reached, as of
 * `planRules`; it makes no difference to whether a reference resolves.
 */
export function requestPlace(
  facts: FactReader,
  options: CompileOptions,
  upstreamId: string = "",
): RequestPlace {
  return {
    facts,
    options,
    resolve: (ref, path, policy, isGrpc = false) => {
      const { kind, namespace } = parseKey(policy);
      const from = { group: heddleGroup, kind, namespace, transport: null, isGrpc };
      const resolved = resolveBackend(ref, path, from, facts, options.controlAddresses ?? []);
      return "finding" in resolved ? resolved : { cluster: clusterUnder(resolved.cluster, upstreamId) };
    },
  };
}
