import { WorkerEntrypoint } from "cloudflare:workers";
import type {
  AcknowledgeAlert,
  CommandResult,
  CommandResults,
  Commands,
  SetDesired,
  SetDesiredResult,
} from "#domain/command.ts";
import { acknowledgeAlert, acknowledgeAlerts, setDesired } from "./commands.ts";
import { commandDeps, type Env } from "./env.ts";

/** The RPC entrypoint for commands. The calling Worker has checked that the user may give them. */
export class CommandsService extends WorkerEntrypoint<Env> implements Commands {
  acknowledgeAlert(command: AcknowledgeAlert): Promise<CommandResult> {
    return acknowledgeAlert(commandDeps(this.env, this.ctx), command);
  }

  acknowledgeAlerts(commands: readonly AcknowledgeAlert[]): Promise<CommandResults> {
    return acknowledgeAlerts(commandDeps(this.env, this.ctx), commands);
  }

  setDesired(command: SetDesired): Promise<SetDesiredResult> {
    return setDesired(commandDeps(this.env, this.ctx), command);
  }
}
