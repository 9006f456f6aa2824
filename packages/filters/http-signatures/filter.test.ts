import assert from "node:assert/strict";
import { constants, createHash, createHmac, generateKeyPairSync, sign } from "node:crypto";
import { createPublicKey } from "node:crypto";
import { test } from "node:test";
import { FakeClock } from "@heddle/testkit";
import { FilterRun, makeExchange, RecordingContext } from "../filter-run.suite.ts";
import type { RequestOptions } from "../filter-run.suite.ts";
import type { HttpSignaturesConfig, SignatureKey } from "./config.ts";
import { httpSignatures } from "./filter.ts";
import { createdSeconds, rfcKeys, rfcRequest, rfcResponseBase, rfcResponseSignature, rfcSignatures } from "./rfc9421.suite.ts"; // prettier-ignore
import { verifySignature } from "./verify-signature.ts";

const config: HttpSignaturesConfig = {
  keys: "signature-keys/test",
  components: [],
  tag: "",
  maxAgeMs: 300_000,
  clockSkewMs: 30_000,
  requiresNonce: false,
  contentDigest: "if-covered",
  maxBodyBytes: 1_048_576,
};

interface RunOptions {
  readonly change?: Partial<HttpSignaturesConfig>;
  readonly request?: RequestOptions;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
  readonly nowSeconds?: number;
  readonly keys?: readonly SignatureKey[];
  readonly context?: RecordingContext;
}

function run(signature: readonly [string, string] | null, options: RunOptions = {}) {
  const { change = {}, nowSeconds = createdSeconds + 60, keys = rfcKeys, body = rfcRequest.body } = options;
  const context = options.context ?? new RecordingContext();
  Object.assign(context, { clock: new FakeClock(nowSeconds * 1000) });
  context.data(config.keys).set({ keys });
  const own: (readonly [string, string])[] =
    signature === null ? [] : [["signature-input", signature[0]], ["signature", signature[1]]]; // prettier-ignore
  const { method, scheme, authority, target } = rfcRequest;
  const exchange = makeExchange({
    method,
    scheme,
    authority,
    target,
    bodyLength: body.length,
    ...options.request,
    headers: [...(options.headers ?? rfcRequest.headers), ...own],
  });
  const one = new FilterRun(httpSignatures, { ...config, ...change }, exchange, context);
  assert.equal(one.request(), undefined, "it never answers itself for a head");
  const { principal } = exchange.credentials!;
  const [event = ""] = context.events.slice(-1);
  const phase = one.filter.requestBody;
  assert.ok(phase?.mode === "buffer");
  const reply = phase.whole(exchange, Buffer.from(body));
  return { principal, event: principal === null ? event : "", reply };
}

for (const [section, signature] of Object.entries(rfcSignatures)) {
  test(`RFC 9421 appendix ${section}`, () => {
    const { principal, reply } = run(signature);
    const keyId = /keyid="([^"]+)"/.exec(signature[0])![1];
    assert.equal(principal?.subject, `owner of ${keyId}`);
    assert.deepEqual({ ...principal?.claims }, { plan: "gold", scope: "orders:read", key_id: keyId });
    assert.equal(reply, undefined);
  });
}

test("RFC 9421 appendix B.2.4, its base", () => {
  const { material } = rfcKeys.find(({ keyId }) => keyId === "test-key-ecc-p256")!;
  const signature = Buffer.from(rfcResponseSignature, "base64");
  const key = createPublicKey(material);
  assert.ok(verifySignature("ecdsa-p256-sha256", key, rfcResponseBase, signature));
  assert.ok(!verifySignature("ecdsa-p256-sha256", key, `${rfcResponseBase} `, signature));
});

test("appendix B.4: what a proxy may change keeps the signature, what it may not breaks it", () => {
  const signature = rfcSignatures["B.2.6"]!;
  const [date, type] = rfcRequest.headers;
  const good = (headers: readonly (readonly [string, string])[], request: RequestOptions = {}) =>
    run(signature, { headers, request }).principal !== null;
  assert.ok(good([type, ["x-other", "1"], date]));
  assert.ok(good([date, type], { authority: "example.com:443" }));
  assert.ok(good([date, type], { target: "/foo?other=query" }), "the query is not covered");
  assert.ok(!good([date, ["content-type", "text/plain"]]));
  assert.ok(!good([date, date, type]));
  assert.ok(!good([type]));
  assert.ok(!good([date, type], { method: "PUT" }));
  assert.ok(!good([date, type], { authority: "example.org" }));
  assert.ok(!good([date, type], { authority: "example.com:80" }));
  assert.ok(!good([date, type], { target: "/fo" }));
  assert.ok(!good([date, type], { bodyLength: 19 }));
});

