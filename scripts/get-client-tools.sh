#!/usr/bin/env bash
# Gets the clients that the tests drive the server with and that npm cannot install: boto 2, boto3 and the AWS CLI, and
# beside them the newest boto3 and AWS CLI of PyPI, which alone know every operation. Quiet and quick when all is there.
#
#   the system's, or .cache/client-tools    boto 2, boto3, AWS CLI. As root on Debian they come from its packages;
#                                           elsewhere into a Python environment of their own (boto works up to Python 3.11).
#   .cache/newest-clients                   the newest boto3 and AWS CLI as of the first run; remove it to get newer ones.
#                                           Where PyPI cannot be reached it stays away, and the tests say so.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=.cache/client-tools
newest=.cache/newest-clients
pip_options=(--quiet --disable-pip-version-check --timeout 20 --retries 2)

has_python_modules() { "$1" -c 'import boto, boto.kinesis, boto3' >/dev/null 2>&1; }

has_everything() {
  { has_python_modules /usr/bin/python3 && command -v aws >/dev/null; } ||
    { has_python_modules "$venv/bin/python3" && [ -x "$venv/bin/aws" ]; }
}

has_newest() { "$newest/bin/python3" -c 'import boto3, awscli' >/dev/null 2>&1; }

from_debian() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq && apt-get install -y -qq --no-install-recommends python3 python3-boto python3-boto3 awscli
}

from_pypi() {
  command -v python3 >/dev/null || return 1
  python3 -m venv "$venv" && "$venv/bin/pip" install "${pip_options[@]}" boto boto3 awscli
}

# An install that was cut off does not pass for one: `has_newest` imports both.
newest_from_pypi() {
  command -v python3 >/dev/null || return 1
  rm -rf "$newest"
  python3 -m venv "$newest" && "$newest/bin/pip" install "${pip_options[@]}" boto3 awscli && has_newest && return 0
  rm -rf "$newest"
  return 1
}

if ! has_newest && ! newest_from_pypi >&2; then
  echo "get-client-tools: PyPI could not be reached, so the newest boto3 and AWS CLI are not here; the tests walk with those that are" >&2
fi

has_everything && exit 0
from_debian >&2 || true
has_everything && exit 0
from_pypi >&2 || true
has_everything && exit 0

echo "get-client-tools: boto 2, boto3 and the AWS CLI could not be installed; the tests that use them will fail" >&2
exit 1
