#!/usr/bin/env bash
# The long forms: the same tests as in `make test` with larger numbers. Each prints what it leaves
# out and why.
set -euo pipefail
cd "$(dirname "$0")/.."

jobs=${JOBS:-$(nproc)}

skip() { echo "skipped: $1 ($2)"; }

build() {  # PRESET TARGET...
  local preset=$1
  shift
  [[ -f build/$preset/build.ninja ]] || cmake --preset "$preset" -DWAAG_UNITY=ON >/dev/null
  cmake --build --preset "$preset" --parallel "$jobs" ${1:+--target "$@"} -- --quiet
}

reliability() {
  deploy/install-deps.sh run test
  build release crash_test kill_victim convert_test
  build asan
  local images=${WAAG_CRASH_IMAGES:-200000} kills=${WAAG_KILLS:-2000}
  local failure_steps=${WAAG_FAILURE_STEPS:-60} asan_share=50
  export WAAG_ROUNDS=${WAAG_ROUNDS:-2000} WAAG_SEED=${WAAG_SEED:-$(date +%s)}
  echo "seed: $WAAG_SEED (WAAG_SEED=… repeats the run)"
  build/release/tests/convert_test "[long]" -d yes
  WAAG_CRASH_IMAGES=$images WAAG_KILLS=$kills WAAG_FAILURE_STEPS=$failure_steps \
    long_ctest release '^crash'
  WAAG_CRASH_IMAGES=$((images / asan_share)) WAAG_KILLS=$((kills / asan_share)) \
    long_ctest asan '^crash|^property'
  clients
}

clients() {  # every client in every version
  local oracles=tests/harness/oracles
  deploy/install-deps.sh run test
  command -v cargo >/dev/null || deploy/install-deps.sh rust
  build release waagd waag waag-convert
  WAAG_LLAMA_PROGRAMS=$(JOBS=$jobs python3 $oracles/build_llama_programs.py)
  export WAAG_LLAMA_PROGRAMS
  if python3 $oracles/build_ollama.py --has-go; then
    WAAG_OLLAMA=$(JOBS=$jobs python3 $oracles/build_ollama.py)
    export WAAG_OLLAMA
  else
    skip "a real Ollama" "it needs go 1.24 or newer, which Debian 12 has not"
  fi
  export WAAG_CLIENTS=${WAAG_CLIENTS:-all} WAAG_RUST=1 WAAG_FLAPS_S=${WAAG_FLAPS_S:-120}
  python3 tests/harness/venvs.py
  .venvs/tools/bin/python -m pytest -q tests/integration
}

long_ctest() {  # PRESET REGEX
  ctest --test-dir "build/$1" --parallel "$jobs" --output-on-failure --no-tests=error \
    --timeout 14400 -R "$2"
  grep '^tried:' "build/$1/Testing/Temporary/LastTest.log"
}

sanitize() {
  deploy/install-deps.sh run test
  build asan
  build tsan
  build fuzz fuzz_targets
  skip "MSan" "Debian's RocksDB and Boost are not instrumented"
  tests/fuzz/run.sh build/fuzz "${FUZZ_SECONDS:-300}"
  ctest --test-dir build/asan --parallel "$jobs" --output-on-failure --no-tests=error
  # TSan's shadow mapping fails under strong address randomisation; setarch turns it off.
  setarch --addr-no-randomize ctest --test-dir build/tsan --parallel "$jobs" \
    --output-on-failure --no-tests=error
}

conformance() {
  local tree=${1:-}
  if [[ -z $tree ]]; then
    skip "huggingface_hub's own suite" "give a checkout: make conformance TREE=dir"
    return 0
  fi
  deploy/install-deps.sh run test
  build release waagd waag
  python3 tests/conformance ${XET:+--xet} "$tree"
}

golden() {
  skip "stores of older releases" "there is no older release: this is the first on-disk format"
  converter
  decompressors
  vllm
}

# The converter against the tool whose bytes it promises: llama.cpp, built from the source package
# of llama-cpp-python. WAAG_GOLDEN_SHORT=1 takes 256 rows of the sample instead of 100 million
# elements a type.
converter() {
  local folder=tests/harness/oracles python=.venvs/tools/bin/python libraries
  deploy/install-deps.sh run test
  build release waag-convert convert_test
  python3 tests/harness/venvs.py
  libraries=$(JOBS=$jobs python3 $folder/build_llama_cpp.py)
  $python tests/harness/ggml_oracle.py "$libraries/libggml-base.so" \
    --check tests/vectors/ggml_digests.h ${WAAG_GOLDEN_SHORT:+--short}
  build/release/tests/convert_test ${WAAG_GOLDEN_SHORT:+~}"[long]" -d yes
  WAAG_LLAMA_CPP=$libraries $python -m pytest -q tests/integration/convert/test_same_bytes.py
}

# Its safetensors against compressed-tensors and transformers: what they quantize and decompress.
decompressors() {
  local folder=tests/harness/oracles python
  deploy/install-deps.sh run test
  build release waag-convert
  python=$(python3 $folder/torch_environment.py)
  "$python" $folder/linear_vectors.py \
    --check tests/convert/quant/linear/quantize_linear_test.cc
  python3 tests/harness/venvs.py
  "$python" -m pytest -q tests/integration/convert/test_decompressors.py \
    tests/integration/convert/test_forward_in_transformers.py \
    tests/integration/convert/test_published_in_transformers.py \
    tests/integration/convert/test_published_tokenizers.py \
    tests/integration/convert/tokens/test_tokens_in_tokenizers.py
}

# The same by vLLM's loader, on the CPU; its packages are 9 GB on disk.
vllm() {
  local folder=tests/harness/oracles python
  if [[ $(uname -m) != x86_64 ]]; then
    skip "vLLM's loader" "its packages are pinned for x86-64"
    return 0
  fi
  deploy/install-deps.sh run test
  build release waag-convert
  python=$(python3 $folder/vllm_environment.py)
  "$python" -m pytest -q tests/integration/convert/test_vllm.py
}

case "${1:-}" in
  reliability | sanitize | conformance | golden) "$@" ;;
  *)
    echo "usage: $0 reliability|sanitize|conformance [TREE]|golden" >&2
    exit 2
    ;;
esac
