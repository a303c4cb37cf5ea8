#include "convert/quant/quantize.h"

namespace waag::convert {

Lanes best_lanes() {
#if defined(__x86_64__)
  static const Lanes best = [] {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
      return Lanes::avx512;
    return __builtin_cpu_supports("avx2") ? Lanes::avx2 : Lanes::scalar;
  }();
  return best;
#else
  return Lanes::scalar;
#endif
}

}  // namespace waag::convert
