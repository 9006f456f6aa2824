import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  validateResource,
  type ConfigMap,
  type EndpointSlice,
  type Namespace,
  type Secret,
  type Service,
} from "../index.ts";

function validate(kind: string, fields: object) {
  const apiVersion = kind === "EndpointSlice" ? "discovery.k8s.io/v1" : "v1";
  return validateResource({ apiVersion, kind, metadata: { name: "a" }, ...fields });
}

function ruleOf(kind: string, fields: object): string | undefined {
  return validate(kind, fields).problems[0]?.rule;
}

describe("Service", () => {
  const service = (spec: object) => validate("Service", { spec });

  test("has defaults", () => {
    const { resource } = service({ ports: [{ port: 80, targetPort: "http" }] });
    assert.deepEqual((resource as Service).spec, {
      ports: [{ port: 80, targetPort: "http", protocol: "TCP" }],
      type: "ClusterIP",
    });
  });

  test("has ports, unless it is headless or external", () => {
    assert.equal(ruleOf("Service", { spec: {} }), "service-has-ports");
    assert.ok(service({ clusterIP: "None" }).resource);
    assert.ok(service({ type: "ExternalName", externalName: "a.b" }).resource);
    assert.equal(ruleOf("Service", { spec: { type: "ExternalName" } }), "external-name-given");
  });

  test("has ports that can be told apart", () => {
    const rule = (...ports: object[]) => ruleOf("Service", { spec: { ports } });
    assert.equal(rule({ port: 1 }, { port: 2 }), "ports-named");
    assert.equal(rule({ name: "a", port: 1 }, { name: "a", port: 2 }), "port-name-unique");
    assert.equal(rule({ name: "a", port: 1 }, { name: "b", port: 1 }), "port-number-unique");
    assert.equal(rule({ name: "a", port: 1 }, { name: "b", port: 1, protocol: "UDP" }), undefined);
  });

  test("has target ports that are numbers or names", () => {
    const rule = (targetPort: unknown) => ruleOf("Service", { spec: { ports: [{ port: 1, targetPort }] } });
    for (const good of [1, 65535, "http", "a-1"]) assert.equal(rule(good), undefined, String(good));
    for (const bad of [0, 65536, "", "80", "A", "a--b", "x".repeat(16)])
      assert.equal(rule(bad), "target-port-valid", String(bad));
    assert.equal(service({ ports: [{ port: 1, targetPort: true }] }).resource, undefined);
  });
});

describe("EndpointSlice", () => {
  test("has defaults", () => {
    const { resource } = validate("EndpointSlice", { addressType: "IPv4", ports: [{ port: 1 }] });
    const { endpoints, ports } = resource as EndpointSlice;
    assert.deepEqual([endpoints, ports], [[], [{ name: "", port: 1, protocol: "TCP" }]]);
  });

  test("has addresses of its type", () => {
    const path = (addressType: string, address: string) =>
      validate("EndpointSlice", { addressType, endpoints: [{ addresses: [address] }] }).problems[0]?.path;
    const good = [
      ["IPv4", "127.0.0.1"],
      ["IPv6", "::1"],
      ["FQDN", "a.example.com"],
    ] as const;
    for (const [type, address] of good) assert.equal(path(type, address), undefined);
    const bad = [
      ["IPv4", "::1"],
      ["IPv4", "1.2.3"],
      ["IPv6", "127.0.0.1"],
      ["IPv6", "fe80::1%eth0"],
      ["FQDN", "A_b"],
    ] as const;
    for (const [type, address] of bad) assert.equal(path(type, address), "endpoints[0].addresses[0]");
    assert.equal(path("DNS", "a"), "addressType");
  });

  test("has ports of different names", () => {
    assert.equal(
      ruleOf("EndpointSlice", { addressType: "IPv4", ports: [{ port: 1 }, { port: 2 }] }),
      "endpoint-port-name-unique",
    );
  });
});

describe("Secret", () => {
  test("keeps stringData as data, which it wins over", () => {
    const { resource } = validate("Secret", { data: { a: "YQ==", b: "Yg==" }, stringData: { a: "ä" } });
    const secret = resource as Secret;
    assert.deepEqual(secret.data, { a: Buffer.from("ä").toString("base64"), b: "Yg==" });
    assert.equal(secret.type, "Opaque");
    assert.ok(!("stringData" in secret));
  });

  test("has base64 under names of files", () => {
    assert.equal(ruleOf("Secret", { data: { a: "not base64!" } }), "data-base64");
    assert.equal(ruleOf("Secret", { data: { a: "YQ" } }), "data-base64");
    assert.ok(validate("Secret", { data: { a: "YWJj\nZGVm\n" } }).resource);
    for (const key of ["a/b", "..", "..a", ".", "", "a b"])
      assert.equal(ruleOf("Secret", { data: { [key]: "" } }), "data-keys-valid", key);
    assert.ok(validate("Secret", { data: { "tls.crt": "", _: "", constructor: "" } }).resource);
  });

  test("says where the problem is without showing the value", () => {
    const { problems } = validate("Secret", { data: { key: "hunter2!" } });
    assert.equal(problems[0]?.path, 'data["key"]');
    assert.ok(!JSON.stringify(problems).includes("hunter2"));
  });

  test("for TLS has a certificate and a key", () => {
    const type = "kubernetes.io/tls";
    assert.equal(ruleOf("Secret", { type, data: { "tls.crt": "" } }), "tls-secret-complete");
    assert.ok(validate("Secret", { type, data: { "tls.crt": "" }, stringData: { "tls.key": "" } }).resource);
  });

  test("is bounded", () => {
    const half = "x".repeat(600_000);
    assert.equal(ruleOf("Secret", { stringData: { a: half, b: half } }), "data-bounded");
    assert.ok(validate("Secret", { stringData: { a: half } }).resource);
  });
});

describe("ConfigMap", () => {
  test("has text in data and base64 in binaryData", () => {
    const { resource } = validate("ConfigMap", { data: { "ca.crt": "text" }, binaryData: { b: "YQ==" } });
    assert.deepEqual((resource as ConfigMap).data, { "ca.crt": "text" });
    assert.equal(ruleOf("ConfigMap", { data: { a: "" }, binaryData: { a: "" } }), "data-or-binary-data");
    assert.equal(ruleOf("ConfigMap", { binaryData: { a: "!" } }), "data-base64");
    assert.equal(validate("ConfigMap", { data: { a: 1 } }).problems[0]?.path, "data.a");
  });
});

describe("Namespace", () => {
  test("needs no spec", () => {
    const { resource } = validate("Namespace", {});
    assert.deepEqual((resource as Namespace).metadata, { name: "a" });
  });
});
