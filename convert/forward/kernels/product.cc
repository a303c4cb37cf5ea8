#include "convert/forward/kernels/product.h"

#include "convert/quant/quantize.h"

namespace waag::convert {

void add_product(const Product& product) {
#if defined(__x86_64__)
  switch (best_lanes()) {
    case Lanes::avx512:
      return add_product_avx512(product);
    case Lanes::avx2:
      if (__builtin_cpu_supports("fma")) return add_product_avx2(product);
      break;
    case Lanes::scalar:
      break;
  }
#endif
  add_product_plain(product);
}

}  // namespace waag::convert
