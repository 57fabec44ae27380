import { WorkerEntrypoint } from "cloudflare:workers";

const NOT_DEPLOYED =
  "This Worker is not deployed yet: a placeholder has its name until the rollout comes to it. Nothing was executed. " +
  "Try again when the rollout is done, or run `npm run deploy` again if it stopped.";

const refuse = (): Response =>
  Response.json(
    { error: { code: "NOT_DEPLOYED", message: NOT_DEPLOYED } },
    { status: 503, headers: { "Cache-Control": "no-store", "Retry-After": "60" } },
  );

/** Of the api Worker. @throws Error from every method that it will have */
export class OperationsService extends WorkerEntrypoint {
  override fetch(): Response {
    return refuse();
  }

  execute(): never {
    throw new Error(NOT_DEPLOYED);
  }
}

export default { fetch: refuse } satisfies ExportedHandler;
