import type { ClientValidation } from "@heddle/engine/model";
import {
  gatewayGroup,
  type FrontendTLSValidation,
  type Gateway,
  type Listener,
} from "../../resources/index.ts";
import { readBundle } from "../backends/backend-cluster.ts";
import type { FactReader } from "../pass/facts.ts";
import { grantMissing, isGranted } from "../references/reference-grant.ts";
import { makeFinding, verdictOf, type Finding } from "../io/status.ts";

export interface ClientValidationPlan {
  /** Null where clients are not asked for certificates, or nobody could vouch for them. */
  readonly validation: ClientValidation | null;
  readonly refused: Finding | null;
  readonly unresolved: readonly Finding[];
}

const none: ClientValidationPlan = { validation: null, refused: null, unresolved: [] };

/** How clients of a listener that decrypts TLS are asked for certificates: as its port says, else by default. */
export function planClientValidation(
  gateway: Gateway,
  { port }: Listener,
  facts: FactReader,
): ClientValidationPlan {
  const frontend = gateway.spec.tls?.frontend;
  const at = frontend?.perPort?.findIndex((entry) => entry.port === port) ?? -1;
  const tls = at === -1 ? frontend?.default : frontend?.perPort?.[at]?.tls;
  if (tls?.validation === undefined) return none;
  const { caCertificateRefs: refs, mode } = tls.validation;
  const path = `spec.tls.frontend.${at === -1 ? "default" : `perPort[${at}].tls`}.validation.caCertificateRefs`;
  const unresolved: Finding[] = [];
  const bundles: string[] = [];
  for (const [index, ref] of refs.entries()) {
    const bundle = resolveBundle(gateway, ref, `${path}[${index}]`, facts);
    if (typeof bundle === "string") bundles.push(bundle);
    else unresolved.push(bundle);
  }
  if (bundles.length > 0) {
    return { validation: { caPem: bundles.join("\n"), mode }, refused: null, unresolved };
  }
  const message = `nobody can vouch for clients, so none is served: ${verdictOf(unresolved)?.message ?? "no reference"}`;
  return { validation: null, refused: makeFinding("NoValidCACertificate", path, message), unresolved };
}

type CaRef = FrontendTLSValidation["caCertificateRefs"][number];

function resolveBundle(gateway: Gateway, ref: CaRef, path: string, facts: FactReader): string | Finding {
  const { group, kind, name, namespace = gateway.metadata.namespace } = ref;
  if (group !== "" || (kind !== "ConfigMap" && kind !== "Secret")) {
    const message = `cannot refer to ${kind} of group "${group}"; use a ConfigMap or Secret with the key ca.crt`;
    return makeFinding("InvalidCACertificateKind", path, message);
  }
  const from = { group: gatewayGroup, kind: "Gateway", namespace: gateway.metadata.namespace };
  const to = { group, kind, namespace, name };
  if (!isGranted(facts, from, to)) return makeFinding("RefNotPermitted", path, grantMissing(from, to));
  const { isGood, text } = readBundle({ group, kind, name }, namespace, facts);
  return isGood
    ? text
    : makeFinding("InvalidCACertificateRef", path, `${kind} ${namespace}/${name}: ${text}`);
}

/** Whether some client without a good certificate is let in where certificates are asked for. */
export function hasInsecureFallback({ spec }: Gateway): boolean {
  const { default: byDefault, perPort = [] } = spec.tls?.frontend ?? {};
  return [byDefault, ...perPort.map(({ tls }) => tls)].some(
    (tls) => tls?.validation?.mode === "AllowInsecureFallback",
  );
}
