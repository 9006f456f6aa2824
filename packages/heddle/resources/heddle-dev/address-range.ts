import { text } from "../schema/build.ts";
import { isIpAddress } from "../schema/format.ts";
import { rule } from "../schema/rule.ts";

/** An address, or one with the length of a prefix. */
export function isAddressRange(range: string): boolean {
  const [address = "", prefix, ...more] = range.split("/");
  if (!isIpAddress(address) || more.length > 0) return false;
  if (prefix === undefined) return true;
  return /^(0|[1-9]\d{0,2})$/.test(prefix) && Number(prefix) <= (address.includes(":") ? 128 : 32);
}

export const addressRangeMessage =
  "must be an IP address or a CIDR range, such as 10.0.0.7, 10.0.0.0/8 or 2001:db8::/32";

export const addressRange = text({
  maxLength: 49,
  rules: [rule<string>("address-range-valid", addressRangeMessage, isAddressRange)],
});
