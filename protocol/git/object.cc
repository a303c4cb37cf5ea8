#include "protocol/git/object.h"

#include <algorithm>

namespace waag::git {
namespace {

constexpr std::array<std::uint32_t, 5> known_modes{mode_file, mode_executable, mode_directory,
                                                   mode_symlink, mode_gitlink};

/// ".git" in any case would let a clone write into its own repository. Source: CVE-2014-9390.
bool is_dot_git(std::string_view name) {
  if (name.size() != 4) return false;
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return std::ranges::equal(name, std::string_view(".git"), {}, lower);
}

bool is_segment(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && !is_dot_git(name) &&
         name.find('/') == name.npos && name.find('\0') == name.npos;
}

/// @return nullopt unless `text` is an octal number without leading zero
std::optional<std::uint32_t> parse_mode(std::string_view text) {
  if (text.empty() || text.size() > 6 || text[0] == '0') return std::nullopt;
  std::uint32_t mode = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '7') return std::nullopt;
    mode = mode * 8 + static_cast<std::uint32_t>(digit - '0');
  }
  return mode;
}

std::string octal(std::uint32_t mode) {
  std::string digits;
  for (; mode != 0; mode /= 8) digits.insert(digits.begin(), static_cast<char>('0' + mode % 8));
  return digits;
}

/// Checks order and uniqueness of neighbours. A file "a" and a directory "a" are not neighbours
/// when "a.b" stands between them, so unique names need a look at the whole list.
Status check_entries(const std::vector<GitTreeEntry>& entries) {
  std::vector<std::string_view> names;
  names.reserve(entries.size());
  for (const auto& entry : entries) {
    if (!is_known_mode(entry.mode)) return fail(Errc::unprocessable, "tree: unknown mode");
    if (!is_segment(entry.name)) return fail(Errc::unprocessable, "tree: bad entry name");
    names.push_back(entry.name);
  }
  std::ranges::sort(names);
  if (std::ranges::adjacent_find(names) != names.end())
    return fail(Errc::unprocessable, "tree: two entries of one name");
  return ok();
}

}  // namespace

std::string_view to_string(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::commit:
      return "commit";
    case ObjectKind::tree:
      return "tree";
    case ObjectKind::blob:
      return "blob";
    case ObjectKind::tag:
      return "tag";
  }
  return "";
}

Result<ObjectKind> parse_object_kind(std::string_view text) {
  for (const auto kind : {ObjectKind::commit, ObjectKind::tree, ObjectKind::blob, ObjectKind::tag})
    if (to_string(kind) == text) return kind;
  return fail(Errc::unprocessable, "unknown kind of git object");
}

Sha1 object_hasher(ObjectKind kind, std::uint64_t size_bytes) {
  std::string header(to_string(kind));
  header += ' ';
  header += std::to_string(size_bytes);
  header += '\0';
  Sha1 hash;
  hash.update(as_bytes(header));
  return hash;
}

GitId object_id(ObjectKind kind, ByteView body) {
  Sha1 hash = object_hasher(kind, body.size());
  hash.update(body);
  return hash.finish();
}

Sha1 git_blob_hasher(std::uint64_t size_bytes) {
  return object_hasher(ObjectKind::blob, size_bytes);
}

bool is_known_mode(std::uint32_t mode) {
  return std::ranges::find(known_modes, mode) != known_modes.end();
}

bool tree_order(const GitTreeEntry& a, const GitTreeEntry& b) {
  const std::size_t shared = std::min(a.name.size(), b.name.size());
  const int order = std::memcmp(a.name.data(), b.name.data(), shared);
  if (order != 0) return order < 0;
  const auto next = [shared](const GitTreeEntry& entry) {
    if (entry.name.size() > shared)
      return static_cast<int>(static_cast<std::uint8_t>(entry.name[shared]));
    return entry.mode == mode_directory ? static_cast<int>('/') : 0;
  };
  return next(a) < next(b);
}

Result<std::string> serialize_tree(std::vector<GitTreeEntry> entries) {
  WAAG_CHECK(check_entries(entries));
  std::ranges::sort(entries, tree_order);
  std::string body;
  for (const auto& entry : entries) {
    body += octal(entry.mode);
    body += ' ';
    body += entry.name;
    body += '\0';
    body += as_text(entry.id.view());
  }
  return body;
}

Result<std::vector<GitTreeEntry>> parse_tree(ByteView body) {
  if (body.size() > object_bytes_max) return fail(Errc::unprocessable, "tree: too large");
  std::vector<GitTreeEntry> entries;
  for (std::string_view rest = as_text(body); !rest.empty();) {
    const auto space = rest.substr(0, 7).find(' ');
    if (space == rest.npos) return fail(Errc::unprocessable, "tree: no mode");
    const auto mode = parse_mode(rest.substr(0, space));
    if (!mode) return fail(Errc::unprocessable, "tree: mode is not octal");
    rest.remove_prefix(space + 1);
    const auto nul = rest.find('\0');
    if (nul == rest.npos || rest.size() - nul - 1 < GitId::size_bytes)
      return fail(Errc::unprocessable, "tree: cut short");
    GitTreeEntry entry{*mode, std::string(rest.substr(0, nul)), {}};
    std::memcpy(entry.id.bytes.data(), rest.data() + nul + 1, GitId::size_bytes);
    rest.remove_prefix(nul + 1 + GitId::size_bytes);
    if (!entries.empty() && !tree_order(entries.back(), entry))
      return fail(Errc::unprocessable, "tree: not sorted");
    entries.push_back(std::move(entry));
  }
  WAAG_CHECK(check_entries(entries));
  return entries;
}

}  // namespace waag::git
