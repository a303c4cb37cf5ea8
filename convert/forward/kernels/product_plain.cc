#include "convert/forward/kernels/product_of_lanes.h"

namespace waag::convert {

void add_product_plain(const Product& product) { add_product_of<4, 2, 2>(product); }

}  // namespace waag::convert
