/** What an object has redacted. */
export type ForgetReport = {
  /** Events of its history, in every place where it keeps one, and commands under way, whose data changed. */
  readonly events: number;
  /** Whether the registers that readers see changed. */
  readonly isChanged: boolean;
};

/** The part of a device's object that forgets somebody. */
export interface ForgetSink {
  /**
   * Redacts what is stored of events that occurred up to a moment, and from then on every such event before it is merged.
   * Safe to repeat; of two moments the later one counts.
   * @param untilMs milliseconds since 1970
   */
  forget(untilMs: number): Promise<ForgetReport>;
}
