/**
 * What filters look up by name while they run: credentials, key sets, documents. It changes without the routes whose
 * filters read it being built anew, and travels once however many they are. Plain data; it may hold secrets, so it is
 * neither logged nor explained.
 */
export interface DataUnit {
  readonly kind: "data";
  readonly name: string;
  readonly value: unknown;
}