const ed = generateKeyPairSync("ed25519");
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" });
const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" });
const pemOf = ({ publicKey }: { publicKey: ReturnType<typeof createPublicKey> }) =>
  publicKey.export({ type: "spki", format: "pem" }) as string;

const ownKey = (keyId: string, algorithm: SignatureKey["algorithm"], material: string): SignatureKey => ({
  keyId,
  algorithm,
  material,
  consumer: keyId,
  scopes: [],
  expiresMs: 0,
  metadata: {},
});
const secret = Buffer.alloc(32, 7);
const ownKeys: readonly SignatureKey[] = [
  ownKey("ed", "ed25519", pemOf(ed)),
  ownKey("pss", "rsa-pss-sha512", pemOf(rsa)),
  ownKey("v15", "rsa-v1_5-sha256", pemOf(rsa)),
  ownKey("p256", "ecdsa-p256-sha256", pemOf(p256)),
  ownKey("p384", "ecdsa-p384-sha384", pemOf(p384)),
  ownKey("hmac", "hmac-sha256", secret.toString("base64")),
  // A public key given as a secret, and keys of other types than their algorithm says.
  ownKey("confused", "hmac-sha256", Buffer.from(pemOf(rsa)).toString("base64")),
  ownKey("mistyped", "ed25519", pemOf(p256)),
  ownKey("curve", "ecdsa-p384-sha384", pemOf(p256)),
  ownKey("garbage", "ed25519", "no key"),
  { ...ownKey("old", "ed25519", pemOf(ed)), expiresMs: createdSeconds * 1000 },
];

const signers: Record<string, (base: string) => Buffer> = {
  ed: (base) => sign(null, Buffer.from(base), ed.privateKey),
  pss: (base) =>
    sign("sha512", Buffer.from(base), {
      key: rsa.privateKey,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: 64,
    }),
  v15: (base) => sign("sha256", Buffer.from(base), rsa.privateKey),
  p256: (base) => sign("sha256", Buffer.from(base), { key: p256.privateKey, dsaEncoding: "ieee-p1363" }),
  p384: (base) => sign("sha384", Buffer.from(base), { key: p384.privateKey, dsaEncoding: "ieee-p1363" }),
  hmac: (base) => createHmac("sha256", secret).update(base).digest(),
  confused: (base) => createHmac("sha256", pemOf(rsa)).update(base).digest(),
};

const lines: Record<string, string> = {
  '"@method"': "POST",
  '"@authority"': "example.com",
  '"@scheme"': "https",
  '"@path"': "/foo",
  '"@query"': "?param=Value&Pet=dog",
  '"@request-target"': "/foo?param=Value&Pet=dog",
  '"@target-uri"': "https://example.com/foo?param=Value&Pet=dog",
  '"@query-param";name="param"': "Value",
  '"content-type"': "application/json",
  '"content-digest"': rfcRequest.headers[2][1],
  '"content-digest";key="sha-512"': rfcRequest.headers[2][1].slice(8),
  '"content-type";bs': `:${Buffer.from("application/json").toString("base64")}:`,
  '"host"': "example.com",
};

/** A request signed as RFC 9421 has it. */
function signed(
  key: string,
  components: readonly string[] = ['"@method"', '"@target-uri"'],
  parameters = `;created=${createdSeconds};keyid="${key}"`,
  by: string = key,
): readonly [string, string] {
  const input = `(${components.join(" ")})${parameters}`;
  const base = [...components.map((one) => `${one}: ${lines[one] ?? "?"}`), `"@signature-params": ${input}`];
  return [`a=${input}`, `a=:${(signers[by] ?? signers["ed"]!)(base.join("\n")).toString("base64")}:`];
}

for (const key of ["ed", "pss", "v15", "p256", "p384", "hmac"]) {
  test(`a good signature by ${key} is its key's consumer's`, () => {
    const { principal } = run(signed(key), { keys: ownKeys });
    assert.equal(principal?.subject, key);
    assert.equal(principal?.method, "http-signatures");
  });
}

test("every component of a request can be covered", () => {
  assert.equal(run(signed("ed", Object.keys(lines)), { keys: ownKeys }).principal?.subject, "ed");
});

