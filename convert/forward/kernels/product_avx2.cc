#include "convert/forward/kernels/product_of_lanes.h"

namespace waag::convert {

void add_product_avx2(const Product& product) { add_product_of<8, 2, 4>(product); }

}  // namespace waag::convert
