import { receiptsIn } from "./archived.ts";
import type { Ledger } from "./ledger.ts";
import type { Circumstances } from "./stand-ins.ts";

/** R2 with faults: it may have taken an object and not have said so. */
export function faultyR2(
  bucket: R2Bucket,
  ledger: Ledger,
  { faults, run, strike, die }: Circumstances,
): Pick<R2Bucket, "put" | "get" | "list"> {
  const { r2, r2Nth, r2SlowMs, dies } = faults;
  let calls = 0;
  const slow = async () => {
    if (r2SlowMs > 0) await run.hears(scheduler.wait(r2SlowMs));
  };
  const put = async (key: string, value: Uint8Array, options: R2PutOptions) => {
    if (run.isDead) return run.die();
    const isIts = calls++ % 2 === r2Nth % 2;
    const fault = isIts || r2 === "is out" ? r2 : "none";
    if (fault !== "none") strike(`R2 ${fault}`);
    if (r2SlowMs > 0) strike("R2 is slow");
    if (isIts && dies === "before R2") return die("handler dies before R2");
    await slow();
    if (fault === "is out" || fault === "fails before") throw new Error("put: Unspecified error (0)");
    const receipts = await receiptsIn(value);
    const object = await run.hears(
      bucket.put(key, value, options).then((object) => {
        ledger.take(receipts);
        return object;
      }),
    );
    if (isIts && dies === "behind R2") return die("handler dies behind R2");
    await slow();
    if (fault === "fails after") throw new Error("put: We encountered an internal error. Please try again. (10001)");
    for (const receipt of receipts) run.archived.add(receipt);
    return object;
  };
  return {
    put: put as R2Bucket["put"],
    get: bucket.get.bind(bucket) as R2Bucket["get"],
    list: bucket.list.bind(bucket),
  };
}
