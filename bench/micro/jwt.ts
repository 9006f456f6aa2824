// Nanoseconds per token: `node bench/micro/jwt.ts`. The filter with a token that it remembers and with one that it does
// not, and beside it what jose takes for the same token with its key imported once. The median of the rounds.
import { generateKeyPairSync, sign } from "node:crypto";
import { seededRandom, systemClock } from "@heddle/engine/base";
import type { Filter, FilterContext } from "@heddle/engine/filter";
import { Exchange, Fields, IN_PROCESS_PEER, NAME, RequestHead } from "@heddle/engine/message";
import { authentication, jwt } from "@heddle/filters";
import { importJWK, jwtVerify } from "jose";
import { median } from "../rig/index.ts";

const BATCH = 5_000;
const ROUNDS = 30;
const WARM_UP = 8;

const kinds = {
  RS256: generateKeyPairSync("rsa", { modulusLength: 2048 }),
  ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
  EdDSA: generateKeyPairSync("ed25519"),
} as const;
type Algorithm = keyof typeof kinds;

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

function makeToken(algorithm: Algorithm, serial: number): string {
  const exp = Math.floor(Date.now() / 1000) + 3_600;
  const claims = {
    iss: "https://id.example",
    sub: `user-${serial}`,
    aud: ["shop", "account"],
    exp,
    iat: exp - 3_600,
    jti: "0f5f1e7e-7a3d-4a0e-a8a1-3f9b6c1f7d52",
    scope: "openid profile orders:read orders:write",
    realm_access: { roles: ["clerk", "offline_access", "default-roles-shop"] },
    email: "alice@shop.example",
  };
  const input = `${encode({ alg: algorithm, kid: algorithm, typ: "JWT" })}.${encode(claims)}`;
  const key = kinds[algorithm].privateKey;
  const hash = algorithm === "EdDSA" ? null : "sha256";
  return `${input}.${sign(hash, Buffer.from(input), { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

const jwks = Object.entries(kinds).map(([kid, { publicKey }]) => ({
  kid,
  algorithms: [kid],
  jwk: { ...publicKey.export({ format: "jwk" }) },
}));

const context: FilterContext = {
  clock: systemClock,
  random: seededRandom(1),
  reserveSlot: () => 0,
  call: () => {
    throw new Error("not here");
  },
  data: () => ({ value: { keys: jwks }, version: 1 }),
  notify: () => {},
  count: () => {},
} as unknown as FilterContext;

const chain: readonly Filter[] = [
  jwt.create(
    {
      issuers: [
        {
          issuer: "https://id.example",
          keySet: "keys",
          isRemote: false,
          algorithms: Object.keys(kinds),
          audiences: ["shop"],
          types: ["", "jwt"],
          requiredClaims: [],
          clockSkewMs: 30_000,
          from: [{ in: "header", name: "authorization", prefix: "Bearer " }],
          claimHeaders: [{ claim: ["sub"], header: "x-user" }],
          forwards: true,
        },
      ],
    },
    context,
  ),
  authentication.create({ allowsAnonymous: false }, context),
];

const match = { listener: "", listenerIndex: -1, route: "", rule: "", routeIndex: -1 };

/** A head as the HTTP/1.1 codec makes it: the text, and where the fields are. */
function visit(line: string, spans: readonly number[]): void {
  const fields = new Fields(line, spans.slice());
  const head = new RequestHead("GET", "https", "shop.example", "/", "", fields);
  const exchange = new Exchange(head, IN_PROCESS_PEER, match, 0);
  for (const filter of chain) if (filter.requestHead!(exchange) !== undefined) throw new Error("refused");
}

const lineOf = (token: string): string =>
  Buffer.from(`Authorization: Bearer ${token}\r\n`).toString("latin1");
const spansOf = (line: string): number[] => [NAME.AUTHORIZATION, 0, 13, 15, line.length - 2];

function measure(batch: number, run: (at: number) => void): number {
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS + WARM_UP; round++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < batch; i++) run(round * batch + i);
    const ns = Number(process.hrtime.bigint() - start) / batch;
    if (round >= WARM_UP) rounds.push(ns);
  }
  return median(rounds);
}

for (const algorithm of Object.keys(kinds) as Algorithm[]) {
  const known = lineOf(makeToken(algorithm, 0));
  const spans = spansOf(known);
  const knownNs = measure(BATCH, () => visit(known, spans));

  const batch = 150;
  const fresh = Array.from({ length: batch * (ROUNDS + WARM_UP) }, (_, at) => makeToken(algorithm, at + 1));
  const lines = fresh.map(lineOf);
  const freshNs = measure(batch, (at) => visit(lines[at]!, spansOf(lines[at]!)));

  const key = await importJWK({ ...kinds[algorithm].publicKey.export({ format: "jwk" }) }, algorithm);
  const options = { issuer: "https://id.example", audience: "shop" };
  const rounds: number[] = [];
  const cpu: number[] = [];
  for (let round = 0; round < ROUNDS + WARM_UP; round++) {
    const before = process.cpuUsage();
    const start = process.hrtime.bigint();
    for (let i = 0; i < batch; i++) await jwtVerify(fresh[round * batch + i]!, key, options);
    const ns = Number(process.hrtime.bigint() - start) / batch;
    const { user, system } = process.cpuUsage(before);
    if (round >= WARM_UP) {
      rounds.push(ns);
      cpu.push(((user + system) * 1_000) / batch);
    }
  }
  const us = (ns: number) => (ns / 1_000).toFixed(2);
  console.log(
    `${algorithm}: remembered ${us(knownNs)} µs, anew ${us(freshNs)} µs; jose ${us(median(rounds))} µs, ${us(median(cpu))} µs of CPU; token ${fresh[0]!.length} characters`,
  );
}
