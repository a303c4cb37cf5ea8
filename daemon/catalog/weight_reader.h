#pragma once

#include <functional>
#include <optional>

#include "protocol/model/weight_summary.h"
#include "storage/git/lru_cache.h"
#include "storage/store.h"

namespace waag::daemon {

/// The first bytes of a file, at most `bytes_max`; "" if it cannot be read: whoever describes a
/// repo does without.
std::string read_front(storage::Store& store, const storage::TreeEntry& file,
                       std::uint64_t bytes_max);

/// Gives at least the first `bytes` of a file, or fewer if they are not to be had. What it gave
/// last is gone with the next call.
using FrontReader = std::function<std::string_view(std::uint64_t bytes)>;

/// What the header of a GGUF file says, read in as small a front as it takes; nullopt if it is
/// malformed, not to be had, or larger than `bytes_max`.
std::optional<model::GgufSummary> gguf_summary(std::uint64_t file_size_bytes,
                                               std::uint64_t bytes_max, const FrontReader& read);

/// What the header of a weight file says; nothing if it is malformed or too large.
struct WeightFacts {
  model::ParameterCounts counts;  // safetensors
  std::optional<model::GgufSummary> gguf;
};

/// Reads headers of weight files, and remembers what they said by the file's git id: the next
/// commit of the repo has most of them still. Thread-safe. Blocks.
class WeightReader {
 public:
  explicit WeightReader(storage::Store& store) : store_(store), known_(remembered_max) {}

  std::shared_ptr<const WeightFacts> read(const storage::TreeEntry& file);

 private:
  static constexpr std::size_t remembered_max = 10'000;

  WeightFacts read_safetensors(const storage::TreeEntry& file) const;
  WeightFacts read_gguf(const storage::TreeEntry& file) const;

  storage::Store& store_;
  storage::LruCache<GitId, WeightFacts> known_;
};

}  // namespace waag::daemon
