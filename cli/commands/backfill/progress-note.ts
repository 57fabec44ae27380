type Progressed = {
  /** Of this run. */
  readonly rows: number;
  /** Of all files. */
  readonly bytesRead: number;
  readonly bytes: number;
  /** Of files that were done when this run began. */
  readonly bytesBefore: number;
  /** Since this run began. */
  readonly ms: number;
};

/** `120000 rows, 41 %, 9800 rows/s, 3 min left` */
export function progressNote({ rows, bytesRead, bytes, bytesBefore, ms }: Progressed): string {
  const parts = [`${rows} rows`, `${bytes === 0 ? 100 : Math.floor((bytesRead / bytes) * 100)} %`];
  if (ms >= 1_000) parts.push(`${Math.round((rows / ms) * 1_000)} rows/s`);
  const done = bytesRead - bytesBefore;
  if (ms >= 3_000 && done > 0 && bytesRead < bytes) parts.push(`${spanOf((ms / done) * (bytes - bytesRead))} left`);
  return parts.join(", ");
}

function spanOf(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 1) return `${Math.round(ms / 1_000)} s`;
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
