#pragma once

#include <string_view>

namespace waag::convert {

/// Names the text below in certificates. Another text needs another name: figures of different
/// texts do not compare.
inline constexpr std::string_view evaluation_text_id = "waag-evaluation-1";

/// What models are run over unless a text is given: about 64,000 tokens of English, Chinese, code
/// and dialogue, UTF-8 in NFC (text/README.md says where they are from). Part of the program, as a
/// conversion has no other files to read.
std::string_view evaluation_text();

}  // namespace waag::convert
