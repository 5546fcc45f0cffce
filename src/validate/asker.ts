import type { Clock } from "../model/clock.ts";
import { delay } from "../model/delay.ts";
import { type Ask, type Exchange, exchange, type Network } from "../reader/exchange.ts";
import type { Checker } from "./checker.ts";
import type { LagWatch } from "./lag-watch.ts";
import type { Setting } from "./rule.ts";

export interface AskerContext {
  readonly network: Network;
  readonly checker: Checker;
  readonly setting: Setting;
  readonly lag: LagWatch;
  /** The run is over. */
  readonly signal: AbortSignal;
}

/** Asks an origin, and shows every answer to the rules. */
export class Asker {
  readonly #context: AskerContext;

  constructor(context: AskerContext) {
    this.#context = context;
  }

  get clock(): Clock {
    return this.#context.network.clock;
  }

  get signal(): AbortSignal {
    return this.#context.signal;
  }

  get lag(): LagWatch {
    return this.#context.lag;
  }

  /** An answer that never comes is one of status 0; rejects only when the run is over. */
  async ask(asked: Omit<Ask, "signal">): Promise<Exchange> {
    const { lag } = this.#context;
    const answer = await this.#ask(asked);
    const isOurFault = answer.status === 0 && lag.sinceMs(answer.askedMs) > asked.deadlineMs / 4;
    return isOurFault ? this.#ask(asked) : answer;
  }

  async #ask(asked: Omit<Ask, "signal">): Promise<Exchange> {
    const { network, checker, setting, signal } = this.#context;
    const askedMs = network.clock.now();
    try {
      const answer = await exchange(network, { ...asked, signal });
      checker.run("exchange", { url: asked.url }, (check, report) => check(answer, report, setting));
      return answer;
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      const { kind, url } = asked;
      const nowMs = network.clock.now();
      const times = { askedMs, headMs: nowMs, firstByteMs: nowMs, endMs: nowMs };
      return { kind, url, location: url, status: 0, headers: new Headers(), bytes: new Uint8Array(0), ...times };
    }
  }

  /** Rejects when the run is over. */
  wait(delayMs: number): Promise<void> {
    return delay(this.clock, delayMs, this.signal);
  }
}
