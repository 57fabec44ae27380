import { Hono } from "hono";
import { IssuerUnreachable } from "../../../src/shared/auth/issuer.ts";
import { errorResponse, misconfigured } from "../../../src/shared/desk/http/error.ts";
import { atDesk, type DeskEnv, noStore, sameSite } from "../../../src/shared/desk/http/gate.ts";
import { isOutage } from "../../../src/shared/repositories/fault.ts";
import { openServices } from "../../../src/shared/services/index.ts";
import { faultOf, log } from "../../../src/shared/telemetry/log.ts";
import { type Env, readConfig, storesOf } from "../env.ts";
import { liveOver } from "../live.ts";
import { deviceRoutes } from "./devices.ts";

/** Everybody at the desk sees every device, masked. */
const SCOPE = { role: "ops" } as const;

/**
 * What the operations console asks of devices. It stands here, and not with the dead letters, because the services and
 * the objects are here; to whoever asks, it is one API.
 */
export async function answerAtDesk(request: Request, env: Env): Promise<Response> {
  const reading = readConfig(env);
  if (!reading.ok) return misconfigured("api", reading.problems);
  const app = new Hono<DeskEnv>().basePath("/ops/api");
  app.use(noStore);
  app.onError((thrown) => {
    log("error", "desk.request_fault", faultOf(thrown));
    return isOutage(thrown) || thrown instanceof IssuerUnreachable
      ? errorResponse("unavailable", "What this is read from is out of reach just now. Try again in a moment.")
      : errorResponse("internal", "Something failed on our side. Nothing was changed; try again in a moment.");
  });
  app.notFound(({ req }) =>
    errorResponse("not_found", `There is no ${req.method} ${req.path}; GET /ops lists what is.`),
  );
  app.use(sameSite, atDesk(reading.config.desk));
  const devices = deviceRoutes({
    open: (consistency) => openServices(storesOf(env), SCOPE, consistency),
    listen: (liveRequest) => liveOver(env, { scope: SCOPE, ...liveRequest }),
    now: Date.now,
  });
  return app.route("/devices", devices).fetch(request, env);
}
