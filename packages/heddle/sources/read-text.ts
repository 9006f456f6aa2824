import {
  findKind,
  keyOf,
  makeKey,
  parseDocuments,
  validateResource,
  type ParseProblem,
  type Position,
  type Problem,
  type Resource,
  type ResourceKey,
} from "../resources/index.ts";
import type { Origin } from "./origin.ts";
import type { Reading, SourcedRejection, SourcedResource } from "./reading.ts";
import { splitDocuments } from "./split-documents.ts";

/** One piece of a text as it was read; without a syntax tree, which would be many times the text. */
interface PieceReading {
  readonly documents: readonly DocumentReading[];
  readonly problems: readonly ParseProblem[];
}

interface DocumentReading {
  readonly document: unknown;
  readonly resource: Resource | undefined;
  readonly problems: readonly Problem[];
}

/** What was read of a text, for the next version of it. */
export class TextMemo {
  /** @internal by the text of a piece */
  pieces = new Map<string, PieceReading>();
}

/** Reads a YAML or JSON text, in steps of one document. Pieces that the memo knows are taken from it. */
export function* readText(text: string, file: string, memo: TextMemo): Generator<void, Reading> {
  const resources: SourcedResource[] = [];
  const rejected: SourcedRejection[] = [];
  const unreadable: ParseProblem[] = [];
  const pieces = new Map<string, PieceReading>();
  for (const { text: piece, lineOffset } of splitDocuments(text)) {
    let reading = pieces.get(piece) ?? memo.pieces.get(piece);
    if (reading === undefined) {
      reading = yield* readPiece(piece, file);
    }
    pieces.set(piece, reading);
    for (const [index, read] of reading.documents.entries()) {
      const origin = originOf(file, piece, index, lineOffset);
      if (read.resource === undefined) rejected.push({ ...rejectionOf(read), origin });
      else {
        const { resource, problems } = read;
        resources.push({ key: keyOf(resource), resource, problems, origin });
      }
    }
    for (const problem of reading.problems) {
      unreadable.push({ ...problem, fileName: file, line: problem.line + lineOffset });
    }
  }
  memo.pieces = pieces;
  return { resources, rejected, unreadable };
}

function* readPiece(text: string, file: string): Generator<void, PieceReading> {
  const { documents, problems } = parseDocuments(text, file);
  const read: DocumentReading[] = [];
  for (const { value } of documents) {
    read.push(readDocument(value));
    yield;
  }
  return { documents: read, problems };
}

/** Keeps the document only where it is needed: to give a status to a resource that is not valid. */
export function readDocument(document: unknown): DocumentReading {
  const { resource, problems } = validateResource(document);
  return { document: resource === undefined ? document : undefined, resource, problems };
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
function originOf(file: string, text: string, index: number, lineOffset: number): Origin {
  return {
    file,
    position(path): Position {
      const at = parseDocuments(text, file).documents[index]?.position(path) ?? { line: 1, column: 1 };
      return { line: at.line + lineOffset, column: at.column };
    },
  };
}
