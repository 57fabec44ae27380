# Sourced by run and long: counts checks, and says when each has ended.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CI=true NO_COLOR=1 WRANGLER_SEND_METRICS=false CLOUDFLARE_CF_FETCH_ENABLED=false
# What tests draw is the same each time a commit is checked. `npm test` draws anew, and `npm run nightly` far more of it.
export PROPERTY_SEED=23 SIMULATE_SEED=23 CONFORMANCE_SEED=23 FUZZ_SEED=23

passed=0
failed=0

# check NAME COMMAND…
check() {
  local name=$1
  shift
  local started=$SECONDS
  printf '\n── %s: %s\n' "$name" "$*"
  local ended
  if "$@" </dev/null; then
    passed=$((passed + 1))
    ended="── $name: passed in $((SECONDS - started)) s"
  else
    failed=$((failed + 1))
    ended="── $name: FAILED after $((SECONDS - started)) s"
  fi
  echo "$ended"
  # In a lane, what is printed waits for its end.
  if { : >&3; } 2>/dev/null; then echo "$ended" >&3; fi
}

# wanted COMMAND:PACKAGE… installs what this machine lacks. A check says by name what it skips without.
wanted() {
  local each
  for each in "$@"; do
    if ! command -v "${each%%:*}" >/dev/null && command -v apt-get >/dev/null; then
      { apt-get update && apt-get install -y --no-install-recommends ${each#*:}; } >/dev/null 2>&1 </dev/null || echo "${each#*:} could not be installed"
    fi
  done
}

# lanes FUNCTION… runs them side by side. As each check ends it says so; what it printed comes out lane by lane.
lanes() {
  local logs lane passed_there failed_there
  logs=$(mktemp -d)
  trap "rm -rf '$logs'" EXIT
  exec 3>&1
  for lane in "$@"; do
    (
      passed=0 failed=0
      "$lane" >"$logs/$lane.log" 2>&1
      echo "$passed $failed" >"$logs/$lane.count"
    ) &
  done
  wait
  for lane in "$@"; do
    cat "$logs/$lane.log"
    read -r passed_there failed_there <"$logs/$lane.count" || { passed_there=0 failed_there=1; }
    passed=$((passed + passed_there))
    failed=$((failed + failed_there))
  done
}

# The last line, and the exit code.
summary() {
  printf '\n%s passed, %s failed\n' "$passed" "$failed"
  [ "$failed" -eq 0 ]
}
