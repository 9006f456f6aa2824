/**
 * The HTTP API of a running Heddle: resources in Kubernetes' REST form, read only in this version, health, metrics,
 * and a page for people. Not the request path: it stands on `node:http`, on loopback only.
 */
export { openApi } from "./open-api.ts";
export type { Api, ApiFacts, ApiOptions } from "./open-api.ts";
export { formatApiAddress, parseApiAddress } from "./api-address.ts";
export type { ApiAddress } from "./api-address.ts";
export type { PageEndpoint, PageListener, PageModel, PageRoute } from "./status-page.ts";
