/**
 * Why a request or a connection goes where it goes: a door of its own, since it needs the code of all filters and a running
 * Heddle is seldom asked.
 */
export { explainRequest, parseExplainRequest } from "./explain-request.ts";
export { explainStream, isStreamUrl, parseExplainStream } from "./explain-stream.ts";
export type { ExplainedStreamListener, ExplainedStreamMatch, StreamExplanation } from "./explain-stream.ts";
export type { ExplainedAnswers } from "./explained-answers.ts";
export type { ExplainedBackend } from "./explained-backend.ts";
export type {
  ExplainRequest,
  ExplainedRequestBackend,
  ExplainedListener,
  ExplainedMatch,
  RequestExplanation,
} from "./explain-request.ts";
export { describeEndpoint } from "./explained-endpoint.ts";
