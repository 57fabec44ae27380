import { defineCommand } from "../command/command.ts";
import { nearest } from "../command/nearest.ts";
import { UsageError } from "../command/usage-error.ts";
import { isShell, SCRIPTS, SHELLS } from "../completion/scripts.ts";

export const completion = defineCommand({
  details:
    "bash        source <(concord completion bash)       in ~/.bashrc\n" +
    "zsh         source <(concord completion zsh)        in ~/.zshrc, behind: autoload -U compinit && compinit\n" +
    "fish        concord completion fish | source        in ~/.config/fish/config.fish\n" +
    "powershell  concord completion powershell | Out-String | Invoke-Expression      in $PROFILE",
  arguments: { shell: { summary: `Which: ${SHELLS.join(", ")} (default bash)`, optional: true, offer: SHELLS } },
  examples: ["concord completion bash", "concord completion zsh"],
  run: async ({ shell = "bash" }, { print }) => {
    if (!isShell(shell)) {
      const similar = nearest(shell, SHELLS);
      throw new UsageError(
        `there is no completion for ${shell}${similar ? `. Did you mean ${similar}?` : `, but for ${SHELLS.join(", ")}.`}`,
      );
    }
    print(SCRIPTS[shell]);
  },
});
