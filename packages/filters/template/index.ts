/** Texts with values of the request, the response and the caller in them, from a closed list. */
export type { Template, TemplateSource, TemplateValue } from "./config.ts";
export { renderTemplate } from "./render.ts";
export type { TemplateScope } from "./render.ts";
export { decodePart } from "./query-value.ts";
export { titleOf } from "./title-of.ts";
export { asItIs, escapeHtml, escapeJsonText, escapePlain, escapeUri } from "./escape.ts";
