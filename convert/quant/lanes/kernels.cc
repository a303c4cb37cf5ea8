#include "convert/quant/kernels.h"

#include <vector>

#include "convert/quant/lanes/lists.h"

namespace waag::convert {

#if defined(__x86_64__)
namespace {

std::vector<TypeKernel> joined(std::initializer_list<lanes::KernelList> lists) {
  std::vector<TypeKernel> out;
  for (const auto& list : lists) out.insert(out.end(), list.first, list.first + list.count);
  return out;
}

}  // namespace

std::span<const TypeKernel> avx2_kernels() {
  using namespace lanes;
  static const auto kernels = joined({k_min_avx2(), k_signed_avx2(), iq4_avx2(), blocks_avx2()});
  return kernels;
}

std::span<const TypeKernel> avx512_kernels() {
  using namespace lanes;
  static const auto kernels =
      joined({k_min_avx512(), k_signed_avx512(), iq4_avx512(), blocks_avx512()});
  return kernels;
}
#else
std::span<const TypeKernel> avx2_kernels() { return {}; }
std::span<const TypeKernel> avx512_kernels() { return {}; }
#endif

}  // namespace waag::convert
