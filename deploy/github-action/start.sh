#!/usr/bin/env bash
# Installs PACKAGE, starts `millrace serve ARGUMENTS` on PORT in the background, and returns when it is ready. The runner of the
# job ends it.
set -euo pipefail
folder="${RUNNER_TEMP:?}/millrace"
readyAttempts=300

mkdir -p "$folder"
npm install --prefix "$folder" --no-audit --no-fund --silent "${PACKAGE:?}"
read -r -a arguments <<<"${ARGUMENTS-}"
nohup "$folder/node_modules/.bin/millrace" serve --port "${PORT:?}" "${arguments[@]}" \
  >"$folder/output.txt" 2>&1 </dev/null &
server=$!

for ((attempt = 0; attempt < readyAttempts; attempt++)); do
  if curl --silent --fail --output /dev/null "http://127.0.0.1:$PORT/health"; then
    {
      echo "AWS_ENDPOINT_URL_KINESIS=http://127.0.0.1:$PORT"
      echo "MILLRACE_PID=$server"
    } >>"${GITHUB_ENV:?}"
    exit 0
  fi
  kill -0 "$server" 2>/dev/null || break
  sleep 0.1
done
echo "millrace was not ready:" >&2
cat "$folder/output.txt" >&2
exit 1
