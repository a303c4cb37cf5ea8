#include "convert/tokenizer/text/regex/regex.h"

#include <array>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "convert/tokenizer/text/regex/pattern.h"

namespace waag::convert {
namespace {

template <auto fn>
struct CDeleter {
  template <class T>
  void operator()(T* p) const noexcept {
    fn(p);
  }
};
template <class T, auto fn>
using UniqueC = std::unique_ptr<T, CDeleter<fn>>;
using CompileContext = UniqueC<pcre2_compile_context, pcre2_compile_context_free_8>;
using MatchContext = UniqueC<pcre2_match_context, pcre2_match_context_free_8>;
using MatchData = UniqueC<pcre2_match_data, pcre2_match_data_free_8>;

/// Steps of one search from one place, and what it may hold meanwhile. A run of a million spaces
/// steps back once for each.
constexpr std::uint32_t match_steps_max = 1'000'000;
constexpr std::uint32_t heap_kib_max = 256 * 1024;

Error failed(const char* doing, int code) {
  std::array<PCRE2_UCHAR, 256> text{};
  pcre2_get_error_message(code, text.data(), text.size());
  return fail(Errc::unprocessable, std::string("the regular expression cannot be ") + doing + ": " +
                                       reinterpret_cast<const char*>(text.data()));
}

std::size_t behind_character(std::string_view text, std::size_t at) {
  do ++at;
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80);
  return at;
}

}  // namespace

struct Regex::Code {
  UniqueC<pcre2_code, pcre2_code_free_8> compiled;
};

Result<Regex> Regex::compile(std::string_view pattern) {
  WAAG_TRY(const auto translated, pcre2_pattern(pattern));
  return of_pcre2(translated);
}

Result<Regex> Regex::literal(std::string_view text) { return of_pcre2(pcre2_literal(text)); }

Result<Regex> Regex::of_pcre2(std::string_view pattern) {
  const CompileContext context(pcre2_compile_context_create(nullptr));
  if (context == nullptr) return fail(Errc::unavailable, "no memory for a regular expression");
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  int error = 0;
  PCRE2_SIZE at = 0;
  auto code = std::make_shared<Code>();
  code->compiled.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                     PCRE2_UTF | PCRE2_UCP, &error, &at, context.get()));
  if (code->compiled == nullptr) return failed("read", error);
  Regex regex;
  regex.code_ = std::move(code);
  return regex;
}

struct Regex::Matcher::State {
  std::shared_ptr<const Code> code;
  MatchContext context;
  MatchData data;
};

Regex::Matcher::Matcher(const Regex& regex) : state_(std::make_unique<State>()) {
  if (regex.code_ == nullptr) return;  // of a step that looks for nothing
  state_->code = regex.code_;
  state_->context.reset(pcre2_match_context_create(nullptr));
  state_->data.reset(pcre2_match_data_create_from_pattern(regex.code_->compiled.get(), nullptr));
  if (state_->context == nullptr) return;
  pcre2_set_match_limit(state_->context.get(), match_steps_max);
  pcre2_set_heap_limit(state_->context.get(), heap_kib_max);
}
Regex::Matcher::~Matcher() = default;
Regex::Matcher::Matcher(Matcher&&) noexcept = default;
Regex::Matcher& Regex::Matcher::operator=(Matcher&&) noexcept = default;

Status Regex::Matcher::each(std::string_view text, const Sink& sink) {
  auto* const data = state_->data.get();
  if (data == nullptr || state_->context == nullptr)
    return fail(Errc::unavailable, "no memory for a regular expression");
  const auto* const subject = reinterpret_cast<PCRE2_SPTR>(text.data());
  std::size_t from = 0, written = 0;
  std::optional<std::size_t> last_end;
  while (from <= text.size()) {
    const int found = pcre2_match(state_->code->compiled.get(), subject, text.size(), from,
                                  PCRE2_NO_UTF_CHECK, data, state_->context.get());
    if (found == PCRE2_ERROR_NOMATCH) break;
    if (found < 0) return failed("matched", found);
    const auto* const ends = pcre2_get_ovector_pointer(data);
    const std::size_t begin = ends[0], end = ends[1];
    if (begin == end && last_end == end) {
      from = behind_character(text, from);
      continue;
    }
    from = end;
    last_end = end;
    if (written != begin) WAAG_CHECK(sink(text.substr(written, begin - written), false));
    WAAG_CHECK(sink(text.substr(begin, end - begin), true));
    written = end;
  }
  return written == text.size() ? ok() : sink(text.substr(written), false);
}

}  // namespace waag::convert
