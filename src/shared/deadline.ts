/**
 * A promise's value, or word that it took longer than so many milliseconds. It goes on by itself then, and nobody hears
 * how it ends. @throws what the promise is rejected with in time
 */
export async function before<T>(ms: number, promise: Promise<T>): Promise<T | "too late"> {
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
