#include "protocol/hub/commit_line.h"

#include <algorithm>
#include <array>
#include <utility>

#include "protocol/git/path.h"

namespace waag::hub {
namespace {

using Field = CommitLine::Field;
using Kind = CommitLine::Kind;

constexpr std::array<std::pair<std::string_view, Kind>, 5> kinds = {{
    {"header", Kind::header},
    {"file", Kind::file},
    {"lfsFile", Kind::lfs_file},
    {"deletedFile", Kind::deleted_file},
    {"deletedFolder", Kind::deleted_folder},
}};

constexpr std::array<std::pair<std::string_view, Field>, 9> fields = {{
    {"summary", Field::summary},
    {"description", Field::description},
    {"parentCommit", Field::parent_commit},
    {"path", Field::path},
    {"content", Field::content},
    {"encoding", Field::encoding},
    {"algo", Field::algo},
    {"oid", Field::oid},
    {"size", Field::size},
}};

/// Which fields a kind of line reads; others are unknown to it and ignored.
bool reads(Kind kind, Field field) {
  switch (kind) {
    case Kind::unknown:
      return false;
    case Kind::header:
      return field == Field::summary || field == Field::description ||
             field == Field::parent_commit;
    case Kind::file:
      return field == Field::path || field == Field::content || field == Field::encoding;
    case Kind::lfs_file:
      return field == Field::path || field == Field::algo || field == Field::oid ||
             field == Field::size;
    case Kind::deleted_file:
    case Kind::deleted_folder:
      return field == Field::path;
  }
  return false;
}

Error bad(std::string what) { return fail(Errc::invalid_argument, std::move(what)); }

}  // namespace

Status CommitLine::kind(std::string_view name) {
  const auto known = std::ranges::find(kinds, name, &std::pair<std::string_view, Kind>::first);
  if (known == kinds.end()) return bad("unknown operation");
  kind_ = known->second;
  return ok();
}

Result<Field> CommitLine::begin_field(std::string_view name) {
  const auto known = std::ranges::find(fields, name, &std::pair<std::string_view, Field>::first);
  if (known == fields.end() || !reads(kind_, known->second)) return Field::ignored;
  // Two paths or contents are two meanings: what was checked might not be what is stored.
  if (seen(known->second)) return bad("member given twice: " + std::string(name));
  seen_ |= 1U << static_cast<unsigned>(known->second);
  return known->second;
}

Status CommitLine::bounded(std::string& to, std::string_view piece, std::size_t bytes_max,
                           const char* what) {
  if (piece.size() > bytes_max - to.size()) return bad(std::string(what) + " too long");
  to += piece;
  return ok();
}

Status CommitLine::text(Field field, std::string_view piece, bool last,
                        std::vector<CommitEvent>& events) {
  constexpr std::size_t word_bytes_max = 128;  // oid, algo, encoding
  switch (field) {
    case Field::summary:
      return bounded(summary_, piece, commit_summary_bytes_max, "summary");
    case Field::description:
      return bounded(description_, piece, commit_description_bytes_max, "description");
    case Field::parent_commit:
      return bounded(parent_commit_, piece, word_bytes_max, "parentCommit");
    case Field::path:  // one more byte for the trailing slash of folders
      return bounded(path_, piece, git::path_bytes_max + 1, "path");
    case Field::content:
      return content(piece, last, events);
    case Field::encoding:
      WAAG_CHECK(bounded(encoding_name_, piece, word_bytes_max, "encoding"));
      return last ? encoding_known() : ok();
    case Field::algo:
      return bounded(algo_, piece, word_bytes_max, "algo");
    case Field::oid:
      return bounded(oid_, piece, word_bytes_max, "oid");
    case Field::size:
      return bad("size is not a number");
    case Field::ignored:
    case Field::count:
      return ok();
  }
  return ok();
}

Status CommitLine::size(std::uint64_t bytes) {
  size_bytes_ = bytes;
  return ok();
}

Status CommitLine::null(Field field) {
  if (field == Field::path || field == Field::content || field == Field::encoding ||
      field == Field::oid || field == Field::summary)
    return bad("null where text is needed");
  return ok();
}

Status CommitLine::encoding_known() {
  if (encoding_name_ == "base64") {
    encoding_ = Encoding::base64;
  } else if (encoding_name_ == "utf-8" || encoding_name_ == "utf8") {
    if (streaming_ && encoding_ == Encoding::base64)
      return bad("a long utf-8 content must come after its encoding");
    encoding_ = Encoding::utf8;
  } else {
    return bad("encoding must be base64 or utf-8");
  }
  return ok();
}

Status CommitLine::content(std::string_view piece, bool last, std::vector<CommitEvent>& events) {
  if (encoding_ == Encoding::unknown) {
    held_ += piece;  // the tokenizer's pieces are bounded by its input
    if (held_.size() <= commit_held_bytes_max) return ok();
    encoding_ = Encoding::base64;
    const auto held = std::exchange(held_, {});
    WAAG_CHECK(content_bytes(held, events));
  } else {
    WAAG_CHECK(content_bytes(piece, events));
  }
  return last && encoding_ == Encoding::base64 ? base64_.finish() : ok();
}

Status CommitLine::content_bytes(std::string_view piece, std::vector<CommitEvent>& events) {
  if (!std::exchange(streaming_, true)) {
    if (seen(Field::path)) WAAG_CHECK(checked_path());
    events.emplace_back(FileBegin{path_});
  }
  FileBytes decoded;
  if (encoding_ == Encoding::base64) {
    WAAG_CHECK(base64_.feed(piece, decoded.bytes));
  } else {
    decoded.bytes = piece;
  }
  content_bytes_ += decoded.bytes.size();
  if (!decoded.bytes.empty()) events.emplace_back(std::move(decoded));
  return ok();
}

Status CommitLine::checked_path() {
  if (!seen(Field::path)) return bad("path is missing");
  const bool deletes = kind_ == Kind::deleted_file || kind_ == Kind::deleted_folder;
  if (deletes && path_.ends_with('/')) path_.pop_back();
  WAAG_CHECK(git::check_file_path(path_));
  return ok();
}

Status CommitLine::end(std::vector<CommitEvent>& events) {
  switch (kind_) {
    case Kind::unknown:
      return bad("\"key\" is missing");
    case Kind::header:
      return end_header(events);
    case Kind::file:
      return end_file(events);
    case Kind::lfs_file:
      return end_lfs_file(events);
    case Kind::deleted_file:
    case Kind::deleted_folder:
      WAAG_CHECK(checked_path());
      events.emplace_back(DeleteOperation{std::move(path_), kind_ == Kind::deleted_folder});
      return ok();
  }
  return ok();
}

Status CommitLine::end_header(std::vector<CommitEvent>& events) {
  if (!seen(Field::summary)) return bad("summary is missing");
  constexpr std::size_t digits_min = 5;
  constexpr std::size_t digits_max = 2 * CommitId::size_bytes;
  std::ranges::transform(parent_commit_, parent_commit_.begin(), [](char c) {
    return c >= 'A' && c <= 'F' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  const bool hex = parent_commit_.find_first_not_of("0123456789abcdef") == std::string::npos;
  const bool fits = parent_commit_.size() >= digits_min && parent_commit_.size() <= digits_max;
  if (!parent_commit_.empty() && !(hex && fits)) return bad("parentCommit is not a commit id");
  events.emplace_back(
      CommitHeader{std::move(summary_), std::move(description_), std::move(parent_commit_)});
  return ok();
}

Status CommitLine::end_file(std::vector<CommitEvent>& events) {
  WAAG_CHECK(checked_path());
  if (!seen(Field::content)) return bad("content is missing");
  if (!seen(Field::encoding)) return bad("encoding is missing");
  if (!streaming_) {
    WAAG_CHECK(content_bytes(held_, events));
    if (encoding_ == Encoding::base64) WAAG_CHECK(base64_.finish());
  }
  events.emplace_back(FileEnd{std::move(path_), content_bytes_});
  return ok();
}

Status CommitLine::end_lfs_file(std::vector<CommitEvent>& events) {
  WAAG_CHECK(checked_path());
  if (seen(Field::algo) && !algo_.empty() && algo_ != "sha256") return bad("algo must be sha256");
  const auto oid = BlobId::parse(oid_);
  if (!oid) return bad("oid is not a SHA-256 in hex");
  events.emplace_back(LfsFileOperation{std::move(path_), *oid, size_bytes_});
  return ok();
}

}  // namespace waag::hub
