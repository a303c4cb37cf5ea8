#!/usr/bin/env bash
# Runs every fuzz target for a while on its stored seeds, JOBS of them at once; fails on a crash,
# time-out or leak.
#   tests/fuzz/run.sh BUILD_DIR SECONDS [CORPUS_DIR]
# SECONDS is for each target; 0 only runs the seeds. With CORPUS_DIR, what is found is kept there
# (one folder a target) and used again; without, it is thrown away. The input of a crash is left in
# BUILD_DIR/crashes.
set -euo pipefail
build=${1:?BUILD_DIR} seconds=${2:?SECONDS}
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
kept=${3:-$scratch}
mkdir -p "$build/crashes"
if [[ $seconds -eq 0 ]]; then length=-runs=0; else length=-max_total_time=$seconds; fi

one() {  # SOURCE
  local name target seeds log
  name=$(basename "$1" .cc)
  target=$build/tests/fuzz/$name seeds=$here/corpus/${name%_fuzz} log=$scratch/$name.log
  if [[ ! -x $target ]]; then
    echo "$name: not built (cmake --build --preset fuzz --target fuzz_targets)" >&2
    return 1
  fi
  if [[ ! -d $seeds ]]; then
    echo "$name: no seeds in $seeds" >&2
    return 1
  fi
  mkdir -p "$kept/$name"
  if ! "$target" "$length" -timeout=10 -rss_limit_mb=2048 -malloc_limit_mb=1024 -max_len=65536 \
    -artifact_prefix="$build/crashes/$name-" "$kept/$name" "$seeds" >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    echo "$name: FAILED, input in $build/crashes" >&2
    return 1
  fi
  echo "$name: $(grep -o 'Done [0-9]* runs.*' "$log" || tail -n 1 "$log")"
}

mapfile -t sources < <(find "$here" -name '*_fuzz.cc' | sort)
[[ ${#sources[@]} -gt 0 ]] || { echo "no fuzz target found" >&2; exit 1; }
export -f one
export build here scratch kept length
printf '%s\0' "${sources[@]}" | xargs -0 -P "${JOBS:-$(nproc)}" -I{} bash -c 'one "$1"' - {}
echo "fuzz: ${#sources[@]} targets, no crash"
