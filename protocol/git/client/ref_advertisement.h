#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/ids.h"

/// What a git server says of its refs before anything is fetched: the reply to
/// info/refs?service=git-upload-pack in protocol version 0. Source: git, gitprotocol-http(5),
/// gitprotocol-pack(5).
namespace waag::git {

/// Refs of one repository that are read; more are refused.
inline constexpr std::size_t advertised_refs_max = 200'000;

struct AdvertisedRef {
  std::string name;  // full: "refs/..."
  GitId id;
  GitId peeled;  // what an annotated tag leads to in the end; zero for all others
};

struct RefAdvertisement {
  std::vector<AdvertisedRef> refs;  // as they came, each name once; HEAD is not among them
  std::string head;                 // name of the ref that HEAD stands for; "" if it is not told
  std::vector<std::string> capabilities;

  [[nodiscard]] bool can(std::string_view capability) const;
};

/// @return Errc::upstream_failed if the text is no advertisement, one of a shallow repository or of
///         other ids than SHA-1, or says ERR
Result<RefAdvertisement> parse_ref_advertisement(std::string_view body);

/// Text of another server for our log: one line of printable ASCII.
std::string server_text(std::string_view text);

}  // namespace waag::git
