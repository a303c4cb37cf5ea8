#include "convert/pipeline/companions.h"

#include <array>
#include <fstream>

#include "protocol/hash.h"

namespace waag::convert {
namespace {

// What transformers reads beside config.json and weights.
constexpr std::array<std::string_view, 11> copied_names{
    "tokenizer.json",      "tokenizer_config.json",
    "tokenizer.model",     "special_tokens_map.json",
    "added_tokens.json",   "vocab.json",
    "merges.txt",          "tekken.json",
    "chat_template.jinja", "generation_config.json",
    "chat_template.json",
};
constexpr std::uint64_t companion_bytes_max = 256 << 20;

Result<std::string> read_text(const std::filesystem::path& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error || size > companion_bytes_max)
    return fail(Errc::unprocessable, path.filename().string() + " is too large to be copied");
  std::string text(size, '\0');
  std::ifstream in(path, std::ios::binary);
  if (!in.read(text.data(), static_cast<std::streamsize>(size)))
    return fail(Errc::unavailable, path.filename().string() + " cannot be read");
  return text;
}

}  // namespace

Result<std::vector<std::string>> write_companions(const std::string& folder,
                                                  const std::filesystem::path& source,
                                                  const std::map<std::string, std::string>& texts,
                                                  OutputFolder& output, Progress& progress) {
  auto all = texts;
  for (const auto name : copied_names) {
    const auto path = source / name;
    std::error_code error;
    if (all.contains(std::string(name)) || !std::filesystem::is_regular_file(path, error)) continue;
    WAAG_TRY(all[std::string(name)], read_text(path));
  }
  std::vector<std::string> names;
  for (const auto& [name, text] : all) {
    const auto target = folder + "/" + name;
    WAAG_TRY(const auto file, output.open(target + ".part"));
    WAAG_CHECK(file->truncate(0));
    WAAG_CHECK(file->write_at(0, as_bytes(text)));
    WAAG_CHECK(file->sync());
    WAAG_CHECK(output.rename(target + ".part", target));
    progress.file(target, text.size(), sha256(as_bytes(text)));
    names.push_back(target);
  }
  return names;
}

}  // namespace waag::convert
