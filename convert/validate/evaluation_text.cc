#include "convert/validate/evaluation_text.h"

#include <cstddef>

// Of evaluation_text_bytes.S.
extern "C" {
extern const char waag_evaluation_text[];
extern const char waag_evaluation_text_end[];
}

namespace waag::convert {

std::string_view evaluation_text() {
  return {waag_evaluation_text,
          static_cast<std::size_t>(waag_evaluation_text_end - waag_evaluation_text)};
}

}  // namespace waag::convert
