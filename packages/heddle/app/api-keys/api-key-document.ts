import { Document, isMap, isScalar, parseAllDocuments, Scalar, YAMLMap } from "yaml";
import { apiKeysSecretType, parseApiKeyEntry } from "../../resources/index.ts";
import { timeText, type NewApiKey } from "./new-api-key.ts";

/** Where a key goes in a text of YAML documents. */
export interface ApiKeyPlace {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** When other keys of the consumer expire, unless they do sooner; 0: they stay as they are. */
  readonly retireOthersMs: number;
}

/**
 * The text with the key in its Secret of that name, or with such a Secret behind all else. What else is there stays as
 * it is written, comments too. Throws Error for a text that is no YAML.
 */
export function withApiKey(text: string, { id, entry }: NewApiKey, place: ApiKeyPlace): string {
  const documents = parseAllDocuments(text) as Document[];
  const broken = documents.find(({ errors }) => errors.length > 0);
  if (broken !== undefined) throw new Error(broken.errors[0]!.message);
  const found = documents.find((document) => isPlace(document, place));
  const secret = found ?? newSecret(place);
  if (place.retireOthersMs > 0) retireOthers(secret, entry.consumer, place.retireOthersMs);
  const value = new Scalar(JSON.stringify(entry));
  value.type = Scalar.QUOTE_SINGLE;
  secret.setIn(["stringData", id], value);
  const whole =
    found === undefined ? [...documents.filter(({ contents }) => contents !== null), secret] : documents;
  return whole.map((document) => document.toString({ lineWidth: 0 }).replace(/^---\n/, "")).join("---\n");
}

function isPlace(document: Document, { name, namespace }: ApiKeyPlace): boolean {
  const at = (...path: string[]): unknown => document.getIn(path);
  return (
    at("kind") === "Secret" &&
    at("type") === apiKeysSecretType &&
    at("metadata", "name") === name &&
    (at("metadata", "namespace") ?? "default") === namespace
  );
}

function newSecret({ name, namespace, labels }: ApiKeyPlace): Document {
  return new Document({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace, ...(Object.keys(labels).length > 0 && { labels }) },
    type: apiKeysSecretType,
    stringData: {},
  });
}

function retireOthers(secret: Document, consumer: string, atMs: number): void {
  const entries = secret.get("stringData");
  if (!isMap(entries)) return;
  for (const { value } of (entries as YAMLMap<unknown, unknown>).items) {
    if (!isScalar(value) || typeof value.value !== "string") continue;
    const entry = parseApiKeyEntry(value.value);
    if (typeof entry === "string" || entry.consumer !== consumer) continue;
    if (entry.expiresMs !== 0 && entry.expiresMs <= atMs) continue;
    const fields = JSON.parse(value.value) as object;
    value.value = JSON.stringify({ ...fields, expires: timeText(atMs) });
  }
}
