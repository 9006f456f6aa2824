import {
  findKind,
  keyOf,
  makeKey,
  parseDocuments,
  parseJson,
  validateResource,
  type ParseProblem,
  type Position,
  type Problem,
  type Resource,
  type ResourceKey,
} from "../resources/index.ts";
import type { Origin } from "./origin.ts";
import type { Reading, SourcedRejection, SourcedResource } from "./reading.ts";
import { splitDocuments, type TextPiece } from "./split-documents.ts";
import { splitJsonList } from "./split-json-list.ts";

/** One piece of a text as it was read; without a syntax tree, which would be many times the text. */
interface PieceReading {
  readonly documents: readonly DocumentReading[];
  readonly problems: readonly ParseProblem[];
}

interface DocumentReading {
  readonly document: unknown;
  /** Undefined where there is no resource. */
  readonly key: ResourceKey | undefined;
  readonly resource: Resource | undefined;
  readonly problems: readonly Problem[];
}

/** How pieces of one kind are read. */
interface PieceReader {
  /** Undefined for a piece that is not of this kind. */
  read(text: string, file: string): Generator<void, PieceReading | undefined>;
  /** Where a field of a document is written in a piece. */
  place(text: string, file: string, index: number, path: string): Position;
}

/** What was read of a text, for the next version of it. */
export class TextMemo {
  /** @internal by the text of a piece, for each way to read it */
  readonly pieces = new Map<PieceReader, ReadonlyMap<string, PieceReading>>();
}

/** Pieces that are known, between two yields. */
const sliceLength = 64;

/**
 * Reads a YAML or JSON text, in steps of one document. Pieces that the memo knows are taken from it: documents of YAML,
 * items of a JSON `List`.
 */
export function* readText(text: string, file: string, memo: TextMemo): Generator<void, Reading> {
  const items = yield* splitJsonList(text);
  const reading = items === null ? undefined : yield* readPieces(items, jsonItems, file, memo);
  return reading ?? (yield* readPieces(splitDocuments(text), yamlDocuments, file, memo))!;
}

function* readPieces(
  all: readonly TextPiece[],
  reader: PieceReader,
  file: string,
  memo: TextMemo,
): Generator<void, Reading | undefined> {
  const resources: SourcedResource[] = [];
  const rejected: SourcedRejection[] = [];
  const unreadable: ParseProblem[] = [];
  const known = memo.pieces.get(reader);
  const pieces = new Map<string, PieceReading>();
  let done = 0;
  for (const piece of all) {
    const { text, lineOffset } = piece;
    const reading = pieces.get(text) ?? known?.get(text) ?? (yield* reader.read(text, file));
    if (reading === undefined) return undefined;
    pieces.set(text, reading);
    for (const [index, read] of reading.documents.entries()) {
      const origin = originOf(file, piece, reader, index);
      const { key, resource, problems } = read;
      if (key === undefined || resource === undefined) rejected.push({ ...rejectionOf(read), origin });
      else resources.push({ key, resource, problems, origin });
    }
    for (const problem of reading.problems) {
      unreadable.push({ ...problem, fileName: file, line: problem.line + lineOffset });
    }
    if (++done % sliceLength === 0) yield;
  }
  // What the other reader knows is of a text that is not there any more.
  memo.pieces.clear();
  memo.pieces.set(reader, pieces);
  return { resources, rejected, unreadable };
}

const yamlDocuments: PieceReader = {
  *read(text, file) {
    const { documents, problems } = parseDocuments(text, file);
    const read: DocumentReading[] = [];
    for (const { value } of documents) {
      read.push(readDocument(value));
      yield;
    }
    return { documents: read, problems };
  },
  place(text, file, index, path) {
    return parseDocuments(text, file).documents[index]?.position(path) ?? { line: 1, column: 1 };
  },
};

const listHead = '{"kind":"List","items":[';

const jsonItems: PieceReader = {
  *read(text) {
    const item = parseJson(text);
    if (item === undefined) return undefined;
    yield;
    return { documents: [readDocument(item.value)], problems: [] };
  },
  place(text, file, _index, path) {
    // In a list, since an item that is a list itself stands for itself there.
    const at = parseDocuments(`${listHead}${text}]}`, file).documents[0]?.position(path);
    if (at === undefined) return { line: 1, column: 1 };
    return at.line > 1 ? at : { line: 1, column: at.column - listHead.length };
  },
};

/** Keeps the document only where it is needed: to give a status to a resource that is not valid. */
export function readDocument(document: unknown): DocumentReading {
  const { resource, problems } = validateResource(document);
  return resource === undefined
    ? { document, key: undefined, resource, problems }
    : { document: undefined, key: keyOf(resource), resource, problems };
}

export function rejectionOf({ document, problems }: DocumentReading): Omit<SourcedRejection, "origin"> {
  const { key, kind } = nameOf(document);
  return { key, kind, problems, document };
}

/** What a document says that it is, as far as it can be read. */
function nameOf(document: unknown): { key: ResourceKey | undefined; kind: string } {
  const apiVersion = textField(document, "apiVersion");
  const kind = textField(document, "kind") ?? "";
  const metadata = field(document, "metadata");
  const name = textField(metadata, "name");
  if (apiVersion === undefined || name === undefined) return { key: undefined, kind };
  const served = findKind(apiVersion, kind)?.kind;
  if (served === undefined || name.includes("/")) return { key: undefined, kind };
  const namespace = served.namespaced ? (textField(metadata, "namespace") ?? "default") : "";
  if (namespace.includes("/")) return { key: undefined, kind };
  return { key: makeKey(served.group, kind, namespace, name), kind };
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function textField(value: unknown, name: string): string | undefined {
  const text = field(value, name);
  return typeof text === "string" && text !== "" ? text : undefined;
}

/** Positions are asked for where something is wrong, so the piece is read once more for each. */
function originOf(file: string, piece: TextPiece, reader: PieceReader, index: number): Origin {
  const { text, lineOffset, columnOffset } = piece;
  return {
    file,
    position(path): Position {
      const { line, column } = reader.place(text, file, index, path);
      return { line: line + lineOffset, column: line === 1 ? column + columnOffset : column };
    },
  };
}
