import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** Who may ask, and how often: the same for every proxy that takes part. */
export type GuardName = "jwt" | "api-key";

export interface Guard {
  name: GuardName;
  /** each request has one of these values, in turn */
  header: { name: string; values: readonly string[] };
  /** `jwt`: what signatures are checked with, PEM; else "" */
  publicKeyPem: string;
  /** for Heddle: policies, and what they refer to */
  resources: readonly object[];
}

export const guardIssuer = "https://id.example";
export const guardAudience = "bench";
/** so many a second for each subject: never reached, always counted */
export const guardRate = 1_000_000;
const subjects = 16;
const week = 7 * 24 * 3600;

export const makeGuard = (name: GuardName): Guard => (name === "jwt" ? makeJwtGuard() : makeKeyGuard());

/** JSON Web Tokens of 16 subjects, RS256 with 2,048 bits. */
function makeJwtGuard(): Guard {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const exp = Math.floor(Date.now() / 1000) + week;
  const token = (subject: string): string => {
    const head = encode({ alg: "RS256", typ: "JWT", kid: "bench" });
    const body = encode({ iss: guardIssuer, aud: guardAudience, sub: subject, exp, scope: "read" });
    const signature = sign("sha256", Buffer.from(`${head}.${body}`), privateKey).toString("base64url");
    return `${head}.${body}.${signature}`;
  };
  const keys = [{ ...publicKey.export({ format: "jwk" }), kid: "bench", alg: "RS256", use: "sig" }];
  const issuer = {
    issuer: guardIssuer,
    keys: { inline: JSON.stringify({ keys }) },
    algorithms: ["RS256"],
    audiences: [guardAudience],
    claimHeaders: [{ header: "X-User", claim: "sub" }],
  };
  return {
    name: "jwt",
    header: { name: "Authorization", values: users().map((user) => `Bearer ${token(user)}`) },
    publicKeyPem: publicKey.export({ format: "pem", type: "spki" }) as string,
    resources: [policy("AccessPolicy", { authentication: { jwt: { issuers: [issuer] } } }), limit()],
  };
}

/** Keys of 16 consumers, of another maker than Heddle, so that they can be made here. */
function makeKeyGuard(): Guard {
  const keys = users().map((consumer) => ({ consumer, key: randomBytes(24).toString("base64url") }));
  const secret = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "bench-keys", namespace: "default" },
    type: "heddle.dev/api-keys",
    stringData: Object.fromEntries(
      keys.map(({ consumer, key }) => [
        consumer,
        JSON.stringify({ consumer, hash: `sha256:${createHash("sha256").update(key).digest("hex")}` }),
      ]),
    ),
  };
  const apiKeys = { secrets: { names: ["bench-keys"] }, format: "Any" };
  return {
    name: "api-key",
    header: { name: "X-API-Key", values: keys.map(({ key }) => key) },
    publicKeyPem: "",
    resources: [secret, policy("AccessPolicy", { authentication: { apiKeys } }), limit()],
  };
}

const users = (): string[] => Array.from({ length: subjects }, (_, i) => `user-${i}`);

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Responses are not told of it: the others' limits do not tell either. */
const limit = (): object =>
  policy("RateLimitPolicy", {
    headers: "None",
    limits: [
      {
        name: "per-subject",
        tokenBucket: { rate: guardRate, per: "1s" },
        key: [{ from: "Subject" }],
        whenKeyMissing: "Deny",
      },
    ],
  });

const policy = (kind: string, spec: object): object => ({
  apiVersion: "heddle.dev/v1alpha1",
  kind,
  metadata: { name: "bench", namespace: "default" },
  spec: { targetRefs: [{ kind: "Gateway", name: "bench" }], ...spec },
});
