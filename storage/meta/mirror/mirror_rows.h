#pragma once

#include <string>
#include <string_view>

#include "storage/meta/row_codec.h"

namespace waag::storage {

/// Where a mirrored repo comes from. It stays bound to that upstream: names of another hub may mean
/// something else.
struct MirrorRow {
  std::string upstream;  // base URL
  std::string name;      // ns/name there
  TimeMs since{};
  TimeMs checked{};     // the upstream's last answer about it; written rarely, so it may be older
  TimeMs gone{};        // the upstream does not have it any more since then; zero: it has
  bool proven = false;  // all refs lead to commits whose bytes are here
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
