import { parseOrigin } from "../filters/cors-origin.ts";
import { makeFinding } from "../io/status.ts";
import type { Member } from "./member.ts";

/** Requests that pages of other sites have browsers send. */
export const csrfMember: Member<"csrf"> = ({ mode, allowedOrigins, withoutOrigin }) => {
  if (mode === "Off") return null;
  const parsed = allowedOrigins.map(parseOrigin);
  const config = {
    allowedOrigins: parsed.filter((one) => one !== null),
    withoutOrigin: withoutOrigin === "Allow" ? ("allow" as const) : ("refuse" as const),
  };
  return {
    filters: [{ stage: "early-limits", spec: { name: "csrf", config } }],
    findings: parsed.flatMap((one, index) => {
      const message = `${JSON.stringify(allowedOrigins[index])} has no port from 1 to 65535`;
      return one === null
        ? [makeFinding("UnsupportedValue", `spec.csrf.allowedOrigins[${index}]`, message)]
        : [];
    }),
  };
};