test("query parameters are decoded and encoded anew (section 2.2.8)", () => {
  const target =
    "/parameters?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something";
  const components = {
    '"@query-param";name="var"': "this%20is%20a%20big%0Amultiline%20value",
    '"@query-param";name="bar"': "with%20plus%20whitespace",
    '"@query-param";name="fa%C3%A7ade%22%3A%20"': "something",
  };
  Object.assign(lines, components);
  const signature = signed("ed", Object.keys(components));
  assert.ok(run(signature, { keys: ownKeys, request: { target } }).principal);
  const twice = `${target}&bar=x`;
  assert.equal(run(signature, { keys: ownKeys, request: { target: twice } }).event, "component");
});

const b = `;created=${createdSeconds};keyid="ed"`;
const [goodInput, goodSignature] = signed("ed");

test("forged and hostile signatures are refused, each for its reason", () => {
  const table: Record<string, [event: string, signature: readonly [string, string], options?: RunOptions]> = {
    "no signature to the input": ["malformed", [goodInput, ""]],
    "no input to the signature": ["malformed", ["", goodSignature]],
    "another label": ["malformed", [goodInput, goodSignature.replace("a=", "b=")]],
    "the label twice": ["malformed", [`${goodInput}, ${goodInput}`, goodSignature]],
    "the signature twice": ["malformed", [goodInput, `${goodSignature}, ${goodSignature}`]],
    "an input without a list": ["malformed", [`a="x"${b}`, goodSignature]],
    "a signature as text": ["malformed", [goodInput, 'a="AAAA"']],
    "a signature as a token": ["malformed", [goodInput, "a=AAAA"]],
    "no structured field": ["malformed", [`a=(@method)${b}`, goodSignature]],
    "nine signatures": [
      "malformed",
      [
        Array.from({ length: 9 }, (_, at) => goodInput.replace("a=", `a${at}=`)).join(", "),
        Array.from({ length: 9 }, (_, at) => goodSignature.replace("a=", `a${at}=`)).join(", "),
      ],
    ],
    "no key id": ["unknown-key", signed("ed", undefined, `;created=${createdSeconds}`)],
    "an unknown key": ["unknown-key", signed("ed", undefined, `;created=${createdSeconds};keyid="nobody"`)],
    "a key id that is a token": ["unknown-key", signed("ed", undefined, `;created=${createdSeconds};keyid=ed`)],
    "a key of the object prototype": ["unknown-key", signed("ed", undefined, `;created=${createdSeconds};keyid="__proto__"`)],
    "a key that is none": ["unknown-key", signed("garbage")],
    "a key of another type": ["unknown-key", signed("mistyped")],
    "a key of another curve": ["unknown-key", signed("curve", undefined, undefined, "p256")],
    "the algorithm of another key": ["algorithm", signed("ed", undefined, `${b};alg="rsa-pss-sha512"`)],
    "an algorithm none": ["algorithm", signed("ed", undefined, `${b};alg="none"`)],
    "an empty algorithm": ["algorithm", signed("ed", undefined, `${b};alg=""`)],
    "an algorithm that is a token": ["algorithm", signed("ed", undefined, `${b};alg=ed25519`)],
    "a public key used as a secret": ["algorithm", signed("pss", undefined, `;created=${createdSeconds};keyid="pss";alg="hmac-sha256"`, "confused")],
    "a public key used as a secret, unsaid": ["bad-signature", signed("pss", undefined, undefined, "confused")],
    "RSA's other padding": ["bad-signature", signed("pss", undefined, undefined, "v15")],
    "an expired key": ["expired-key", signed("old", undefined, undefined, "ed")],
    "no created": ["parameters", signed("ed", undefined, `;keyid="ed"`)],
    "created as text": ["parameters", signed("ed", undefined, `;created="${createdSeconds}";keyid="ed"`)],
    "created as a decimal": ["parameters", signed("ed", undefined, `;created=${createdSeconds}.0;keyid="ed"`)],
    "created as a date": ["parameters", signed("ed", undefined, `;created=@${createdSeconds};keyid="ed"`)],
    "expires as text": ["parameters", signed("ed", undefined, `${b};expires="9999999999"`)],
    "a nonce without end": ["parameters", signed("ed", undefined, `${b};nonce="${"n".repeat(257)}"`)],
    "too old": ["time", signed("ed"), { nowSeconds: createdSeconds + 331 }],
    "of the future": ["time", signed("ed"), { nowSeconds: createdSeconds - 31 }],
    "of the far future": ["time", signed("ed", undefined, `;created=999999999999999;keyid="ed"`)],
    "of before the epoch": ["time", signed("ed", undefined, `;created=-999999999999999;keyid="ed"`)],
    "expired": ["time", signed("ed", undefined, `${b};expires=${createdSeconds + 29}`)],
    "nothing covered": ["uncovered", signed("ed", []), { change: { components: ["@method"] } }],
    "one thing not covered": ["uncovered", signed("ed", ['"@method"']), { change: { components: ["@method", "@path"] } }],
    "a part of a field in place of it": ["uncovered", signed("ed", ['"content-type";bs']), { change: { components: ["content-type"] } }],
    "a body without its digest": ["uncovered", signed("ed"), { change: { contentDigest: "required" } }],
    "a body of unknown length without": ["uncovered", signed("ed"), { change: { contentDigest: "required" }, request: { bodyLength: -1 } }],
    "a field that is not there": ["component", signed("ed", ['"x-missing"'])],
    "one that is derived of nothing": ["component", signed("ed", ['"@unknown"'])],
    "the status of a request": ["component", signed("ed", ['"@status"'])],
    "a component twice": ["component", signed("ed", ['"@method"', '"@method"'])],
    "a name in capitals": ["component", signed("ed", ['"Content-Type"'])],
    "a token as a component": ["component", signed("ed", ["content-type"])],
    "a component of the request of a response": ["component", signed("ed", ['"@method";req'])],
    "a trailer": ["component", signed("ed", ['"content-type";tr'])],
    "a field as one type": ["component", signed("ed", ['"content-type";sf'])],
    "a member that is not there": ["component", signed("ed", ['"x-list";key="md5"']), { headers: [["x-list", "a=1"]] }],
    "a field that is there as two": ["component", signed("ed", ['"@query-param"'])],
    "an empty signature": ["bad-signature", [goodInput, "a=::"]],
    "a zero signature": ["bad-signature", [goodInput, `a=:${Buffer.alloc(64).toString("base64")}:`]],
    "one cut short": ["bad-signature", [goodInput, `a=:${Buffer.from(goodSignature.slice(3, -1), "base64").subarray(1).toString("base64")}:`]],
    "one of another time": ["bad-signature", [goodInput.replace(String(createdSeconds), String(createdSeconds + 1)), goodSignature]],
    "one with a parameter more": ["bad-signature", [`${goodInput};tag="x"`, goodSignature]],
    "one with parameters in another order": ["bad-signature", [`a=("@method" "@target-uri");keyid="ed";created=${createdSeconds}`, goodSignature]],
    "one with components in another order": ["bad-signature", [`a=("@target-uri" "@method")${b}`, goodSignature]],
    "one with a component less": ["bad-signature", [`a=("@method")${b}`, goodSignature]],
    "one of another method": ["bad-signature", signed("ed"), { request: { method: "DELETE" } }],
    "one of another scheme": ["bad-signature", signed("ed"), { request: { scheme: "http" } }],
    "one of another query": ["bad-signature", signed("ed"), { request: { target: "/foo?param=Value" } }],
    "an ECDSA zero signature": ["bad-signature", [signed("p256")[0], `a=:${Buffer.alloc(64).toString("base64")}:`]],
    "an ECDSA signature in DER": ["bad-signature", [signed("p256")[0], `a=:${sign("sha256", Buffer.from("x"), p256.privateKey).toString("base64")}:`]],
    "a digest that cannot be read": ["digest", signed("ed", ['"content-digest"']), { headers: [["content-digest", "sha-512=x"]] }],
    "a digest by MD5 alone, as a member": ["digest", signed("ed", ['"content-digest";key="md5"']), { headers: [["content-digest", "md5=:AAAA:"]] }],
    "a digest by MD5 alone": ["digest", signed("ed", ['"content-digest"']), { headers: [["content-digest", "md5=:AAAA:"]] }],
  }; // prettier-ignore
  for (const [title, [event, signature, options = {}]] of Object.entries(table)) {
    const found = run(signature, { keys: ownKeys, ...options });
    assert.equal(found.principal, null, title);
    assert.equal(found.event, event, title);
  }
});

