import type { ConcordBindings } from "#services/connect.ts";

type Service = keyof ConcordBindings;

/** A method of a service: `"DEVICES.find"`. */
export type MethodName = { [Each in Service]: `${Each}.${keyof ConcordBindings[Each] & string}` }[Service];

/** Which calls a fault is for: all, those of a service, or those of one method. */
export type FaultTarget = "all" | Service | MethodName;

/** Which calls fail, and how. */
export type FaultOptions = {
  /** What is thrown. By default what D1 throws in an outage, which `isOutage` recognizes. */
  readonly error?: Error;
  /** How many calls fail, from the next one on. By default all until `recover`. */
  readonly times?: number;
  /** `after`: the call is carried out, and its answer is lost. By default nothing is done. */
  readonly when?: "before" | "after";
};

type Fault = Required<FaultOptions> & { readonly target: FaultTarget };

/** What D1 throws in an outage, as it arrives over RPC. */
export const outage = (): Error => new Error("D1_ERROR: Network connection lost.");

/** Faults of the fakes, switched on by a test. */
export class Faults {
  #faults: Fault[] = [];
  #hanging: FaultTarget[] = [];
  #onRecover: (() => void)[] = [];

  fail(
    target: FaultTarget,
    { error = outage(), times = Number.POSITIVE_INFINITY, when = "before" }: FaultOptions,
  ): void {
    this.#faults.push({ target, error, times, when });
  }

  hang(target: FaultTarget): void {
    this.#hanging.push(target);
  }

  recover(): void {
    this.#faults = [];
    this.#hanging = [];
    for (const goOn of this.#onRecover.splice(0)) goOn();
  }

  /** Does a call, under the faults that are for it. */
  async around<T>(method: MethodName, act: () => Promise<T>): Promise<T> {
    if (this.#hanging.some((target) => isFor(target, method))) {
      await new Promise<void>((resolve) => this.#onRecover.push(resolve));
    }
    const fault = this.#take(method);
    if (fault?.when === "before") throw fault.error;
    const answer = await act();
    if (fault) throw fault.error;
    return answer;
  }

  #take(method: MethodName): Fault | undefined {
    const index = this.#faults.findIndex(({ target }) => isFor(target, method));
    const fault = this.#faults[index];
    if (fault) this.#faults.splice(index, 1, ...(fault.times > 1 ? [{ ...fault, times: fault.times - 1 }] : []));
    return fault;
  }
}

const isFor = (target: FaultTarget, method: MethodName): boolean =>
  target === "all" || target === method || method.startsWith(`${target}.`);
