/** Writes one line. */
export type Say = (line: string) => void;

/** Steps of a run, each with its number and the seconds that it took. A rollout that stops early has fewer. */
export type Progress = { step<T>(name: string, act: () => Promise<T>): Promise<T> };

export function createProgress(total: number, say: Say, now: () => number = Date.now): Progress {
  let done = 0;
  return {
    async step(name, act) {
      done++;
      const place = `[${String(done).padStart(String(total).length)}/${total}]`;
      say(`${place} ${name}`);
      const startedMs = now();
      const result = await act();
      const seconds = (now() - startedMs) / 1_000;
      if (seconds >= 1) say(`${" ".repeat(place.length)} ${seconds.toFixed(1)} s`);
      return result;
    },
  };
}
