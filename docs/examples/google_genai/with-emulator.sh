#!/usr/bin/env bash
# Run a command with the variables that lead clients to an emulator of its own.
set -eu
variables=$(mktemp)
gemini-batch emulator --port 0 --clock 3600 > "$variables" &
trap 'kill $!; rm "$variables"' EXIT
until grep --quiet GOOGLE_GEMINI_BASE_URL "$variables"; do kill -0 $! || exit; sleep 0.1; done
. "$variables"
"$@"
