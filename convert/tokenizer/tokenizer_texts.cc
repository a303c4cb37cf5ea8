#include "convert/tokenizer/tokenizer_texts.h"

#include <algorithm>
#include <fstream>
#include <system_error>

#include "protocol/utf8.h"

namespace waag::convert {
namespace {

namespace fs = std::filesystem;

Result<std::optional<std::string>> read_bounded(const fs::path& path, std::size_t bytes_max) {
  std::error_code ec;
  if (!fs::is_regular_file(path, ec)) return std::optional<std::string>{};
  const auto name = path.filename().string();
  const auto size = fs::file_size(path, ec);
  if (ec) return fail(Errc::unavailable, name + ": " + ec.message());
  if (size > bytes_max) return fail(Errc::unprocessable, name + " is too large");
  std::string text(size, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(text.data(), static_cast<std::streamsize>(size));
  if (!file) return fail(Errc::unavailable, name + ": cannot be read");
  return std::optional(std::move(text));
}

/// Line ends become "\n", as in a text read by Python.
std::string with_plain_line_ends(const std::string& text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r') {
      plain += text[i];
    } else if (i + 1 == text.size() || text[i + 1] != '\n') {
      plain += '\n';
    }
  }
  return plain;
}

Result<std::optional<std::string>> read_template(const fs::path& path) {
  WAAG_TRY(auto text, read_bounded(path, chat_template_bytes_max));
  if (!text) return text;
  if (!is_utf8(*text)) {
    return fail(Errc::unprocessable, path.filename().string() + " is not UTF-8");
  }
  return std::optional(with_plain_line_ends(*text));
}

Result<std::vector<ChatTemplate>> read_additional(const fs::path& folder) {
  std::vector<ChatTemplate> templates;
  std::error_code ec;
  fs::directory_iterator entries(folder, ec);
  while (!ec && entries != fs::directory_iterator()) {
    const auto path = entries->path();
    if (path.extension() == ".jinja") {
      if (templates.size() == chat_templates_max) {
        return fail(Errc::unprocessable, "too many chat templates");
      }
      WAAG_TRY(auto text, read_template(path));
      if (text) templates.push_back({path.stem().string(), std::move(*text)});
    }
    entries.increment(ec);
  }
  std::sort(templates.begin(), templates.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return templates;
}

}  // namespace

Result<TokenizerTexts> read_tokenizer_texts(const fs::path& folder) {
  const auto read = [&](const char* name) {
    return read_bounded(folder / name, tokenizer_bytes_max);
  };
  TokenizerTexts texts;
  WAAG_TRY(texts.tokenizer_json, read("tokenizer.json"));
  WAAG_TRY(texts.sentencepiece_model, read("tokenizer.model"));
  if (!texts.tokenizer_json && !texts.sentencepiece_model) {
    WAAG_TRY(texts.tekken_json, read("tekken.json"));
  }
  WAAG_TRY(texts.tokenizer_config, read("tokenizer_config.json"));
  WAAG_TRY(texts.added_tokens, read("added_tokens.json"));
  WAAG_TRY(texts.chat_template_json, read("chat_template.json"));
  WAAG_TRY(texts.chat_template_jinja, read_template(folder / "chat_template.jinja"));
  if (texts.chat_template_jinja) {
    WAAG_TRY(texts.additional_templates, read_additional(folder / "additional_chat_templates"));
  }
  return texts;
}

}  // namespace waag::convert
