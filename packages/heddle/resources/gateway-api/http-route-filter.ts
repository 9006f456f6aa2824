import type { Static } from "typebox";
import { choice, list, optional, struct, withDefault } from "../schema/build.ts";
import { rule } from "../schema/rule.ts";
import { notRepeated, settingsRules } from "./filter-rules.ts";
import { httpCorsFilterSchema } from "./http-cors-filter.ts";
import { httpExternalAuthFilterSchema } from "./http-external-auth-filter.ts";
import { headerFilterSchema } from "./http-header.ts";
import { httpPathModifierSchema } from "./http-path-modifier.ts";
import { portNumber, preciseHostname } from "./names.ts";
import { localReferenceSchema } from "./reference.ts";
import { requestMirrorSchema } from "./request-mirror.ts";

/** Answers with a redirect; parts that are not given stay as in the request. */
const httpRequestRedirectSchema = struct({
  hostname: optional(preciseHostname),
  path: optional(httpPathModifierSchema),
  port: optional(portNumber),
  scheme: optional(choice(["http", "https"])),
  statusCode: withDefault(choice([301, 302, 303, 307, 308]), 302),
});
export type HTTPRequestRedirectFilter = Static<typeof httpRequestRedirectSchema>;

/** Changes host or path of the request before it is forwarded. */
const httpUrlRewriteSchema = struct({
  hostname: optional(preciseHostname),
  path: optional(httpPathModifierSchema),
});
export type HTTPURLRewriteFilter = Static<typeof httpUrlRewriteSchema>;

/** One step in the processing of a request; its settings are in the field that its type names. */
const httpRouteFilterSchema = struct(
  {
    cors: optional(httpCorsFilterSchema),
    extensionRef: optional(localReferenceSchema),
    externalAuth: optional(httpExternalAuthFilterSchema),
    requestHeaderModifier: optional(headerFilterSchema),
    requestMirror: optional(requestMirrorSchema),
    requestRedirect: optional(httpRequestRedirectSchema),
    responseHeaderModifier: optional(headerFilterSchema),
    type: choice([
      "RequestHeaderModifier",
      "ResponseHeaderModifier",
      "RequestMirror",
      "RequestRedirect",
      "URLRewrite",
      "ExtensionRef",
      "CORS",
      "ExternalAuth",
    ]),
    urlRewrite: optional(httpUrlRewriteSchema),
  },
  {
    rules: settingsRules({
      RequestHeaderModifier: "requestHeaderModifier",
      ResponseHeaderModifier: "responseHeaderModifier",
      RequestMirror: "requestMirror",
      RequestRedirect: "requestRedirect",
      URLRewrite: "urlRewrite",
      ExtensionRef: "extensionRef",
      CORS: "cors",
      ExternalAuth: "externalAuth",
    }),
  },
);
export type HTTPRouteFilter = Static<typeof httpRouteFilterSchema>;

/** The filters of a rule or of one of its backends. */
export const httpRouteFilters = list(httpRouteFilterSchema, {
  maxItems: 16,
  rules: [
    rule<{ type: string }[]>(
      "redirect-or-rewrite",
      "May specify either httpRouteFilterRequestRedirect or httpRouteFilterRequestRewrite, but not both",
      (self) =>
        !self.some((filter) => filter.type === "RequestRedirect") ||
        !self.some((filter) => filter.type === "URLRewrite"),
    ),
    notRepeated("CORS"),
    notRepeated("RequestHeaderModifier"),
    notRepeated("ResponseHeaderModifier"),
    notRepeated("RequestRedirect"),
    notRepeated("URLRewrite"),
  ],
});
