#pragma once

#include <string>
#include <string_view>

namespace waag::convert {

/// The bytes as byte-level BPE writes them, a letter (UTF-8) a byte: a byte that Latin-1 shows
/// stands for itself, every other one, in order, for U+0100 and on.
/// Source: openai/gpt-2 src/encoder.py, bytes_to_unicode.
std::string in_byte_alphabet(std::string_view bytes);

}  // namespace waag::convert
