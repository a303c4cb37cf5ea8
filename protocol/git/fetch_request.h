#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/ids.h"

/// What a client asks of git-upload-pack, over HTTP in one body a round. Source: git,
/// gitprotocol-pack(5), gitprotocol-v2(5), gitprotocol-capabilities(5).
namespace waag::git {

/// Ids in one request: beyond it a client does not negotiate any more.
inline constexpr std::size_t fetch_ids_max = 500'000;

/// Which blobs a client leaves for later (a partial clone).
struct BlobFilter {
  bool none = false;                       // blob:none
  std::optional<std::uint64_t> bytes_max;  // blob:limit=N leaves out blobs of N bytes and more

  bool operator==(const BlobFilter&) const = default;
};

/// How far back a client wants history; commits behind are cut off.
struct Deepen {
  std::uint32_t depth = 0;            // in commits from what is wanted; 0: no limit
  bool relative = false;              // from the client's present end of history
  std::optional<std::int64_t> since;  // committer's time in seconds
  std::vector<std::string> not_refs;  // full or short ref names: what they reach is cut off

  [[nodiscard]] bool asked() const { return depth > 0 || since || !not_refs.empty(); }
};

struct FetchRequest {
  std::vector<GitId> wants;
  std::vector<CommitId> haves;
  std::vector<CommitId> shallow;  // commits whose parents the client lacks
  Deepen deepen;
  BlobFilter filter;
  bool negotiates = false;  // something follows the first flush; else only the cut is asked for
  bool done = false;        // no more rounds
  bool no_progress = false;
  bool include_tag = false;
  bool wait_for_done = false;  // version 2: no pack before `done`
  // Of versions 0 and 1; in version 2 they always hold.
  bool multi_ack_detailed = false;
  bool no_done = false;
  bool side_band_64k = false;
};

/// Body of a git-upload-pack request of version 0 or 1.
/// @return Errc::invalid_argument if it is malformed; an empty list of wants is none's request
Result<FetchRequest> parse_fetch_v0(std::string_view body);

/// The other side: what a client asks of another server in version 0, in one round.
/// @param wants  at least one
/// @param capabilities  those of the server that are wanted
std::string spell_fetch_v0(const std::vector<GitId>& wants, const std::vector<CommitId>& haves,
                           const std::vector<std::string_view>& capabilities);

/// Body of a request of version 2: its command and the lines after the delimiter.
struct Command {
  std::string name;
  std::vector<std::string_view> arguments;  // into the body
};
Result<Command> parse_command(std::string_view body);

Result<FetchRequest> parse_fetch_v2(const std::vector<std::string_view>& arguments);

struct RefsRequest {
  bool peel = false;
  bool symrefs = false;
  std::vector<std::string> prefixes;  // none: all refs
};
Result<RefsRequest> parse_ls_refs(const std::vector<std::string_view>& arguments);

}  // namespace waag::git
