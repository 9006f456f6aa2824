import type { AcmeChallengeUnit } from "@heddle/engine/model";
import type { AcmeCertificateState, AcmeIssuerState, AcmeRequest, AcmeStates } from "../compile/index.ts";
import { Account } from "./account.ts";
import { CertificateKeeper } from "./certificate-keeper.ts";
import { ChallengeBoard } from "./challenge-board.ts";
import type { AcmeContext } from "./context.ts";
import { Slots } from "./slots.ts";

export interface AcmeServiceOptions extends Omit<AcmeContext, "signal"> {
  /** States or challenges are others. Resolves when they are in force in every worker. */
  refresh(): Promise<void>;
  /** Another process keeps the certificates yet: they are read and used, and nothing else, until `takeOver`. */
  readonly isSecond?: boolean;
}

/** Orders under way at once. */
const MAX_ORDERING = 4;

interface Held {
  readonly keeper: CertificateKeeper;
  readonly account: string;
}

/**
 * All certificates that listeners ask for: one keeper for each, one account for each issuer. It runs on the main
 * thread only, so however many workers there are, there is one order.
 */
export class AcmeService {
  private readonly options: AcmeServiceOptions;
  private readonly end = new AbortController();
  private readonly context: AcmeContext;
  private readonly board: ChallengeBoard;
  private readonly slots = new Slots(MAX_ORDERING);
  private readonly accounts = new Map<string, { readonly account: Account; readonly issuer: string }>();
  private readonly held = new Map<string, Held>();
  private isSecond: boolean;

  constructor(options: AcmeServiceOptions) {
    this.options = options;
    this.isSecond = options.isSecond ?? false;
    const { folder, clock, random, log, systemCaPem } = options;
    this.context = { folder, clock, random, log, systemCaPem, signal: this.end.signal };
    this.board = new ChallengeBoard(() => options.refresh());
  }

  /**
   * Takes over what is asked for now: begins what is new, ends what nobody wants any more; its files stay. Resolves
   * when what is kept of before has been read: whether there was something.
   */
  async want(requests: readonly AcmeRequest[]): Promise<boolean> {
    if (this.end.signal.aborted) return false;
    const wanted = new Map(requests.map((request) => [request.id, request]));
    const accounts = new Set(requests.map(accountKey));
    for (const [id, { keeper, account }] of this.held) {
      const request = wanted.get(id);
      if (request !== undefined && accountKey(request) === account) continue;
      keeper.close();
      this.held.delete(id);
    }
    for (const [key, { account }] of this.accounts) {
      if (accounts.has(key)) continue;
      account.close();
      this.accounts.delete(key);
    }
    const fresh = [...wanted.values()].flatMap((request) => this.hold(request) ?? []);
    await Promise.all(fresh.map((keeper) => keeper.load()));
    for (const keeper of fresh) keeper.wake();
    return fresh.some(({ state }) => state.issued !== null || state.problem !== null);
  }

  /** The keeper where it is a new one. */
  private hold(request: AcmeRequest): CertificateKeeper | null {
    const known = this.held.get(request.id);
    if (known !== undefined) {
      known.keeper.update(request);
      return null;
    }
    const key = accountKey(request);
    const { context, board, slots } = this;
    let own = this.accounts.get(key);
    if (own === undefined) {
      own = { account: new Account(request.issuer, context), issuer: request.issuer.name };
      this.accounts.set(key, own);
    }
    const onChanged = (): void => void this.options.refresh();
    const keeper = new CertificateKeeper(request, {
      ...context,
      account: own.account,
      board,
      slots,
      onChanged,
      mayAct: () => !this.isSecond,
    });
    this.held.set(request.id, { keeper, account: key });
    return keeper;
  }

  get states(): AcmeStates {
    const certificates = new Map<string, AcmeCertificateState>();
    for (const [id, { keeper }] of this.held) certificates.set(id, keeper.state);
    const issuers = new Map<string, AcmeIssuerState>();
    for (const { account, issuer } of this.accounts.values()) issuers.set(issuer, account.state);
    return { certificates, issuers };
  }

  get challenges(): readonly AcmeChallengeUnit[] {
    return this.board.units;
  }

  /** The other process has let go: what it wrote meanwhile is read, and what is due is done here. */
  async takeOver(): Promise<void> {
    this.isSecond = false;
    const keepers = [...this.held.values()].map(({ keeper }) => keeper);
    await Promise.all(keepers.map((keeper) => keeper.load()));
    for (const keeper of keepers) keeper.wake();
    await this.options.refresh();
  }

  /**
   * Ends what is under way; an order that was begun is taken up at the next start. Resolves when all that is to be kept
   * is in its file.
   */
  async close(): Promise<void> {
    this.end.abort();
    for (const { keeper } of this.held.values()) keeper.close();
    for (const { account } of this.accounts.values()) account.close();
    await Promise.all([...this.held.values()].map(({ keeper }) => keeper.saved));
  }
}

/** What an account is made from: with anything of it changed it is opened anew, with its old key. */
const accountKey = ({ issuer }: AcmeRequest): string =>
  JSON.stringify([
    issuer.name,
    issuer.directory,
    issuer.emails,
    issuer.isTermsAgreed,
    issuer.externalAccount,
    issuer.caPem,
  ]);
