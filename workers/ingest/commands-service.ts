import { WorkerEntrypoint } from "cloudflare:workers";
import type { AcknowledgeAlert, CommandResult, Commands, SetDesired, SetDesiredResult } from "#domain/command.ts";
import { acknowledgeAlert, setDesired } from "./commands.ts";
import { commandDeps, type Env } from "./env.ts";

/** The RPC entrypoint for commands. The calling Worker has checked that the user may give them. */
export class CommandsService extends WorkerEntrypoint<Env> implements Commands {
  acknowledgeAlert(command: AcknowledgeAlert): Promise<CommandResult> {
    return acknowledgeAlert(commandDeps(this.env, this.ctx), command);
  }

  setDesired(command: SetDesired): Promise<SetDesiredResult> {
    return setDesired(commandDeps(this.env, this.ctx), command);
  }
}
