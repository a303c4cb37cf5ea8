#include "convert/tokens_job.h"

#include <chrono>
#include <fstream>
#include <string>

#include "convert/job_spec.h"
#include "convert/spec/spec_members.h"
#include "convert/tokenizer/text/text_tokenizer.h"

namespace waag::convert {
namespace {

namespace fs = std::filesystem;

Result<std::string> read_text(const fs::path& path) {
  std::error_code ec;
  if (!fs::is_regular_file(path, ec)) return fail(Errc::not_found, "there is no text");
  const auto size = fs::file_size(path, ec);
  if (ec) return fail(Errc::unavailable, "the text: " + ec.message());
  if (size > text_bytes_max) return fail(Errc::too_large, "the text is above 64 MiB");
  std::string text(size, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(text.data(), static_cast<std::streamsize>(size));
  if (!file) return fail(Errc::unavailable, "the text cannot be read");
  return text;
}

Result<TokensSpec> read_spec(std::string_view text) {
  TokensSpec spec;
  WAAG_TRY(const auto from, parse_spec(text, job_spec_bytes_max));
  WAAG_CHECK(check_members(from, {"model", "text"}));
  WAAG_TRY(spec.model, absolute_path(from, "model"));
  WAAG_TRY(spec.text, absolute_path(from, "text"));
  return spec;
}

}  // namespace

Result<TokensSpec> parse_tokens_spec(std::string_view text) {
  auto spec = read_spec(text);
  if (!spec) return fail(Errc::invalid_argument, "tokens: " + spec.error().what);
  return spec;
}

Status run_tokens(const TokensSpec& spec, const std::function<void(std::string_view)>& sink) {
  const auto begun = std::chrono::steady_clock::now();
  WAAG_TRY(const auto tokenizer, TextTokenizer::open(spec.model));
  WAAG_TRY(const auto text, read_text(spec.text));
  WAAG_TRY(const auto tokens, tokenizer.tokens(text));
  std::string line = R"({"event":"tokens","sha256":")" + tokenizer.sha256() + R"(","bos":)";
  line += tokenizer.bos() ? std::to_string(*tokenizer.bos()) : "null";
  line += R"(,"tokens":[)";
  for (const auto token : tokens) line.append(std::to_string(token)).append(",");
  if (!tokens.empty()) line.pop_back();
  sink(line + "]}\n");
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  sink(R"({"event":"done","tokens":)" + std::to_string(tokens.size()) + R"(,"seconds":)" +
       std::to_string(took.count()) + "}\n");
  return ok();
}

}  // namespace waag::convert
