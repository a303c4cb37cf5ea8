#include "cli/cert/repo_at.h"

#include <boost/json/array.hpp>

#include "cli/print.h"

namespace waag::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t entries_max = 1'000'000;

const json::value* member(const json::value& of, std::string_view key) {
  return of.is_object() ? of.get_object().if_contains(key) : nullptr;
}

std::optional<std::uint64_t> size_of(const json::value& entry) {
  const auto* size = member(entry, "size");
  if (size == nullptr || !size->is_number()) return std::nullopt;
  boost::system::error_code bad;
  const auto bytes = size->to_number<std::uint64_t>(bad);
  if (bad) return std::nullopt;
  return bytes;
}

/// nullopt unless the hub says what the file's bytes are.
std::optional<RepoAt::File> file_of(const json::value& entry) {
  RepoAt::File file;
  const auto* lfs = member(entry, "lfs");
  const auto size = size_of(lfs != nullptr ? *lfs : entry);
  if (!size) return std::nullopt;
  file.size_bytes = *size;
  if (lfs == nullptr) return file;
  const auto oid = BlobId::parse(field_text(*lfs, "oid"));
  if (!oid) return std::nullopt;
  file.lfs = *oid;
  return file;
}

std::string encode_path(std::string_view path) {
  std::string out;
  for (std::size_t at = 0; at <= path.size();) {
    const auto end = std::min(path.find('/', at), path.size());
    out += '/' + encode_segment(path.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

Http::Take take_into(std::string& text, std::size_t bytes_max) {
  return [&text, bytes_max](std::string_view bytes) {
    text.append(bytes.substr(0, bytes_max - text.size()));
    return text.size() < bytes_max;
  };
}

}  // namespace

RepoAt::Maybe RepoAt::open(const std::string& revision) {
  const auto info =
      context_.hub.call("GET", api_path(repo_) + "/revision/" + encode_segment(revision));
  if (info.failure) return info.failure;
  const auto commit = CommitId::parse(field_text(info.json, "sha"));
  if (!commit) return Hub::Failure{200, "the hub names no commit"};
  commit_ = commit->hex();
  const auto tree =
      context_.hub.list(api_path(repo_) + "/tree/" + commit_ + "?recursive=true", entries_max);
  if (tree.failure) return tree.failure;
  for (const auto& entry : tree.json.as_array())
    if (field_text(entry, "type") == "file")
      if (const auto file = file_of(entry)) files_.emplace(field_text(entry, "path"), *file);
  return std::nullopt;
}

RepoAt::Maybe RepoAt::read(const std::string& path, const Http::Take& take) {
  return context_.hub.stream("/" + encode_segment(repo_.ns) + "/" + encode_segment(repo_.name) +
                                 "/resolve/" + commit_ + encode_path(path),
                             take);
}

RepoAt::Maybe RepoAt::read(const std::string& path, std::size_t bytes_max, std::string& text) {
  return read(path, take_into(text, bytes_max));
}

std::optional<Hub::Failure> read_reply(Hub& hub, const std::string& path, std::size_t bytes_max,
                                       std::string& text) {
  return hub.stream(path, take_into(text, bytes_max));
}

}  // namespace waag::cli
