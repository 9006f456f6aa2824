import type { RequestHead } from "../../message/index.ts";
import { NAME } from "../../message/index.ts";
import type { GrpcForm } from "../../message/index.ts";

const GRPC = "application/grpc";

/** What kind of gRPC a media type is: "application/grpc", with "-web" or "-web-text", and any "+format". */
export function grpcFormOf(contentType: string | undefined): GrpcForm {
  if (contentType === undefined || contentType.length < GRPC.length) return "";
  if (contentType.slice(0, GRPC.length).toLowerCase() !== GRPC) return "";
  const rest = contentType.slice(GRPC.length).toLowerCase();
  // The longer name first: one begins with the other.
  if (rest.startsWith("-web-text")) return endsName(rest, 9) ? "grpc-web-text" : "";
  if (rest.startsWith("-web")) return endsName(rest, 4) ? "grpc-web" : "";
  return endsName(rest, 0) ? "grpc" : "";
}

/** A subtype ends with the text, a format ("+proto") or parameters. */
function endsName(rest: string, at: number): boolean {
  return at === rest.length || rest[at] === "+" || rest[at] === ";" || rest[at] === " ";
}

/** What kind of gRPC a request is; "" for none. Every call is a POST (PROTOCOL-HTTP2.md, "Requests"). */
export function grpcFormOfRequest(head: RequestHead): GrpcForm {
  return head.method === "POST" ? grpcFormOf(head.fields.getKnown(NAME.CONTENT_TYPE)) : "";
}

/** The same media type in another form: its format stays, so that "application/grpc-web+proto" keeps "+proto". */
export function withGrpcForm(contentType: string, form: Exclude<GrpcForm, "">): string {
  const end = /^application\/grpc(?:-web-text|-web)?/i.exec(contentType);
  return `application/${form}${contentType.slice(end === null ? contentType.length : end[0].length)}`;
}
