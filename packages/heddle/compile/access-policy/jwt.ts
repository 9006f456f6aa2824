import type { ClaimHeader, JwtIssuer, KeySetData, RequiredClaim, TokenPlace } from "@heddle/filters";
import {
  parseClaimPath,
  parseKey,
  tokenAlgorithms,
  type AccessPolicy,
  type JwtIssuerSpec,
  type Resource,
} from "../../resources/index.ts";
import { readBundle } from "../backends/backend-cluster.ts";
import { readKeySet } from "../credentials/key-set.ts";
import { missingEntry, readEntry, refKeySet, urlKeySet } from "../credentials/key-set-names.ts";
import type { RequestFilters } from "../filters/policy-filters.ts";
import { durationMs } from "../routes/route-settings.ts";
import { makeFinding, type Finding } from "../io/status.ts";
import type { Member, MemberPlace } from "./member.ts";

/** A key set that a policy names by URL. */
export interface RemoteKeySet {
  /** Of its data unit. */
  readonly name: string;
  /** Path of the field. */
  readonly path: string;
}

/** The key sets that a policy names by URL; whether they are there is not known to compile. */
export function remoteKeySets(resource: Resource): readonly RemoteKeySet[] {
  if (resource.kind !== "AccessPolicy") return [];
  const { spec, metadata } = resource as AccessPolicy;
  return (spec.authentication?.jwt?.issuers ?? []).flatMap(({ keys }, index) => {
    if (keys.url === undefined) return [];
    const name = urlKeySet(keys.url, keys.caCertificateRefs, metadata.namespace).set;
    return [{ name, path: `spec.authentication.jwt.issuers[${index}].keys.url` }];
  });
}

/** Where the keys of an issuer are, for the filter. */
interface Keys {
  readonly keySet: string;
  readonly inlineKeys?: KeySetData;
  readonly isRemote: boolean;
  /** Data units to be made for it. */
  readonly data: readonly string[];
  readonly findings: readonly Finding[];
}

/** Bearer tokens. */
export const jwtMember: Member<"authentication"> = ({ jwt }, at): RequestFilters | null => {
  if (jwt === undefined) return null;
  const keys = jwt.issuers.map((issuer, index) =>
    keysOf(issuer.keys, `spec.authentication.jwt.issuers[${index}].keys`, at),
  );
  const issuers = jwt.issuers.map((issuer, index) => issuerOf(issuer, keys[index]!));
  return {
    filters: [{ stage: "authentication", spec: { name: "jwt", config: { issuers } } }],
    data: keys.flatMap(({ data }) => data),
    findings: keys.flatMap(({ findings }) => findings),
  };
};

function issuerOf(spec: JwtIssuerSpec, { keySet, inlineKeys, isRemote }: Keys): JwtIssuer {
  return {
    issuer: spec.issuer,
    keySet,
    ...(inlineKeys !== undefined && { inlineKeys }),
    isRemote,
    algorithms: spec.algorithms ?? tokenAlgorithms.filter((name) => !name.startsWith("HS")),
    audiences: spec.audiences ?? [],
    types: typesOf(spec.types),
    requiredClaims: (spec.requiredClaims ?? []).map(({ claim, values = [] }): RequiredClaim => ({
      claim: parseClaimPath(claim)!,
      values,
    })),
    clockSkewMs: durationMs(spec.clockSkew),
    from: placesOf(spec.from),
    claimHeaders: (spec.claimHeaders ?? []).map(({ claim, header }): ClaimHeader => ({
      claim: parseClaimPath(claim)!,
      header: header.toLowerCase(),
    })),
    forwards: spec.forward,
  };
}

/** RFC 7515 section 4.1.9: a token that does not say what it is is as good as a JWT. */
function typesOf(types: readonly string[]): readonly string[] {
  const all = types.map((type) => type.toLowerCase().replace(/^application\//, ""));
  return all.includes("jwt") || all.length === 0 ? ["", ...all] : all;
}

function placesOf(from: JwtIssuerSpec["from"]): readonly TokenPlace[] {
  if (from === undefined) return [{ in: "header", name: "authorization", prefix: "Bearer " }];
  return from.map(({ header, cookie, query }): TokenPlace => {
    if (header !== undefined) return { in: "header", name: header.name.toLowerCase(), prefix: header.prefix };
    return cookie !== undefined
      ? { in: "cookie", name: cookie, prefix: "" }
      : { in: "query", name: query!, prefix: "" };
  });
}

function keysOf(keys: JwtIssuerSpec["keys"], path: string, at: MemberPlace): Keys {
  const { url, ref, inline } = keys;
  if (url !== undefined) return remoteKeys(url, keys.caCertificateRefs, `${path}.caCertificateRefs`, at);
  return ref !== undefined ? referredKeys(ref, `${path}.ref`, at) : inlineKeys(inline!, `${path}.inline`);
}

function remoteKeys(
  url: string,
  refs: JwtIssuerSpec["keys"]["caCertificateRefs"],
  path: string,
  { policy, facts }: MemberPlace,
): Keys {
  const { namespace } = parseKey(policy);
  const { set, source } = urlKeySet(url, refs, namespace);
  const findings = (refs ?? []).flatMap((ref, index) => {
    const { isGood, text } = readBundle(ref, namespace, facts);
    const message = `${ref.kind} ${namespace}/${ref.name}: ${text}`;
    return isGood ? [] : [makeFinding("InvalidCACertificateRef", `${path}[${index}]`, message)];
  });
  return { keySet: set, isRemote: true, data: [source], findings };
}

function referredKeys(
  { kind, name, key }: NonNullable<JwtIssuerSpec["keys"]["ref"]>,
  path: string,
  { policy, facts }: MemberPlace,
): Keys {
  const { namespace } = parseKey(policy);
  const set = refKeySet(kind, namespace, name, key);
  const text = readEntry(facts, kind, namespace, name, key);
  const findings: Finding[] = [];
  if (text === undefined)
    findings.push(makeFinding("InvalidKeySet", path, missingEntry(facts, kind, namespace, name, key)));
  else {
    const reading = readKeySet(text, kind === "Secret");
    const message = `key ${key} of ${kind} ${namespace}/${name} ${typeof reading === "string" ? reading : ""}`;
    if (typeof reading === "string") findings.push(makeFinding("InvalidKeySet", path, message));
  }
  return { keySet: set, isRemote: false, data: [set], findings };
}

function inlineKeys(text: string, path: string): Keys {
  const reading = readKeySet(text, false);
  if (typeof reading === "string")
    return {
      keySet: "",
      isRemote: false,
      data: [],
      findings: [makeFinding("InvalidKeySet", path, reading)],
    };
  return { keySet: "", inlineKeys: reading.data, isRemote: false, data: [], findings: [] };
}
