import type { HmacConfig } from "@heddle/filters";
import { parseKey, parseSignedContent, type HmacSpec } from "../../resources/index.ts";
import { hmacFindings, hmacUnit } from "../credentials/hmac-secrets.ts";
import type { RequestFilters } from "../filters/policy-filters.ts";
import { durationMs } from "../routes/route-settings.ts";
import type { Member } from "./member.ts";

const path = "spec.authentication.hmac.secretRefs";

/** Webhooks and others that sign by a shared secret. */
export const hmacMember: Member<"authentication"> = ({ hmac }, { policy, facts }): RequestFilters | null => {
  if (hmac === undefined) return null;
  const { namespace } = parseKey(policy);
  const secrets = hmacUnit(namespace, hmac.secretRefs);
  return {
    filters: [{ stage: "authentication", spec: { name: "hmac", config: configOf(hmac, secrets) } }],
    data: [secrets],
    findings: hmacFindings(hmac.secretRefs, namespace, facts, path),
  };
};

function configOf(
  { subject, signature, content, timestamp, maxAge, replays, maxBodyBytes }: HmacSpec,
  secrets: string,
): HmacConfig {
  return {
    secrets,
    subject,
    header: signature.header.toLowerCase(),
    prefix: signature.prefix,
    encoding: signature.encoding === "Hex" ? "hex" : "base64",
    hash: signature.hash === "SHA256" ? "sha256" : "sha512",
    content: parseSignedContent(content)!,
    timestamp:
      timestamp === undefined ? null : { header: timestamp.header.toLowerCase(), prefix: timestamp.prefix },
    maxAgeMs: durationMs(maxAge),
    refusesReplays: replays === "Refuse",
    maxBodyBytes,
  };
}
