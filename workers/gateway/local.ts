import frontDoor from "./index.ts";

type Env = Parameters<typeof frontDoor.fetch>[1];

/** The extra method of service bindings under the compatibility flag service_binding_extra_handlers, which only works locally. */
type Scheduled = {
  scheduled(event: { readonly cron: string; readonly scheduledTime: Date }): Promise<{ readonly outcome: string }>;
};

/** The front door of `npm run dev`: it forwards cron triggers that are fired by hand to the Workers that have one. */
export default {
  fetch: frontDoor.fetch,
  async scheduled({ cron, scheduledTime }, env) {
    for (const name of ["DLQ", "ARCHIVE"] as const) {
      const worker = env[name] as unknown as Scheduled;
      const { outcome } = await worker.scheduled({ cron, scheduledTime: new Date(scheduledTime) });
      if (outcome !== "ok") throw new Error(`The ${name.toLowerCase()} Worker's cron trigger ended with ${outcome}.`);
    }
  },
} satisfies ExportedHandler<Env>;
