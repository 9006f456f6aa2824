import { parseKey, signatureKeysSecretType } from "../../resources/index.ts";
import type { RequestFilters } from "../filters/policy-filters.ts";
import { durationMs } from "../routes/route-settings.ts";
import { selectionFindings } from "../credentials/selected-secrets.ts";
import { signatureKeysUnit, signatureKeyWarnings } from "../credentials/signature-keys.ts";
import type { Member } from "./member.ts";

const path = "spec.authentication.httpSignatures.secrets";

/** HTTP Message Signatures. */
export const httpSignaturesMember: Member<"authentication"> = (
  { httpSignatures },
  { policy, facts },
): RequestFilters | null => {
  if (httpSignatures === undefined) return null;
  const {
    secrets,
    components,
    tag = "",
    maxAge,
    clockSkew,
    nonce,
    contentDigest,
    maxBodyBytes,
  } = httpSignatures;
  const { namespace } = parseKey(policy);
  const keys = signatureKeysUnit(namespace, secrets);
  const config = {
    keys,
    components,
    tag,
    maxAgeMs: durationMs(maxAge),
    clockSkewMs: durationMs(clockSkew),
    requiresNonce: nonce === "Required",
    contentDigest: contentDigest === "Required" ? ("required" as const) : ("if-covered" as const),
    maxBodyBytes,
  };
  return {
    filters: [{ stage: "authentication", spec: { name: "http-signatures", config } }],
    data: [keys],
    findings: selectionFindings(secrets, namespace, signatureKeysSecretType, facts, path),
    warnings: signatureKeyWarnings(secrets, namespace, facts, path),
  };
};
