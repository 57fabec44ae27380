import frontDoor from "./index.ts";

type Env = Parameters<typeof frontDoor.fetch>[1];

/** The extra method of service bindings under the compatibility flag service_binding_extra_handlers, which only works locally. */
type Scheduled = {
  scheduled(event: { readonly cron: string; readonly scheduledTime: Date }): Promise<{ readonly outcome: string }>;
};

/** The front door of `npm run dev`: it forwards cron triggers that are fired by hand to the Worker that has one. */
export default {
  fetch: frontDoor.fetch,
  async scheduled({ cron, scheduledTime }, { DLQ }) {
    const { outcome } = await (DLQ as unknown as Scheduled).scheduled({ cron, scheduledTime: new Date(scheduledTime) });
    if (outcome !== "ok") throw new Error(`The dlq Worker's cron trigger ended with ${outcome}.`);
  },
} satisfies ExportedHandler<Env>;
