/**
 * A promise's value, or "too late" if it takes longer than `ms` milliseconds. The promise is not cancelled, and its
 * later result is ignored. @throws what the promise is rejected with in time
 */
export async function withTimeout<T>(ms: number, promise: Promise<T>): Promise<T | "too late"> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"too late">((resolve) => {
    timer = setTimeout(() => resolve("too late"), Math.max(0, ms));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    if (timer !== undefined) clearTimeout(timer);
  }
}
