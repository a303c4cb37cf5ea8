#pragma once

#include <functional>
#include <optional>
#include <string>

#include "protocol/bytes.h"
#include "protocol/git/pkt_line.h"

namespace waag::git {

/// Takes a git-upload-pack reply of version 0 apart as it comes, in any pieces: lines that say what
/// is common (NAK, ACK), then the pack within side bands, then a flush. Holds one short line.
/// Source: git, gitprotocol-pack(5), "Packfile Data".
class FetchReply {
 public:
  /// Bytes of the pack; they are only good until it returns. Its error ends the reading.
  using Take = std::function<Status(ByteView)>;

  explicit FetchReply(Take pack) : pack_(std::move(pack)) {}

  /// @return Errc::upstream_failed if the reply is malformed or tells of an error. After an error
  ///         it is the same again.
  Status feed(ByteView bytes);
  /// After the last byte. Errc::upstream_failed if something is missing.
  Status finish();

 private:
  /// What a packet's payload is.
  enum class Kind : char { unknown = 0, pack = 1, progress = 2, fatal = 3, line = 'L' };

  Result<std::size_t> step(ByteView bytes);
  Result<std::size_t> take_head(ByteView bytes);
  Result<std::size_t> take_kind(ByteView bytes);
  Result<std::size_t> take_payload(ByteView bytes);
  Status end_packet();
  Status take_line(std::string_view line);

  Take pack_;
  std::string head_;               // of a packet, as far as it has come
  std::size_t payload_bytes_ = 0;  // that are still to come
  Kind kind_{Kind::unknown};
  std::string text_;  // of a line, or an error
  std::size_t lines_ = 0;
  bool in_bands_ = false;
  bool ended_ = false;
  std::optional<Error> failed_;
};

}  // namespace waag::git
