#!/usr/bin/env bash
# Installs what deploy/deps.txt lists for the sections named as arguments (run, test, bench).
# Asks dpkg first: when nothing is missing it touches no network and needs no rights.
set -euo pipefail

list=$(dirname "$0")/deps.txt

wanted() {  # SECTION...: the packages of these sections
  local line section=""
  while read -r line; do
    case "$line" in
      '' | '#'*) ;;
      '['*']') section=${line:1:-1} ;;
      *) [[ " $* " == *" $section "* ]] && printf '%s\n' "$line" ;;
    esac
  done <"$list"
  return 0
}

missing() {  # PACKAGE...: those that are not installed
  local package
  for package in "$@"; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
      printf '%s\n' "$package"
  done
}

if ! command -v dpkg-query >/dev/null; then
  echo "deps: not a Debian system; install the counterparts of $list yourself" >&2
  exit 0
fi
mapfile -t packages < <(wanted "$@")
mapfile -t absent < <(missing "${packages[@]}")
[[ ${#absent[@]} -eq 0 ]] && exit 0

as_root=()
if [[ $(id -u) -ne 0 ]]; then
  command -v sudo >/dev/null || {
    echo "deps: needs root or sudo to install: ${absent[*]}" >&2
    exit 1
  }
  as_root=(sudo)
fi
echo "deps: installing ${#absent[@]} packages: ${absent[*]}"
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0
  -o Acquire::Retries=3)
"${apt[@]}" update </dev/null
"${apt[@]}" install -y --no-install-recommends "${absent[@]}" </dev/null