test("without a signature nobody is refused yet, and nobody known", () => {
  assert.deepEqual(run(null), { principal: null, event: "", reply: undefined });
});

test("while there are no keys none is known", () => {
  assert.equal(run(signed("ed"), { keys: [] }).event, "unknown-key");
});

test("other signatures are for others: the first by a known key, and with the tag, counts", () => {
  const [input, signature] = signed("ed", undefined, `${b};tag="shop"`);
  const [otherInput, otherSignature] = signed("ed", undefined, `;created=${createdSeconds};keyid="proxy"`);
  const both = [
    `${otherInput.replace("a=", "p=")}, ${input}`,
    `${otherSignature.replace("a=", "p=")}, ${signature}`,
  ] as const;
  assert.ok(run(both, { keys: ownKeys }).principal);
  assert.ok(run(both, { keys: ownKeys, change: { tag: "shop" } }).principal);
  assert.equal(run(both, { keys: ownKeys, change: { tag: "bank" } }).event, "unknown-key");
});

test("a covered body is what its digest says, or is not passed on", () => {
  const components = ['"@method"', '"content-digest"'];
  const change = { contentDigest: "required", components: ["@method"] } as const;
  const good = run(signed("ed", components), { keys: ownKeys, change });
  assert.ok(good.principal);
  assert.equal(good.reply, undefined);
  const forged = run(signed("ed", components), { keys: ownKeys, change, body: '{"hello": "w0rld"}' });
  assert.equal((forged.reply as { status: number }).status, 401);
  const empty = run(signed("ed", components), { keys: ownKeys, change, body: "" });
  assert.equal(empty.event, "digest");
});

