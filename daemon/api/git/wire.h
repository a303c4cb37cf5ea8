#pragma once

#include <functional>

#include "daemon/http/message.h"
#include "protocol/git/zlib_stream.h"
#include "storage/store.h"

/// What the routes of git's protocol share.
namespace waag::daemon::git_wire {

/// How we name ourselves to clients.
inline constexpr std::string_view agent = "agent=waag";

/// The version that a client asks for by its Git-Protocol header: 0, 1 or 2.
int protocol_version(const Request& request);

/// The repo if `who` may have its files: a clone brings them all. Errors as authorised_repo's, and
/// Errc::gated. Blocks.
Result<storage::RepoRow> fetchable_repo(storage::Store& store, const Identity& who,
                                        const RepoId& id);

/// Decodes a request's body, which git may send as gzip.
class BodyDecoder {
 public:
  /// @return Errc::invalid_argument for an encoding that git does not use
  static Result<BodyDecoder> of(const Request& request);

  using Sink = std::function<Status(ByteView)>;
  /// Hands on what `bytes` decode to, in pieces.
  Status feed(ByteView bytes, const Sink& sink);
  /// After the last byte: the encoding must be complete.
  Status finish() const;

 private:
  std::optional<git::Inflater> inflater_;
  bool done_ = false;
};

/// The whole decoded body. Errc::too_large beyond bytes_max. Blocks.
Result<std::string> decode_body(const Request& request, std::string_view body,
                                std::size_t bytes_max);

/// 200 with a body of that type which no cache may keep.
Response reply(std::string_view content_type);

/// A reply that git prints as "remote error".
std::string error_line(const Error& error);

}  // namespace waag::daemon::git_wire
