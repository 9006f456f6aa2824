/** Whose a credential is, until when, and what it is good for: what entries of all kinds of credentials have. */
export interface CredentialOwner {
  readonly consumer: string;
  readonly scopes: readonly string[];
  /** Milliseconds since the epoch; 0 for never. */
  readonly expiresMs: number;
  readonly metadata: Readonly<Record<string, string>>;
}

type Loose = Readonly<Record<string, unknown>>;

/** RFC 6749 section 3.3: visible ASCII without quotes and backslashes. */
const scope = /^[!#-[\]-~]{1,256}$/;
const claimName = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;
const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;
/** No controls: it becomes a principal, which is logged. */
// oxlint-disable-next-line no-control-regex
const plain = /^[^\u0000-\u001f\u007f]{1,256}$/;

/** Of the credential itself: no metadata gives it these. */
const reservedNames: readonly string[] = ["scope", "key_id"];

const ownerFields: readonly string[] = ["consumer", "scopes", "expires", "created", "metadata"];

/** The object that an entry is, or what is wrong with it. A field that nobody knows may be a misspelt `expires`. */
export function readEntryObject(text: string, fields: readonly string[]): Loose | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "is no JSON";
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "is no JSON object";
  const known = [...fields, ...ownerFields];
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  if (unknown !== undefined)
    return `has the unknown field ${JSON.stringify(unknown)}; there are ${known.join(", ")}`;
  return value as Loose;
}

/** Those fields, or what is wrong with one of them. */
export function readOwner({
  consumer,
  scopes = [],
  expires,
  created,
  metadata = {},
}: Loose): CredentialOwner | string {
  if (typeof consumer !== "string" || !plain.test(consumer))
    return "consumer must be a name of 1 to 256 characters";
  if (!Array.isArray(scopes) || !scopes.every((one) => typeof one === "string" && scope.test(one)))
    return 'scopes must be a list of names without blanks, such as ["orders:read"]';
  if (expires !== undefined && !isTime(expires))
    return 'expires must be a time such as "2027-01-31T00:00:00Z"';
  if (created !== undefined && !isTime(created))
    return 'created must be a time such as "2026-01-31T00:00:00Z"';
  if (!isMetadata(metadata))
    return `metadata must be an object of texts, with names of letters, digits, "_", "." and "-" other than ${reservedNames.join(" and ")}`;
  const expiresMs = expires === undefined ? 0 : Date.parse(expires as string);
  return { consumer, scopes: scopes as string[], expiresMs, metadata };
}

const isTime = (value: unknown): boolean =>
  typeof value === "string" && rfc3339.test(value) && Date.parse(value) > 0;

function isMetadata(value: unknown): value is Record<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(
    ([name, text]) =>
      claimName.test(name) && !reservedNames.includes(name) && typeof text === "string" && plain.test(text),
  );
}
