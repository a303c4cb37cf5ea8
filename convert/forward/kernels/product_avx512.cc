#include "convert/forward/kernels/product_of_lanes.h"

namespace waag::convert {

void add_product_avx512(const Product& product) { add_product_of<16, 4, 4>(product); }

}  // namespace waag::convert
