import type { AcmeChallengeUnit } from "@heddle/engine/model";
import type { AcmeService, AcmeServiceOptions } from "../../acme/index.ts";
import { noAcmeStates, type AcmeRequest, type AcmeStates } from "../../compile/index.ts";
import type { CertificateSource } from "../configuration/configuration.ts";

/**
 * Starts to order certificates with the first listener that asks for one: the libraries that make and sign requests
 * cost memory and time of the start, which most configurations have no use for.
 */
export class AcmeLink implements CertificateSource {
  private readonly options: AcmeServiceOptions;
  private service: AcmeService | null = null;
  private isClosed = false;
  private isSecond: boolean;

  constructor(options: AcmeServiceOptions) {
    this.options = options;
    this.isSecond = options.isSecond ?? false;
  }

  async want(requests: readonly AcmeRequest[]): Promise<boolean> {
    if (this.service === null) {
      if (requests.length === 0) return false;
      const { AcmeService: Service } = await import("../../acme/index.ts");
      if (this.isClosed) return false;
      this.service = new Service({ ...this.options, isSecond: this.isSecond });
    }
    return this.service.want(requests);
  }

  get states(): AcmeStates {
    return this.service?.states ?? noAcmeStates;
  }

  get challenges(): readonly AcmeChallengeUnit[] {
    return this.service?.challenges ?? [];
  }

  /** See AcmeService. */
  async takeOver(): Promise<void> {
    this.isSecond = false;
    await this.service?.takeOver();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.service?.close();
  }
}
