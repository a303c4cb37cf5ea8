#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "protocol/bytes.h"
#include "protocol/ids.h"

/// The NDJSON body of POST /api/{R}/{id}/commit/{rev} (HUB_API 5.4), read as it arrives. One line
/// may hold a file of tens of megabytes in base64, and clients put "content" before "path" and
/// "encoding", so nothing waits for the end of a line: contents leave as events while they come in.
namespace waag::hub {

struct CommitHeader {
  std::string summary;
  std::string description;
  std::string
      parent_commit;  // 5 to 40 lower-case hex digits: clients may shorten it; "" = not given
};
/// Begins a `file`. `path` is "" if it has not been seen yet; FileEnd always has it.
struct FileBegin {
  std::string path;
};
struct FileBytes {
  std::string bytes;  // decoded
};
struct FileEnd {
  std::string path;
  std::uint64_t size_bytes = 0;
};
struct LfsFileOperation {
  std::string path;
  BlobId oid;
  std::optional<std::uint64_t> size_bytes;  // absent on copies
};
struct DeleteOperation {
  std::string path;     // without the trailing slash that clients put on folders
  bool folder = false;  // false may name a folder all the same
};
using CommitEvent =
    std::variant<CommitHeader, FileBegin, FileBytes, FileEnd, LfsFileOperation, DeleteOperation>;

inline constexpr std::size_t commit_operations_max = 25'000;
/// Longest summary and description in bytes.
inline constexpr std::size_t commit_summary_bytes_max = 8 * 1024;
inline constexpr std::size_t commit_description_bytes_max = 32 * 1024;
/// A content that comes before its "encoding" is held up to this many bytes; a longer one is taken
/// as base64, which every client sends, and refused if the encoding then turns out to be another.
inline constexpr std::size_t commit_held_bytes_max = 16 * 1024;

/// Push parser. Holds at most about 64 KiB whatever is fed. After an error it must be dropped.
///
/// Errors name the line: Errc::invalid_argument (400) for malformed input, Errc::unprocessable
/// (422) for a path that may not be, Errc::too_large for more than commit_operations_max
/// operations.
class CommitRequestParser {
 public:
  CommitRequestParser();
  ~CommitRequestParser();
  CommitRequestParser(CommitRequestParser&&) noexcept;
  CommitRequestParser& operator=(CommitRequestParser&&) noexcept;

  /// Appends to `events` what `input` completes. Their size is bounded by the input's.
  Status feed(ByteView input, std::vector<CommitEvent>& events);
  /// After the last byte; the last line needs no newline. A body without a header line is an error.
  Status finish(std::vector<CommitEvent>& events);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace waag::hub
