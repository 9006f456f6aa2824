/** Who a client is by the certificate of its connection. */
export { clientCertificate } from "./filter.ts";
export type { CertificateMatch, ClientCertificateConfig } from "./config.ts";
