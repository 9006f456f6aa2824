import type { AcmeChallengeUnit } from "@heddle/engine/model";
import type { AcmeChallengeType } from "../compile/index.ts";
import { makeValidationCertificate } from "./certificate-requests.ts";

/** What the data plane answers a challenge with. */
export async function challengeUnit(
  type: AcmeChallengeType,
  hostname: string,
  token: string,
  keyAuthorization: string,
  nowMs: number,
): Promise<AcmeChallengeUnit> {
  if (type === "http-01") {
    const path = `/.well-known/acme-challenge/${token}`;
    const answer = { type, path, keyAuthorization } as const;
    return { kind: "acme-challenge", name: `http-01/${hostname}/${token}`, hostname, answer };
  }
  const certificate = await makeValidationCertificate(hostname, keyAuthorization, nowMs);
  const answer = { type, ...certificate } as const;
  return { kind: "acme-challenge", name: `tls-alpn-01/${hostname}`, hostname, answer };
}
