#pragma once

#include <map>
#include <string>
#include <vector>

#include "protocol/xet/reconstruction.h"

namespace waag::xet {

/// Chunks of a xorb, and where another hub has them. Both ends exclusive.
struct RemoteRange {
  FetchRange at;  // wire_begin and wire_end: in the body that `url` leads to
  std::string url;

  bool operator==(const RemoteRange&) const = default;
};

/// A reconstruction as another hub answers it.
struct RemotePlan {
  std::uint64_t offset_into_first_range = 0;
  std::vector<PlanTerm> terms;
  std::map<XorbHash, std::vector<RemoteRange>> ranges;

  /// The shortest range that holds all chunks of the term: there is one for each.
  [[nodiscard]] const RemoteRange& range_of(const PlanTerm& term) const;
};

/// More terms than a part of a file has: every chunk of 1 GiB of the smallest chunks.
inline constexpr std::size_t remote_terms_max = 131'072;

/// Reads either version of the answer, "fetch_info" or "xorbs". Unknown members are ignored.
/// @return Errc::upstream_failed if it is malformed, or contradicts itself or a xorb's limits: each
///         term lies in one range, each range's bytes can be those of its chunks
Result<RemotePlan> parse_remote_plan(std::string_view json);

}  // namespace waag::xet
