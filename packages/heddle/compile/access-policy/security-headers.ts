import type { SecurityHeader } from "@heddle/filters";
import type { Member } from "./member.ts";

/** Headers of responses by which browsers protect a site's users. */
export const securityHeadersMember: Member<"securityHeaders"> = (spec) => {
  const values: readonly (readonly [name: string, value: string])[] = [
    ["strict-transport-security", spec.strictTransportSecurity],
    ["x-content-type-options", spec.contentTypeOptions],
    ["x-frame-options", spec.frameOptions],
    ["content-security-policy", spec.contentSecurityPolicy],
    ["referrer-policy", spec.referrerPolicy],
    ["permissions-policy", spec.permissionsPolicy],
    ["cross-origin-opener-policy", spec.crossOriginOpenerPolicy],
    ["cross-origin-resource-policy", spec.crossOriginResourcePolicy],
  ];
  const headers = values.flatMap(([name, value]): SecurityHeader[] =>
    value === ""
      ? []
      : [
          {
            name,
            value,
            onlyHttps: name === "strict-transport-security",
            keepsExisting: spec.existing === "Keep",
          },
        ],
  );
  const remove = [...new Set(spec.remove.map((name) => name.toLowerCase()))];
  if (headers.length + remove.length === 0) return null;
  return {
    filters: [{ stage: "responses", spec: { name: "security-headers", config: { headers, remove } } }],
  };
};
