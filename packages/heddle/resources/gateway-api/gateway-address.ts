import type { Static } from "typebox";
import { optional, refine, struct, text, withDefault } from "../schema/build.ts";
import { isIpAddress } from "../schema/format.ts";
import { rule, type Rule, unique } from "../schema/rule.ts";

interface Address {
  type: string;
  value?: string;
}

const hostnamePattern = "^(\\*\\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
const hostnameExpression = new RegExp(hostnamePattern);

function hostnameRule(what: string): Rule {
  return rule<Address>(
    "hostname-address-valid",
    `Hostname value must ${what} valid characters (matching ${hostnamePattern})`,
    (self) => self.type !== "Hostname" || self.value === undefined || hostnameExpression.test(self.value),
  );
}

/** In the CRD a `oneOf` with the formats ipv4 and ipv6. */
const ipAddressRule = rule<Address>(
  "ip-address-valid",
  "value must be an IPv4 or IPv6 address when type is IPAddress",
  (self) => self.type !== "IPAddress" || self.value === undefined || isIpAddress(self.value),
);

const addressType = text({
  minLength: 1,
  maxLength: 253,
  // Only its first alternative is anchored, in the CRD as well.
  pattern:
    "^Hostname|IPAddress|NamedAddress|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\\/[A-Za-z0-9\\/\\-._~%!$&'()*+,;=:]+$",
  description: "an address type: IPAddress, Hostname, or one with a domain such as example.com/pool",
});

const addressValue = text({ maxLength: 253, description: "an address" });

/** An address that a Gateway asks for. */
export const gatewaySpecAddressSchema = struct(
  { type: withDefault(addressType, "IPAddress"), value: optional(addressValue) },
  { rules: [ipAddressRule, hostnameRule("be empty or contain only")] },
);
export type GatewaySpecAddress = Static<typeof gatewaySpecAddressSchema>;

/** An address that a Gateway has. */
export const gatewayStatusAddressSchema = struct(
  { type: withDefault(addressType, "IPAddress"), value: refine(addressValue, { minLength: 1 }) },
  { rules: [ipAddressRule, hostnameRule("only contain")] },
);
export type GatewayStatusAddress = Static<typeof gatewayStatusAddressSchema>;

function valuesUnique(type: string): Rule {
  return unique<Address>(`${type}-address-unique`, `${type} values must be unique`, (address) =>
    address.type === type ? address.value : undefined,
  );
}

export const addressRules: Rule[] = [valuesUnique("IPAddress"), valuesUnique("Hostname")];
