export const SHELLS = ["bash", "zsh", "fish", "powershell"] as const;
export type Shell = (typeof SHELLS)[number];
export const isShell = (name: string): name is Shell => (SHELLS as readonly string[]).includes(name);

/**
 * What a shell reads once. At a tab it asks `concord` itself what fits, so that it needs no new script when `concord` is
 * updated. Lines with a colon in front are about those that follow: see answer.ts.
 */
export const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `_concord() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :files) compopt -o default 2>/dev/null ;;
      :folders) compopt -o dirnames 2>/dev/null ;;
      :open) compopt -o nospace 2>/dev/null ;;
      *) COMPREPLY+=("$line") ;;
    esac
  done < <("\${COMP_WORDS[0]}" __complete bash "\${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null)
}
complete -F _concord concord`,

  zsh: `#compdef concord
_concord() {
  local line
  local -a found unspaced
  for line in "\${(@f)$("\${(Q)words[1]}" __complete zsh "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)}"; do
    case $line in
      '') ;;
      :files) [[ $PREFIX == --*=* ]] && compset -P '*='; _files ;;
      :folders) [[ $PREFIX == --*=* ]] && compset -P '*='; _files -/ ;;
      :open) unspaced=(-S '') ;;
      *) found+=("$line") ;;
    esac
  done
  (( \${#found} )) && _describe -V concord found "\${unspaced[@]}"
}
if [ "\${funcstack[1]}" = "_concord" ]; then _concord "$@"; else compdef _concord concord; fi`,

  fish: `function __concord_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  set -l program $words[1]
  set -e words[1]
  set -l plain (string unescape -- $current 2>/dev/null; or echo -- $current)
  set -l inline (string match -r -- '^--[^=]*=' $current)
  for line in ($program __complete fish $words "$plain" 2>/dev/null)
    switch $line
      case ':files'
        for path in (__fish_complete_path (string replace -- "$inline" '' $current))
          echo -- "$inline$path"
        end
      case ':folders'
        for path in (__fish_complete_directories (string replace -- "$inline" '' $current))
          echo -- "$inline$path"
        end
      case ':open'
      case '*'
        echo -- $line
    end
  end
end
complete -c concord -e
complete -c concord -f -k -a '(__concord_complete)'`,

  powershell: `Register-ArgumentCompleter -Native -CommandName concord -ScriptBlock {
  param($current, $ast, $cursor)
  $words = @($ast.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursor } | Select-Object -Skip 1 | ForEach-Object {
    if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { "=" + $_.Value } else { "=" + $_.Extent.Text }
  })
  & $ast.CommandElements[0].Extent.Text __complete powershell @words "=$current" 2>$null | ForEach-Object {
    if ($_ -eq ':files' -or $_ -eq ':folders') {
      [System.Management.Automation.CompletionCompleters]::CompleteFilename($current)
    } elseif ($_ -ne ':open') {
      $value, $summary = $_ -split "\`t", 2
      if (-not $summary) { $summary = $value }
      $text = if ($value -match '[^\\w.:=@/+-]') { "'" + $value.Replace("'", "''") + "'" } else { $value }
      [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $summary)
    }
  }
}`,
};
