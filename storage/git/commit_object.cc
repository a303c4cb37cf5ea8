#include "storage/git/commit_object.h"

namespace waag::storage {
namespace {

/// git strips these at both ends too, and its fsck frowns on names without text.
std::string header_safe(std::string_view text, std::string_view if_empty) {
  std::string kept;
  for (const char c : text)
    if (c != '<' && c != '>' && static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) kept += c;
  const auto first = kept.find_first_not_of(" .,:;\"'");
  if (first == kept.npos) return std::string(if_empty);
  const auto last = kept.find_last_not_of(" .,:;\"'");
  return kept.substr(first, last - first + 1);
}

}  // namespace

git::Signature make_signature(std::string_view name, std::string_view email, TimeMs date) {
  git::Signature made;
  made.name = header_safe(name, "unknown");
  made.email = header_safe(email, "");
  made.unix_seconds = std::chrono::floor<std::chrono::seconds>(date).count();
  return made;
}

Result<CommitId> add_commit_object(ObjectWriter& objects, const NewCommit& commit) {
  if (commit.message.find('\0') != std::string::npos)
    return fail(Errc::unprocessable, "commit message with a NUL");
  git::GitCommit object;
  object.tree = commit.tree;
  if (commit.parent) object.parents.push_back(*commit.parent);
  if (commit.merged) object.parents.push_back(*commit.merged);
  object.author = make_signature(commit.author_name, commit.author_email, commit.date);
  object.committer = object.author;
  object.message = commit.message;
  WAAG_TRY(auto body, git::serialize_commit(object));
  WAAG_TRY(const auto id, objects.add(git::ObjectKind::commit, std::move(body)));
  return CommitId{id.bytes};
}

}  // namespace waag::storage
