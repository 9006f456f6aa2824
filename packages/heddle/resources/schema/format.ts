import { isIPv4, isIPv6 } from "node:net";

type Format = { holds(value: unknown): boolean; form: string };

const dateTime = /^(\d{4})-(\d\d)-(\d\d)[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** The formats that API servers check, by the names they have in OpenAPI. */
const formats: Readonly<Record<string, Format>> = {
  int32: range(-(2 ** 31), 2 ** 31 - 1, "a 32-bit integer"),
  int64: range(-(2 ** 63), 2 ** 63 - 1, "a 64-bit integer"),
  "date-time": { holds: isDateTime, form: "a time such as 2026-01-31T12:00:00Z" },
};

/** What a value of the format looks like, where `value` is none; undefined where it is or the format is not known. */
export function formatMismatch(format: string, value: unknown): string | undefined {
  const known = Object.hasOwn(formats, format) ? formats[format] : undefined;
  return known === undefined || known.holds(value) ? undefined : known.form;
}

/** True for an IPv4 or IPv6 address without a zone. */
export function isIpAddress(value: string): boolean {
  return isIPv4(value) || (isIPv6(value) && !value.includes("%"));
}

function range(low: number, high: number, form: string): Format {
  return { holds: (value) => typeof value === "number" && value >= low && value <= high, form };
}

function isDateTime(value: unknown): boolean {
  return typeof value === "string" && dateTime.test(value) && !Number.isNaN(Date.parse(value));
}
