#pragma once

#include <mutex>
#include <optional>

#include "daemon/mirror/hub_source.h"
#include "protocol/model/weight_summary.h"
#include "storage/git/lru_cache.h"

namespace waag::daemon {

/// What GGUF files say of themselves whose bytes have still to come: the first MiB of each, asked
/// of its upstream. None of it is verified, so it is not stored, and kept apart from what is known
/// of files that are here. Thread-safe.
class ColdHeaders {
 public:
  /// nullopt: it is no GGUF file, or one with a header beyond all measure.
  using Header = std::optional<model::GgufSummary>;

  ColdHeaders() : known_(remembered_max) {}

  /// nullptr: it was not asked for, or has been forgotten.
  std::shared_ptr<const Header> known(std::uint64_t repo_uid, const GitId& oid);
  /// The same, asked for unless it is known. Blocks for seconds at most.
  /// @return Errc::deadline_exceeded or what the upstream says; it is not remembered
  Result<std::shared_ptr<const Header>> ask(HubClient& hub, std::uint64_t repo_uid,
                                            const GitId& oid, const HubSource::File& file);

 private:
  static constexpr std::size_t remembered_max = 10'000;

  static std::string key_of(std::uint64_t repo_uid, const GitId& oid);

  storage::LruCache<std::string, Header> known_;
  std::timed_mutex asking_;  // one at a time: a header may take tens of MiB while it is read
};

}  // namespace waag::daemon
