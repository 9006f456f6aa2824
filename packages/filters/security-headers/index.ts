/** Response headers by which browsers protect a site's users. */
export { securityHeaders } from "./filter.ts";
export type { SecurityHeader, SecurityHeadersConfig } from "./config.ts";
