import { WorkerEntrypoint } from "cloudflare:workers";
import type {
  AcknowledgeAlert,
  Carried,
  Commands,
  SetDesired,
  SetDesiredAnswer,
} from "../../src/shared/domain/command.ts";
import { acknowledgeAlert, setDesired } from "./commands.ts";
import { commandDeps, type Env } from "./env.ts";

/** What people ask of devices, for Workers that have made sure that they may. */
export class CommandsService extends WorkerEntrypoint<Env> implements Commands {
  acknowledgeAlert(command: AcknowledgeAlert): Promise<Carried> {
    return acknowledgeAlert(commandDeps(this.env, this.ctx), command);
  }

  setDesired(command: SetDesired): Promise<SetDesiredAnswer> {
    return setDesired(commandDeps(this.env, this.ctx), command);
  }
}
