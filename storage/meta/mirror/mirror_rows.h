#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/meta/row_codec.h"

namespace waag::storage {

/// A ref of an upstream that is not here, for its history or its name breaks a rule of this hub.
struct LeftOutRef {
  std::string name;  // full
  std::string reason;
  bool operator==(const LeftOutRef&) const = default;
};

/// Of them one row names so many.
inline constexpr std::size_t left_out_refs_max = 20;

/// Where a mirrored repo comes from. It stays bound to that upstream: names of another hub may mean
/// something else.
struct MirrorRow {
  std::string upstream;  // base URL
  std::string name;      // ns/name there
  TimeMs since{};
  TimeMs checked{};     // the upstream's last answer about it; written rarely, so it may be older
  TimeMs gone{};        // the upstream does not have it any more since then; zero: it has
  bool proven = false;  // all refs lead to commits whose bytes are here
  std::uint64_t refs_left_out = 0;     // when the history last came
  std::vector<LeftOutRef> left_out{};  // the first of them
  bool operator==(const MirrorRow&) const = default;
};

/// A commit of which an upstream has told the id and the files: none of its bytes are here, so
/// nothing proves that the id is theirs.
struct ClaimedCommit {
  GitId tree;  // of our own making
  TimeMs date{};
  std::string author;
  std::string title;
  bool operator==(const ClaimedCommit&) const = default;
};

std::string encode(const MirrorRow& row);
std::string encode(const ClaimedCommit& row);
Result<MirrorRow> decode_mirror(std::string_view value);
Result<ClaimedCommit> decode_claimed_commit(std::string_view value);

}  // namespace waag::storage
