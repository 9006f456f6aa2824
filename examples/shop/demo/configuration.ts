import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Certificate } from "./certificate.ts";

/** The ports that the files in `heddle/` name; each number stands there for one thing only. */
export const filePorts = {
  http: 8080,
  https: 8443,
  tcp: 8090,
  storefront: 4101,
  "catalog-v1": 4102,
  "catalog-v2": 4103,
  orders: 4104,
  payments: 4105,
  audit: 4106,
  stock: 4107,
  prices: 4108,
};

export type ShopPorts = typeof filePorts;

/** Writes the configuration into `target`: the files of `source` with these ports, and the certificate's Secret. */
export function writeConfiguration(
  source: string,
  target: string,
  ports: ShopPorts,
  certificate: Certificate,
): void {
  mkdirSync(target, { recursive: true });
  for (const name of readdirSync(source).filter((name) => name.endsWith(".yaml"))) {
    writeFileSync(
      path.join(target, name),
      replacePorts(readFileSync(path.join(source, name), "utf8"), ports),
    );
  }
  writeFileSync(path.join(target, "certificate.yaml"), formatSecret(certificate), { mode: 0o600 });
}

/** Replaces every port of `filePorts`, and the page's two origins, which leave a default port out. */
export function replacePorts(text: string, ports: ShopPorts): string {
  const byNumber = new Map(
    Object.entries(filePorts).map(([name, port]) => [String(port), String(ports[name as keyof ShopPorts])]),
  );
  return text
    .replaceAll(shopOrigin("http", filePorts.http), shopOrigin("http", ports.http))
    .replaceAll(shopOrigin("https", filePorts.https), shopOrigin("https", ports.https))
    .replace(/(?<!localhost:)\b\d{4}\b/g, (number) => byNumber.get(number) ?? number);
}

/** The page's origin as a browser sends it: `http://shop.localhost:8080`, without the port when it is the default. */
export function shopOrigin(scheme: "http" | "https", port: number): string {
  return new URL(`${scheme}://shop.localhost:${port}`).origin;
}

function formatSecret({ certificatePem, privateKeyPem }: Certificate): string {
  return `apiVersion: v1
kind: Secret
metadata:
  name: shop-certificate
  namespace: shop
type: kubernetes.io/tls
data:
  tls.crt: ${Buffer.from(certificatePem).toString("base64")}
  tls.key: ${Buffer.from(privateKeyPem).toString("base64")}
`;
}
