#pragma once

#include <functional>
#include <memory>
#include <string>

#include "daemon/http/message.h"
#include "protocol/http/byte_range.h"

namespace waag::daemon {

/// One file about to be sent, with what its headers say. Rules: HUB_API 3.1.
struct BlobReply {
  std::string etag;  // without quotes; strong
  std::uint64_t size_bytes = 0;
  Headers headers;  // of the route: sent with every status
  /// Who goes on with a cut download gets all of the file: what he has of it may be wrong.
  bool from_the_start = false;
  /// Opens the bytes; called only if some will be sent. Blocks.
  std::function<Result<std::unique_ptr<storage::BlobReader>>()> open;
  /// Instead, for bytes that are still on their way: a body that follows them.
  /// @param rest  the caller wants all from there on, as who goes on with a cut download does
  std::function<Result<std::shared_ptr<AsyncSource>>(http::ByteRange range, bool rest)> follow;
};

/// 200, 206, 304 or 416 after Range, If-Range and If-None-Match; for HEAD without a body. Blocks.
Result<Response> blob_response(const Request& request, BlobReply reply);

/// "text/plain; charset=utf-8" for what people read, else "application/octet-stream". Never a type
/// that a browser runs.
std::string_view content_type_of(std::string_view path);

}  // namespace waag::daemon
