#!/bin/sh
# Runs every fuzz target for a while on its stored seeds; fails on the first crash, time-out, leak.
#   tests/fuzz/run.sh BUILD_DIR SECONDS [CORPUS_DIR]
# SECONDS is for each target; 0 only runs the seeds. With CORPUS_DIR, what is found is kept there
# (one folder a target) and used again; without, it is thrown away. The input of a crash is left in
# BUILD_DIR/crashes.
set -eu
build=${1:?BUILD_DIR} seconds=${2:?SECONDS}
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
kept=${3:-$scratch}
mkdir -p "$build/crashes"
ran=0
for source in "$here"/*_fuzz.cc "$here"/*/*_fuzz.cc; do
  name=$(basename "$source" .cc)
  target=$build/tests/fuzz/$name
  if [ ! -x "$target" ]; then
    echo "$name: not built (cmake --build --preset fuzz --target fuzz_targets)" >&2
    exit 1
  fi
  seeds=$here/corpus/${name%_fuzz}
  if [ ! -d "$seeds" ]; then
    echo "$name: no seeds in $seeds" >&2
    exit 1
  fi
  mkdir -p "$kept/$name"
  if [ "$seconds" -eq 0 ]; then length=-runs=0; else length=-max_total_time=$seconds; fi
  log=$scratch/$name.log
  if ! "$target" "$length" -timeout=10 -rss_limit_mb=2048 -malloc_limit_mb=1024 -max_len=65536 \
      -artifact_prefix="$build/crashes/$name-" "$kept/$name" "$seeds" >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    echo "$name: FAILED, input in $build/crashes" >&2
    exit 1
  fi
  echo "$name: $(grep -o 'Done [0-9]* runs.*' "$log" || tail -n 1 "$log")"
  ran=$((ran + 1))
done
[ "$ran" -gt 0 ] || { echo "no fuzz target found" >&2; exit 1; }
echo "fuzz: $ran targets, no crash"
