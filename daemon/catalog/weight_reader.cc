#include "daemon/catalog/weight_reader.h"

#include <algorithm>

namespace waag::daemon {
namespace {

/// Headers above these sizes are not read for a summary: ten times those of today's largest models.
constexpr std::uint64_t safetensors_bytes_max = 32u << 20;
constexpr std::uint64_t gguf_bytes_max = 64u << 20;
/// Holds the header of most GGUF files without a large vocabulary.
constexpr std::uint64_t gguf_first_bytes = 1u << 20;

}  // namespace

std::string read_front(storage::Store& store, const storage::TreeEntry& file,
                       std::uint64_t bytes_max) {
  auto blob = file.lfs ? store.open_blob(file.lfs->id) : store.open_git_blob(file.oid);
  if (!blob) return {};
  std::string front(std::min((*blob)->size_bytes(), bytes_max), '\0');
  std::size_t at = 0;
  while (at < front.size()) {
    const auto got = (*blob)->read(at, std::as_writable_bytes(std::span(front)).subspan(at));
    if (!got || *got == 0) return {};
    at += *got;
  }
  return front;
}

std::optional<model::GgufSummary> gguf_summary(std::uint64_t file_size_bytes,
                                               std::uint64_t bytes_max, const FrontReader& read) {
  auto wanted = std::min(gguf_first_bytes, file_size_bytes);
  while (wanted <= bytes_max) {
    const auto front = as_bytes(read(wanted));
    const auto parsed = model::parse_gguf_header(front, file_size_bytes);
    if (!parsed || front.size() < wanted) return std::nullopt;
    if (const auto* header = std::get_if<model::GgufHeader>(&*parsed))
      return model::summarise_gguf(*header, front);
    wanted = std::get<model::GgufNeedsBytes>(*parsed).prefix_bytes;
  }
  return std::nullopt;
}

WeightFacts WeightReader::read_safetensors(const storage::TreeEntry& file) const {
  WeightFacts facts;
  const auto length = read_front(store_, file, model::safetensors_length_bytes);
  const auto header_bytes = model::safetensors_header_bytes(as_bytes(length));
  if (!header_bytes || *header_bytes > safetensors_bytes_max) return facts;
  const auto front = read_front(store_, file, *header_bytes);
  const auto header = model::parse_safetensors_header(as_bytes(front), file.size_bytes);
  if (header) facts.counts = model::count_parameters(*header);
  return facts;
}

WeightFacts WeightReader::read_gguf(const storage::TreeEntry& file) const {
  std::string front;
  const auto read = [&](std::uint64_t bytes) -> std::string_view {
    front = read_front(store_, file, bytes);
    return front;
  };
  WeightFacts facts;
  facts.gguf = gguf_summary(file.size_bytes, gguf_bytes_max, read);
  return facts;
}

std::shared_ptr<const WeightFacts> WeightReader::read(const storage::TreeEntry& file) {
  if (auto known = known_.find(file.oid)) return known;
  const bool is_gguf = file.path.ends_with(".gguf");
  auto facts =
      std::make_shared<const WeightFacts>(is_gguf ? read_gguf(file) : read_safetensors(file));
  known_.put(file.oid, facts, 1);
  return facts;
}

}  // namespace waag::daemon