test("each of several digests has to be right", () => {
  const body = "x";
  const sha256 = `sha-256=:${createHash("sha256").update(body).digest("base64")}:`;
  const wrong = `sha-512=:${Buffer.alloc(64).toString("base64")}:`;
  for (const [value, status] of [
    [sha256, undefined],
    [`md5=:AAAA:, ${sha256}`, undefined],
    [`${sha256}, ${wrong}`, 401],
    [wrong, 401],
  ] as const) {
    lines['"content-digest"'] = value;
    const { reply } = run(signed("ed", ['"content-digest"']), {
      keys: ownKeys,
      headers: [["content-digest", value]],
      body,
    });
    assert.equal((reply as { status: number } | undefined)?.status, status, value);
  }
});

test("a digest that is covered as a member, or octet by octet, is held to as well", () => {
  const body = "x";
  const ofBody = (algorithm: "sha256" | "sha512", text: string) =>
    `:${createHash(algorithm).update(text).digest("base64")}:`;
  const other = `sha-512=${ofBody("sha512", "other")}`;
  const good = `sha-256=${ofBody("sha256", body)}`;
  const [bytes, key] = ['"content-digest";bs', '"content-digest";key="sha-256"'];
  const ask = (component: string, value: string, sent: string) => {
    lines[bytes] = `:${Buffer.from(value).toString("base64")}:`;
    lines[key] = value.slice("sha-256=".length).split(",")[0]!;
    const change = { contentDigest: "required" } as const;
    const { principal, reply } = run(signed("ed", [component]), {
      keys: ownKeys,
      change,
      headers: [["content-digest", value]],
      body: sent,
    });
    assert.ok(principal, `${component} ${value}`);
    return (reply as { status: number } | undefined)?.status;
  };
  for (const component of [bytes, key]) {
    assert.equal(ask(component, good, body), undefined);
    assert.equal(ask(component, good, "other"), 401);
  }
  // What nobody signed says nothing, for or against.
  assert.equal(ask(key, `${good}, ${other}`, body), undefined);
  assert.equal(ask(key, `${good}, ${other}`, "other"), 401);
});

test("a nonce is taken once, by its key, and only with a good signature", () => {
  const context = new RecordingContext();
  const change = { requiresNonce: true };
  const ask = (key: string, nonce: string, isForged = false) => {
    const [input, signature] = signed(key, undefined, `;created=${createdSeconds};keyid="${key}";nonce="${nonce}"`);
    const sent = isForged ? ([input, `a=:${Buffer.alloc(64).toString("base64")}:`] as const) : ([input, signature] as const);
    return run(sent, { keys: ownKeys, change, context }).event || "good";
  }; // prettier-ignore
  assert.equal(ask("ed", "one", true), "bad-signature");
  assert.equal(ask("ed", "one"), "good");
  assert.equal(ask("ed", "one"), "replay");
  assert.equal(ask("ed", "two"), "good");
  assert.equal(ask("p256", "one"), "good");
  assert.equal(run(signed("ed"), { keys: ownKeys, change, context }).event, "parameters");
  assert.equal(ask("ed", ""), "parameters");
});
