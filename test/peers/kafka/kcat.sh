#!/bin/sh
# Copies COUNT records of a partition of a Kafka topic, from offset FROM, to Concord's endpoint for sinks: one value a line.
# CONCORD_URL, CONCORD_USER, CONCORD_PASSWORD, TOPIC and KAFKA come from the environment too.
set -e
copy=$(mktemp)
trap 'rm -f "$copy"' EXIT
# Into a file first: what curl is given is then all that kcat read, and curl can send it again.
kcat -C -q -e -b "$KAFKA" -t "$TOPIC" -p 0 -o "$FROM" -c "$COUNT" -f '%s\n' >"$copy"
curl --silent --show-error --fail --retry 20 --retry-all-errors --user "$CONCORD_USER:$CONCORD_PASSWORD" \
  --header 'Content-Type: application/x-ndjson' --data-binary "@$copy" "$CONCORD_URL/ingest/$TOPIC"
