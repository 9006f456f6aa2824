import type { BareItem, InnerList, Item, Parameters } from "./types.ts";

/** As RFC 9651 section 4.1 writes it: one text for each value. */
export function serializeMember(member: Item | InnerList): string {
  if (member.type === "item") return serializeBare(member.bare) + serializeParameters(member.parameters);
  return `(${member.items.map(serializeMember).join(" ")})${serializeParameters(member.parameters)}`;
}

export function serializeParameters(parameters: Parameters): string {
  let text = "";
  for (const [key, bare] of parameters) {
    text += bare.kind === "boolean" && bare.value ? `;${key}` : `;${key}=${serializeBare(bare)}`;
  }
  return text;
}

function serializeBare(bare: BareItem): string {
  switch (bare.kind) {
    case "integer":
      // Negative zero is zero.
      return String(bare.value + 0);
    case "decimal":
      return Number.isInteger(bare.value) ? `${bare.value + 0}.0` : String(bare.value);
    case "string":
      return `"${bare.value.replaceAll(/[\\"]/g, "\\$&")}"`;
    case "token":
      return bare.value;
    case "bytes":
      return `:${Buffer.from(bare.value).toString("base64")}:`;
    case "boolean":
      return bare.value ? "?1" : "?0";
    case "date":
      return `@${bare.value}`;
    case "display":
      return `%"${encodeDisplay(bare.value)}"`;
  }
}

function encodeDisplay(text: string): string {
  let encoded = "";
  for (const byte of Buffer.from(text, "utf8")) {
    const isPlain = byte >= 32 && byte <= 126 && byte !== 37 && byte !== 34;
    encoded += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, "0")}`;
  }
  return encoded;
}
