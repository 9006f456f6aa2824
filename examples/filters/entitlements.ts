import { defineFilter, jsonReply, type BackendAnswer } from "@heddle/filters/define";
import { Type } from "typebox";

interface Known {
  readonly allowed: boolean;
  readonly untilMs: number;
}

/** Bounded: a caller with many names must not fill a worker's memory. */
const MAX_KNOWN = 10_000;

/**
 * Asks a service whether the caller may use what is behind the route, and remembers the answer for a while. Requests of one
 * caller that come at once ask once. A service that gives no answer has the request refused: it fails closed.
 */
export default defineFilter({
  name: "entitlements",
  schema: Type.Object(
    {
      product: Type.String({ pattern: "^[a-z0-9-]+$" }),
      ttlMs: Type.Integer({ minimum: 0, maximum: 3_600_000, default: 30_000 }),
      timeoutMs: Type.Integer({ minimum: 1, maximum: 60_000, default: 1_000 }),
    },
    { additionalProperties: false },
  ),
  create({ product, ttlMs, timeoutMs }, context) {
    const known = new Map<string, Known>();
    const asking = new Map<string, Promise<boolean>>();
    const token = context.data("token");

    const ask = async (subject: string): Promise<boolean> => {
      // Without the signal of an exchange: others wait for the same answer.
      const answer = await context.fetch("entitlements", {
        path: `/v1/${product}/${encodeURIComponent(subject)}`,
        headers: { authorization: `Bearer ${String(token.value)}` },
        timeoutMs,
        maxBytes: 4_096,
      });
      const allowed = readAnswer(answer);
      if (known.size >= MAX_KNOWN) known.delete(known.keys().next().value!);
      known.set(subject, { allowed, untilMs: context.clock.now() + ttlMs });
      return allowed;
    };

    const askOnce = (subject: string): Promise<boolean> => {
      const under = asking.get(subject);
      if (under !== undefined) return under;
      const made = ask(subject).finally(() => asking.delete(subject));
      asking.set(subject, made);
      return made;
    };

    return {
      async requestHead(exchange) {
        const subject = exchange.principal?.subject;
        if (subject === undefined) return jsonReply(401, { error: "who are you?" });
        const found = known.get(subject);
        const isFresh = found !== undefined && found.untilMs > context.clock.now();
        context.count(isFresh ? "known" : "asked");
        // Its own wait ends with the exchange; the question goes on for the others.
        const allowed = isFresh
          ? found.allowed
          : await orAborted(askOnce(subject), exchange.abortSignal()).catch(() => null);
        if (exchange.isEnded || allowed === true) return undefined;
        return allowed === null
          ? jsonReply(503, { error: "entitlements cannot be asked" }, { "retry-after": "5" })
          : jsonReply(403, { error: `no entitlement to ${product}` });
      },
    };
  },
});

function readAnswer(answer: BackendAnswer): boolean {
  if (answer.status === 404) return false;
  if (answer.status !== 200) throw new Error(`entitlements answered ${answer.status}`);
  return (answer.json() as { allowed?: unknown }).allowed === true;
}

/** Rejects when `signal` fires. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const leave = (): void => reject(signal.reason as Error);
  signal.addEventListener("abort", leave);
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener("abort", leave));
}
