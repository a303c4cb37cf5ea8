#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/ids.h"

/// LFS over HTTP: the batch call and the bodies around it (HUB_API 5.5; git-lfs, docs/api).
namespace waag::lfs {

/// Objects in one call; clients send up to 256.
inline constexpr std::size_t batch_objects_max = 1000;
/// Smallest part of a multipart upload, and the most parts of one.
inline constexpr std::uint64_t part_bytes_min = 32 * 1024 * 1024;
inline constexpr std::uint64_t part_count_max = 10'000;

enum class Operation : std::uint8_t { download, upload };

struct Object {
  BlobId oid;
  std::uint64_t size_bytes = 0;

  bool operator==(const Object&) const = default;
};

struct BatchRequest {
  Operation operation{Operation::download};
  std::vector<std::string> transfers;  // in the client's order; "basic" if it named none
  std::vector<Object> objects;
  std::string ref;  // as sent: "main" or "refs/heads/main"; "" if none

  [[nodiscard]] bool accepts(std::string_view transfer) const;
};

/// @return Errc::invalid_argument if malformed, Errc::unprocessable for an oid or size that cannot
/// be,
///         Errc::conflict for a hash other than SHA-256, Errc::too_large for too many objects
Result<BatchRequest> parse_batch(std::string_view body);

/// One href with what the client must send along.
struct Action {
  std::string href;                                         // absolute; authorises itself
  std::vector<std::pair<std::string, std::string>> header;  // in this order
  std::uint64_t expires_in_s = 0;                           // 0 = not said
};

struct ObjectError {
  unsigned code = 0;  // an HTTP status
  std::string message;
};

/// One object of the reply. Without action and error it says "present, nothing to upload".
struct BatchObject {
  Object object;
  std::optional<Action> upload, verify, download;
  std::optional<ObjectError> error;
};

/// @param transfer  "basic", "multipart" or "xet". Absent members are left out: a null ends
///                  huggingface_hub (HUB_API 2.4)
std::string batch_reply(std::string_view transfer, const std::vector<BatchObject>& objects);

/// Bytes of all parts but the last: at least part_bytes_min, so large that part_count_max are
/// enough.
std::uint64_t part_bytes(std::uint64_t size_bytes);
/// ceil(size / part); 1 for an empty object.
std::uint64_t part_count(std::uint64_t size_bytes, std::uint64_t part_bytes);
/// The upload action of a multipart transfer: `completion_href`, and a header that holds chunk_size
/// and one all-digit key a part in ascending order, nothing else: clients count them.
Action multipart_upload(std::string completion_href, std::uint64_t part_bytes,
                        const std::vector<std::string>& part_hrefs);

struct CompletedPart {
  std::uint32_t number = 0;  // from 1
  std::string etag;
};

struct Completion {
  BlobId oid;
  std::vector<CompletedPart> parts;  // ascending, without gaps or doubles
};

/// The POST that ends a multipart upload: {"oid","parts":[{"partNumber","etag"}]}, parts in any
/// order.
Result<Completion> parse_completion(std::string_view body);

/// The POST to a verify href: {"oid","size"}.
Result<Object> parse_verify(std::string_view body);

/// {"message":"…"}: what git-lfs shows of a failed call.
std::string error_body(std::string_view message);

}  // namespace waag::lfs
