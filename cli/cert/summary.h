#pragma once

#include <iosfwd>

#include "protocol/certificate/certificate.h"

namespace waag::cli {

/// Tells people what a certificate says, with the tensors that lost most.
void print_summary(std::ostream& out, const certificate::Certificate& of);

}  // namespace waag::cli
