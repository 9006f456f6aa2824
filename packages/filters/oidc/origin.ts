import type { RequestHead } from "@heddle/engine/message";
import type { OidcConfig } from "./config.ts";

/** Where the browser sees this. */
export function originOf({ origin }: OidcConfig, { scheme, authority }: RequestHead): string {
  return origin === "" ? `${scheme}://${authority}` : origin;
}

export const isSecureOrigin = (config: OidcConfig, request: RequestHead): boolean =>
  originOf(config, request).startsWith("https://");
