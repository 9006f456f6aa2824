import { buildChain } from "../filter/index.ts";
import type { Filter } from "../filter/index.ts";
import { hostOf } from "../message/index.ts";
import type { MatchInfo, RequestHead } from "../message/index.ts";
import { PRIORITIES } from "../model/index.ts";
import type { AcmeChallengeUnit } from "../model/index.ts";
import type { RequestRouter, Rule } from "../proxy/index.ts";

/**
 * A plain listener's router with the answers to HTTP-01 challenges in front of it (RFC 8555 section 8.3). A route
 * never sees such a request, so one that redirects all of HTTP to HTTPS is in no certificate's way; any other
 * token, host or method is a request as usual. Without challenges it is the router itself: nothing is asked per request.
 */
export function withHttpChallenges(
  router: RequestRouter,
  units: readonly AcmeChallengeUnit[],
  info: MatchInfo,
): RequestRouter {
  const answers = new Map<string, Found>();
  for (const { hostname, answer } of units) {
    if (answer.type !== "http-01") continue;
    const value = answering(answer.keyAuthorization, info);
    answers.set(`${hostname} ${answer.path}`, { value, matchedPath: answer.path });
  }
  return answers.size === 0 ? router : new ChallengeRouter(router, answers);
}

interface Found {
  readonly value: Rule;
  readonly matchedPath: string;
}

class ChallengeRouter implements RequestRouter {
  private readonly router: RequestRouter;
  private readonly answers: ReadonlyMap<string, Found>;

  constructor(router: RequestRouter, answers: ReadonlyMap<string, Found>) {
    this.router = router;
    this.answers = answers;
  }

  find(head: RequestHead): Found | null {
    const isRead = head.method === "GET" || head.method === "HEAD";
    if (isRead && head.path.startsWith(CHALLENGE_PREFIX)) {
      const found = this.answers.get(`${hostOf(head.authority)} ${head.path}`);
      if (found !== undefined) return found;
    }
    return this.router.find(head);
  }

  findServer(host: string): ReturnType<RequestRouter["findServer"]> {
    return this.router.findServer(host);
  }
}

const CHALLENGE_PREFIX = "/.well-known/acme-challenge/";

function answering(keyAuthorization: string, info: MatchInfo): Rule {
  const filter: Filter = {
    name: "acme-challenge",
    requestHead: () => ({
      status: 200,
      headers: [
        ["content-type", "application/octet-stream"],
        ["cache-control", "no-store"],
      ],
      body: keyAuthorization,
    }),
  };
  return {
    info,
    chain: buildChain([filter]),
    backends: null,
    backendList: [],
    translatesGrpcWeb: false,
    isWatched: false,
    hedge: null,
    priority: PRIORITIES.indexOf("Critical"),
    requestTimeoutMs: 0,
    backendRequestTimeoutMs: 0,
    retry: null,
    sessionPersistence: null,
  };
}
