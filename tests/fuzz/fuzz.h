#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "protocol/bytes.h"

/// Ends the process, so that libFuzzer keeps the input: for what must hold beyond "no crash".
#define FUZZ_REQUIRE(condition)                                                           \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                       \
    }                                                                                     \
  } while (false)

namespace waag::fuzz {

/// One input; defined by each target.
void run(ByteView input);

}  // namespace waag::fuzz

extern "C" inline int waag_fuzz_one(const std::uint8_t* data, std::size_t size) {
  waag::fuzz::run(std::as_bytes(std::span(data, size)));
  return 0;
}

/// Stands once in each target.
#define WAAG_FUZZ_TARGET                                                              \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { \
    return waag_fuzz_one(data, size);                                                 \
  }
