/**
 * The messages of shop.Stock, in the wire format of Protocol Buffers:
 *
 *   message StockRequest { int32 product = 1; }
 *   message StockReply { int32 product = 1; int32 left = 2; string warehouse = 3; }
 */
export type StockRequest = { product: number };
export type StockReply = { product: number; left: number; warehouse: string };

type Field = { number: number; value: number | string };

export function encodeReply({ product, left, warehouse }: StockReply): Buffer {
  const name = Buffer.from(warehouse);
  return Buffer.from([
    1 << 3,
    ...varint(product),
    2 << 3,
    ...varint(left),
    (3 << 3) | 2,
    ...varint(name.length),
    ...name,
  ]);
}

export function decodeRequest(bytes: Buffer): StockRequest {
  return { product: numberOf(readFields(bytes), 1) };
}

export function decodeReply(bytes: Buffer): StockReply {
  const fields = readFields(bytes);
  const warehouse = fields.find(({ number }) => number === 3)?.value ?? "";
  return { product: numberOf(fields, 1), left: numberOf(fields, 2), warehouse: String(warehouse) };
}

function numberOf(fields: readonly Field[], number: number): number {
  return Number(fields.find((field) => field.number === number)?.value ?? 0);
}

/** Varints and texts: all that these messages have. */
function readFields(bytes: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const next = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined || shift > 28) throw new Error("message is cut short");
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = next();
    const value = next();
    if ((tag & 7) === 0) fields.push({ number: tag >> 3, value });
    else if ((tag & 7) === 2)
      fields.push({ number: tag >> 3, value: bytes.toString("utf8", at, (at += value)) });
    else throw new Error(`field ${tag >> 3} has a type that is not known`);
  }
  return fields;
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >> 7)];
}
