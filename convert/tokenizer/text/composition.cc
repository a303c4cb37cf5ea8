#include "convert/tokenizer/text/composition.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include <utf8proc.h>

namespace waag::convert {
namespace {

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

const utf8proc_uint8_t* bytes_of(std::string_view text) {
  return reinterpret_cast<const utf8proc_uint8_t*>(text.data());
}

/// Characters with a combining class, or that compose, that huggingface's library does not know
/// yet: it goes by Unicode 9, and takes them for letters that stay as they are. In order.
struct Codes {
  utf8proc_int32_t first, last;
};
constexpr std::array<Codes, 37> younger{
    {{0x7FD, 0x7FD},     {0x898, 0x89F},     {0x8CA, 0x8D3},     {0x9FE, 0x9FE},
     {0xC3C, 0xC3C},     {0xD3B, 0xD3C},     {0xEBA, 0xEBA},     {0x1715, 0x1715},
     {0x1ABF, 0x1ACE},   {0x1DF6, 0x1DFA},   {0xA82C, 0xA82C},   {0x10D24, 0x10D27},
     {0x10EAB, 0x10EAC}, {0x10EFD, 0x10EFF}, {0x10F46, 0x10F50}, {0x10F82, 0x10F85},
     {0x11070, 0x11070}, {0x1133B, 0x1133B}, {0x1145E, 0x1145E}, {0x11839, 0x1183A},
     {0x11930, 0x11930}, {0x1193D, 0x1193E}, {0x11943, 0x11943}, {0x119E0, 0x119E0},
     {0x11A34, 0x11A34}, {0x11A47, 0x11A47}, {0x11A99, 0x11A99}, {0x11D42, 0x11D42},
     {0x11D44, 0x11D45}, {0x11D97, 0x11D97}, {0x11F41, 0x11F42}, {0x16FF0, 0x16FF1},
     {0x1E08F, 0x1E08F}, {0x1E130, 0x1E136}, {0x1E2AE, 0x1E2AE}, {0x1E2EC, 0x1E2EF},
     {0x1E4EC, 0x1E4EF}}};

bool is_younger(utf8proc_int32_t code) {
  const auto* at = std::lower_bound(younger.begin(), younger.end(), code,
                                    [](const Codes& of, auto sought) { return of.last < sought; });
  return at != younger.end() && at->first <= code;
}

Status append_composed(std::string& out, std::string_view part) {
  utf8proc_uint8_t* made = nullptr;
  constexpr auto nfc = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
  const auto size =
      utf8proc_map(bytes_of(part), static_cast<utf8proc_ssize_t>(part.size()), &made, nfc);
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(made, &std::free);
  if (size < 0) return fail(Errc::unprocessable, utf8proc_errmsg(size));
  out.append(reinterpret_cast<const char*>(made), static_cast<std::size_t>(size));
  return ok();
}

/// The same, letter by letter looked at first.
Status append_checked(std::string& out, std::string_view part) {
  std::size_t begun = 0, marks = 0;
  for (std::size_t at = 0; at < part.size();) {
    utf8proc_int32_t code = 0;
    const auto rest = part.substr(at);
    const auto found =
        utf8proc_iterate(bytes_of(rest), static_cast<utf8proc_ssize_t>(rest.size()), &code);
    if (found <= 0) return fail(Errc::unprocessable, "the text is not UTF-8");
    const auto size = static_cast<std::size_t>(found);
    marks = utf8proc_get_property(code)->combining_class == 0 ? 0 : marks + 1;
    if (marks > marks_in_a_row_max)
      return fail(Errc::unprocessable, "the text has too many combining marks in a row");
    if (is_younger(code)) {
      WAAG_CHECK(append_composed(out, part.substr(begun, at - begun)));
      out += rest.substr(0, size);
      begun = at + size;
    }
    at += size;
  }
  return append_composed(out, part.substr(begun));
}

}  // namespace

Result<std::string> composed(std::string_view text) {
  std::string made;
  made.reserve(text.size());
  // What is composed begins with an ASCII letter at most, and no ASCII letter is added to another.
  for (std::size_t at = 0; at < text.size();) {
    auto end = at;
    while (end < text.size() && is_ascii(text[end])) ++end;
    const auto plain = end < text.size() && end > at ? end - 1 : end;
    made += text.substr(at, plain - at);
    while (end < text.size() && !is_ascii(text[end])) ++end;
    if (end > plain) WAAG_CHECK(append_checked(made, text.substr(plain, end - plain)));
    at = end;
  }
  return made;
}

}  // namespace waag::convert
