#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

/// Small questions on header fields that several parsers of this folder ask.
namespace waag::http {

/// Without spaces and tabs at both ends.
std::string_view trimmed(std::string_view text);
/// Equal without regard to ASCII case.
bool equal_nocase(std::string_view a, std::string_view b);
/// RFC 9110 token: at least one of the characters that may stand in a field name or method.
bool is_token(std::string_view text);
/// Digits alone; nullopt for anything else, and beyond 64 bits.
std::optional<std::uint64_t> decimal(std::string_view digits);
/// May stand in a field value: visible, space, tab or 8-bit; no control character.
bool is_field_value(std::string_view text);

}  // namespace waag::http
