#!/usr/bin/env bash
# Gets the clients that the tests drive the server with and that npm cannot install: boto 2, boto3 and the AWS CLI.
# Quiet and quick when they are there already. As root on Debian they come from its packages; elsewhere into
# .cache/client-tools, a Python environment of their own (the package boto works up to Python 3.11 only).
set -euo pipefail
cd "$(dirname "$0")/.."

venv=.cache/client-tools
has_python_modules() { "$1" -c 'import boto, boto.kinesis, boto3' >/dev/null 2>&1; }

has_everything() {
  { has_python_modules /usr/bin/python3 && command -v aws >/dev/null; } ||
    { has_python_modules "$venv/bin/python3" && [ -x "$venv/bin/aws" ]; }
}

has_everything && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends python3 python3-boto python3-boto3 awscli; } >&2 || true
  has_everything && exit 0
fi

if command -v python3 >/dev/null; then
  { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet --disable-pip-version-check boto boto3 awscli; } >&2 || true
  has_everything && exit 0
fi

echo "get-client-tools: boto 2, boto3 and the AWS CLI could not be installed; the tests that use them will fail" >&2
exit 1
