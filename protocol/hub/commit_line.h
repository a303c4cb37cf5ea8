#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/base64.h"
#include "protocol/hub/commit_request.h"

namespace waag::hub {

/// One line of a commit request: takes its keys and values in the order in which they come and says
/// what the line means at its end. Knows no JSON grammar; commit_request.cc feeds it from a
/// tokenizer.
class CommitLine {
 public:
  enum class Kind : std::uint8_t { unknown, header, file, lfs_file, deleted_file, deleted_folder };
  enum class Field : std::uint8_t {
    ignored,
    summary,
    description,
    parent_commit,
    path,
    content,
    encoding,
    algo,
    oid,
    size,
    count
  };

  /// "file", "lfsFile", ...: the line's "key".
  Status kind(std::string_view name);
  /// Begins the member `name` of "value": what it means in this kind of line. A second one is
  /// refused.
  Result<Field> begin_field(std::string_view name);
  /// A piece of the string value of `field`; `last` ends it. Contents go to `events`.
  Status text(Field field, std::string_view piece, bool last, std::vector<CommitEvent>& events);
  Status size(std::uint64_t bytes);
  /// null is taken as absent where absence is allowed.
  Status null(Field field);
  Status end(std::vector<CommitEvent>& events);

  [[nodiscard]] Kind kind() const { return kind_; }

 private:
  enum class Encoding : std::uint8_t { unknown, base64, utf8 };

  [[nodiscard]] bool seen(Field field) const {
    return (seen_ >> static_cast<unsigned>(field) & 1U) != 0;
  }
  Status bounded(std::string& to, std::string_view piece, std::size_t bytes_max, const char* what);
  Status content(std::string_view piece, bool last, std::vector<CommitEvent>& events);
  Status content_bytes(std::string_view piece, std::vector<CommitEvent>& events);
  Status encoding_known();
  Status checked_path();
  Status end_header(std::vector<CommitEvent>& events);
  Status end_file(std::vector<CommitEvent>& events);
  Status end_lfs_file(std::vector<CommitEvent>& events);

  Kind kind_ = Kind::unknown;
  std::uint32_t seen_ = 0;  // bit per Field
  std::string summary_, description_, parent_commit_, path_, encoding_name_, algo_, oid_;
  std::optional<std::uint64_t> size_bytes_;
  Encoding encoding_ = Encoding::unknown;
  std::string held_;        // content while the encoding is unknown
  bool streaming_ = false;  // FileBegin has been sent
  Base64Decoder base64_;
  std::uint64_t content_bytes_ = 0;  // decoded
};

}  // namespace waag::hub
