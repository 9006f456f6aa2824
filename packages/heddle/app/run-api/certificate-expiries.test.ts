import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import type { ListenerUnit, SecretUnit, ServerSpec } from "@heddle/engine/model";
import { makeCertificateAuthority } from "@heddle/testkit";
import { hashUnit } from "../../compile/index.ts";
import { certificateExpiries } from "./certificate-expiries.ts";

const server = (id: string, certificates: string[] | null): ServerSpec => ({
  id,
  hostname: "",
  tls: certificates && { certificates, minVersion: "TLSv1.2", alpn: [] },
});
const listener = (...servers: ServerSpec[]) =>
  hashUnit({ kind: "listener", servers } as unknown as ListenerUnit);

test("the end of each certificate, once for each listener that shows it", async () => {
  const authority = await makeCertificateAuthority();
  const { cert, key } = await authority.issue({ names: ["a.test"] });
  const secret: SecretUnit = {
    kind: "secret",
    name: "shop/a",
    certificatePem: cert,
    privateKeyPem: key,
    dnsNames: ["a.test"],
  };
  const units = [
    listener(server("shop/web/https", ["shop/a", "shop/gone"]), server("shop/web/http", null)),
    listener(server("shop/web/https", ["shop/a"]), server("shop/other/https", ["shop/a"])),
    hashUnit(secret),
    hashUnit({ ...secret, name: "shop/unused" }),
  ];
  const notAfterMs = Date.parse(new X509Certificate(cert).validTo);
  assert.deepEqual(certificateExpiries(units), [
    { listener: "shop/web/https", certificate: "shop/a", notAfterMs },
    { listener: "shop/other/https", certificate: "shop/a", notAfterMs },
  ]);
});
