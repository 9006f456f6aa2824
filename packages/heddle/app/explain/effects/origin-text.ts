import type { CorsOrigin } from "@heddle/filters";

/** An allowed origin as it was written. */
export function originText({ scheme, match, host, port }: CorsOrigin): string {
  const before = scheme === "" ? "" : `${scheme}://`;
  return `${before}${match === "suffix" ? "*" : ""}${host}${port === 0 ? "" : `:${port}`}`;
}
