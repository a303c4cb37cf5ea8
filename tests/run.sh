#!/usr/bin/env bash
# What `make test` runs. The three builds share nothing, so each says how long it took; the run goes
# on after a failing suite, so that one report names all of them; the exit status is the worst.
set -euo pipefail
cd "$(dirname "$0")/.."

jobs=${JOBS:-$(nproc)}
[[ -z ${CI:-} ]] || unset CMAKE_C_COMPILER_LAUNCHER CMAKE_CXX_COMPILER_LAUNCHER
fuzz_seconds=${FUZZ_SECONDS:-5}
failed=()

step() {  # NAME COMMAND...: must succeed
  local name=$1 from=$SECONDS
  shift
  echo "== $name"
  "$@"
  echo "== $name: $((SECONDS - from)) s"
}

suite() {  # NAME COMMAND...: is noted when it fails
  local name=$1
  step "$@" || failed+=("$name")
}

# A new folder compiles several sources as one (cmake/unity.cmake). Where gluing changes a meaning
# after all, CI tests what was written all the same.
build() {  # PRESET TARGET...
  local preset=$1 settings=()
  shift
  [[ -f build/$preset/build.ninja ]] || settings=(-DWAAG_UNITY=ON)
  cmake --preset "$preset" "${settings[@]}" >/dev/null
  compile "$preset" "$@" && return
  [[ -n ${CI:-} ]] || return 1
  echo "== again, each source by itself (build/$preset stays so until it is removed)"
  cmake --preset "$preset" -DWAAG_UNITY=OFF >/dev/null
  compile "$preset" "$@"
}

compile() {  # PRESET TARGET...
  cmake --build --preset "$1" --parallel "$jobs" ${2:+--target "${@:2}"} -- --quiet
}

# Crashes: many, as only Release gets through them in a minute; the ASan build tries a few of the
# same. And the emulated device, where there was a compiler for its kernels.
in_release() {
  WAAG_CRASH_IMAGES=${WAAG_CRASH_IMAGES:-6000} WAAG_KILLS=${WAAG_KILLS:-60} \
    WAAG_FAILURE_STEPS=${WAAG_FAILURE_STEPS:-12} ctest --test-dir build/release \
    --parallel "$jobs" --output-on-failure --no-tests=error -R '^(crash|device)' || return
  grep '^tried:' build/release/Testing/Temporary/LastTest.log
}

step "packages" deploy/install-deps.sh run test
step "clients" python3 tests/harness/venvs.py
step "build release" build release waagd waag waag-convert crash_test kill_victim device_test
step "build tests (ASan+UBSan)" build asan
step "build fuzz targets" build fuzz fuzz_targets
suite "fuzz" env JOBS="$jobs" tests/fuzz/run.sh build/fuzz "$fuzz_seconds"
suite "unit, property, crash, tidy" ctest --test-dir build/asan --parallel "$jobs" \
  --output-on-failure --no-tests=error
suite "crash, device (Release)" in_release
# Each worker has hubs of its own. One more than cores, as clients wait a good deal.
suite "integration" .venvs/tools/bin/python -m pytest -q -n $((jobs + 1)) --dist loadfile \
  tests/tidy tests/conformance tests/integration
if [[ ${#failed[@]} -gt 0 ]]; then
  printf 'FAILED: %s\n' "${failed[@]}" >&2
  exit 1
fi
