#pragma once

#include <functional>
#include <optional>

#include "protocol/git/stream/raw_writer.h"
#include "protocol/hash.h"

namespace waag::git {

/// Takes raw objects apart as they come, in any pieces, checks each against its id, and has them
/// spelt in another form. Holds no object: the writer sees the bytes of one before they are known
/// to be right, and is not told of its end if they are wrong.
class RawReader {
 public:
  /// What the writer has made; it is only good until it returns. Its error ends the reading.
  using Take = std::function<Status(ByteView)>;

  /// @param writer  fresh; outlives this
  RawReader(ObjectWriter& writer, Take take) : writer_(writer), take_(std::move(take)) {}

  /// @return Errc::upstream_failed if the bytes are malformed, or no object of the id that they
  ///         claim. After an error it is the same again.
  Status feed(ByteView bytes);
  /// After the last byte. Errc::upstream_failed if something is missing.
  Status finish();

 private:
  enum class State : std::uint8_t { start, kind, object, body, end, over };

  Status decode(ByteView bytes);
  Status take_part(ByteView bytes);
  Result<std::size_t> step(ByteView bytes);
  Result<std::size_t> collect(ByteView bytes, std::size_t wanted);
  Status begin();
  Status begin_kind();
  Status begin_object();
  std::size_t take_body(ByteView bytes);
  Status end_object();
  Status end();

  ObjectWriter& writer_;
  Take take_;
  ZstdDecoder decoder_;
  Bytes block_;
  bool frame_ended_ = false;
  State state_{State::start};
  std::string held_;  // of a fixed part that has not come whole
  std::uint32_t expected_ = 0;
  std::uint32_t seen_ = 0;
  ObjectHead object_;
  std::uint64_t left_bytes_ = 0;  // of its body
  Sha1 hash_;
  std::string made_;
  std::optional<Error> failed_;
};

}  // namespace waag::git
