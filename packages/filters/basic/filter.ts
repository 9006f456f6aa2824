import type { DataRef, Filter, FilterContext, FilterFactory, Reply } from "@heddle/engine/filter";
import { Credentials } from "@heddle/engine/message";
import type { Exchange, Principal } from "@heddle/engine/message";
import { AMBIGUOUS, dropCredential, readCredential } from "../credential-source/index.ts";
import { checkBcrypt } from "./bcrypt.ts";
import type { BasicConfig, BasicUsers } from "./config.ts";
import { HashQueue } from "./hash-queue.ts";
import { hashOfNobody } from "./nobody.ts";
import { parseBasic } from "./parse-basic.ts";
import type { UserPass } from "./parse-basic.ts";
import { Verdicts } from "./verdicts.ts";

const SOURCE = { in: "header", name: "authorization", scheme: "Basic" } as const;

/** How long a checked password need not be checked again; a changed user list forgets all at once. */
const goodMs = 300_000;
const badMs = 30_000;

const busy: Reply = {
  status: 503,
  headers: [
    ["content-type", "text/plain; charset=utf-8"],
    ["retry-after", "1"],
  ],
  body: "too many passwords are waiting to be checked\n",
};

/** One for all policies of a worker: they share its cores. */
const queue = new HashQueue(checkBcrypt);

/**
 * Says who a request is of by name and password. Hashes are slow on purpose, so a password is checked beside the event
 * loop, and what became of it is remembered for a while. Only what is not known has its request wait.
 */
class Basic implements Filter {
  readonly name = "basic";
  private readonly config: BasicConfig;
  private readonly context: FilterContext;
  private readonly data: DataRef;
  private readonly challenge: string;
  private readonly verdicts = new Verdicts();
  private version = -1;
  private users = new Map<string, { readonly hash: string; readonly principal: Principal }>();
  /** What unknown names are checked against. */
  private nobody = hashOfNobody([]);

  constructor(config: BasicConfig, context: FilterContext) {
    this.config = config;
    this.context = context;
    this.data = context.data(config.users);
    this.challenge = `Basic realm="${config.realm.replaceAll(/[\\"]/g, "\\$&")}", charset="UTF-8"`;
  }

  requestHead(exchange: Exchange): Reply | undefined | Promise<Reply | undefined> {
    const credentials = Credentials.of(exchange);
    const found = readCredential(exchange.request, SOURCE);
    if (found === undefined) {
      credentials.challenge(this.challenge);
      return undefined;
    }
    const sent = found === AMBIGUOUS ? null : parseBasic(found);
    if (sent === null) return this.refuse(credentials, "malformed", "the Authorization is malformed");
    if (this.version !== this.data.version) this.reload();
    const digest = this.verdicts.digest(sent.name, sent.password);
    const known = this.verdicts.get(digest, this.context.clock.now());
    return known === undefined ? this.check(exchange, sent, digest) : this.settle(exchange, sent.name, known);
  }

  private reload(): void {
    this.version = this.data.version;
    this.verdicts.clear();
    this.users = new Map();
    for (const [name, hash] of (this.data.value as BasicUsers | undefined)?.users ?? []) {
      const principal = Object.freeze({
        subject: name,
        issuer: "",
        method: "basic",
        claims: Object.freeze({}),
      });
      this.users.set(name, { hash, principal });
    }
    this.nobody = hashOfNobody([...this.users.values()].map(({ hash }) => hash));
  }

  private check(
    exchange: Exchange,
    { name, password }: UserPass,
    digest: string,
  ): Reply | Promise<undefined> {
    const hash = this.users.get(name)?.hash ?? this.nobody;
    const { version } = this;
    const checked = queue.verify(exchange.clientAddress, password, hash, exchange.abortSignal());
    if (checked === null) {
      this.context.count("busy");
      return busy;
    }
    return checked.then((isRight) => {
      // The list changed meanwhile: what was right may not be any more, and is asked again.
      if (version !== this.data.version) return this.refuse(Credentials.of(exchange), "bad", BAD);
      const isGood = isRight && this.users.has(name);
      if (exchange.isEnded) return undefined;
      this.verdicts.set(digest, isGood, this.context.clock.now() + (isGood ? goodMs : badMs));
      return this.settle(exchange, name, isGood);
    });
  }

  private settle(exchange: Exchange, name: string, isGood: boolean): undefined {
    const credentials = Credentials.of(exchange);
    const user = this.users.get(name);
    if (!isGood || user === undefined) return this.refuse(credentials, "bad", BAD);
    credentials.accept(user.principal);
    if (!this.config.isForwarded) dropCredential(exchange.request, SOURCE);
    return undefined;
  }

  private refuse(credentials: Credentials, event: string, reason: string): undefined {
    this.context.count(event);
    credentials.reject(reason, this.challenge);
    return undefined;
  }
}

/** Which of both is nobody's business. */
const BAD = "the name or the password is wrong";

/** Events: `malformed`, `bad`, `busy`. */
export const basic: FilterFactory<BasicConfig> = {
  name: "basic",
  create: (config, context) => new Basic(config, context),
};
