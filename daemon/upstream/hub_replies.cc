#include "daemon/upstream/hub_replies.h"

#include <algorithm>
#include <unordered_set>

#include <boost/json/value.hpp>

#include "protocol/git/path.h"
#include "protocol/http/field.h"
#include "protocol/hub/dates.h"
#include "protocol/hub/errors.h"
#include "protocol/hub/json_reader.h"
#include "protocol/lfs/pointer.h"

namespace waag::daemon {
namespace {

namespace json = boost::json;

constexpr std::size_t name_bytes_max = 200;

Error bad(std::string what) {
  return fail(Errc::upstream_failed, "reply of the upstream: " + std::move(what));
}

/// The upstream's mistake is no bad argument of our caller.
template <class T>
Result<T> theirs(Result<T> result) {
  if (result) return result;
  return bad(std::move(result).error().what);
}

Result<std::string> required(const json::object& from, std::string_view key) {
  return theirs(hub::json_required_string(from, key));
}

Result<std::string> short_text(const json::object& from, std::string_view key) {
  WAAG_TRY(auto text, theirs(hub::json_string(from, key)));
  if (!text) return std::string();
  if (text->size() > name_bytes_max || !http::is_field_value(*text))
    return bad("odd " + std::string(key));
  return std::move(*text);
}

template <class Id>
Result<Id> id_of(const json::object& from, std::string_view key) {
  WAAG_TRY(auto hex, required(from, key));
  return theirs(Id::parse(hex));
}

Result<std::uint64_t> size_of(const json::object& from, std::string_view key) {
  WAAG_TRY(auto size, theirs(hub::json_uint(from, key)));
  if (!size) return bad(std::string(key) + " is missing");
  return *size;
}

Result<std::chrono::milliseconds> date_of(const json::object& from, std::string_view key) {
  WAAG_TRY(auto text, theirs(hub::json_string(from, key)));
  if (!text) return std::chrono::milliseconds(0);
  return theirs(hub::parse_date(*text));
}

Result<bool> flag(const json::object& from, std::string_view key) {
  WAAG_TRY(auto value, theirs(hub::json_bool(from, key)));
  return value.value_or(false);
}

/// false, "auto" or "manual".
Result<std::string> gate_of(const json::object& from) {
  const auto* value = from.if_contains("gated");
  if (value == nullptr || value->is_null()) return std::string();
  if (const auto* none = value->if_bool(); none != nullptr && !*none) return std::string();
  const auto* text = value->if_string();
  if (text == nullptr || (*text != "auto" && *text != "manual")) return bad("odd gated");
  return std::string(text->data(), text->size());
}

Result<RepoId> repo_of(RepoType type, const json::object& from) {
  WAAG_TRY(auto name, required(from, "id"));
  const auto slash = name.find('/');
  if (slash == name.npos) return bad("id of one part");
  return theirs(RepoId::make(type, std::string_view(name).substr(0, slash),
                             std::string_view(name).substr(slash + 1)));
}

Result<UpstreamLfs> lfs_of(const json::object& from, std::uint64_t size_bytes) {
  UpstreamLfs lfs;
  WAAG_TRY(lfs.oid, id_of<BlobId>(from, "oid"));
  WAAG_TRY(lfs.size_bytes, size_of(from, "size"));
  if (lfs.size_bytes != size_bytes) return bad("two sizes of one file");
  WAAG_TRY(auto pointer, theirs(hub::json_uint(from, "pointerSize")));
  lfs.pointer_bytes = pointer.value_or(lfs::pointer_bytes(size_bytes));
  if (lfs.pointer_bytes >= lfs::pointer_bytes_limit) return bad("odd pointerSize");
  return lfs;
}

Result<std::string> xet_hash_of(const json::object& from) {
  WAAG_TRY(auto text, theirs(hub::json_string(from, "xetHash")));
  if (!text) return std::string();
  WAAG_CHECK(theirs(FileHash::parse(*text)));  // its form; what it says is for the Xet client
  return std::move(*text);
}

Result<UpstreamEntry> entry_of(const json::value& value) {
  const auto* from = value.if_object();
  if (from == nullptr) return bad("entry of a tree is no object");
  UpstreamEntry entry;
  WAAG_TRY(auto path, required(*from, "path"));
  WAAG_TRY(entry.path, theirs(git::check_file_path(path)));
  WAAG_TRY(auto type, required(*from, "type"));
  if (type != "file" && type != "directory") return bad("entry of an unknown type");
  entry.is_directory = type == "directory";
  WAAG_TRY(entry.oid, id_of<GitId>(*from, "oid"));
  if (entry.is_directory) return entry;
  WAAG_TRY(entry.size_bytes, size_of(*from, "size"));
  WAAG_TRY(entry.xet_hash, xet_hash_of(*from));
  const auto* lfs = from->if_contains("lfs");
  if (lfs == nullptr || lfs->is_null()) return entry;
  if (!lfs->is_object()) return bad("odd lfs");
  WAAG_TRY(entry.lfs, lfs_of(lfs->get_object(), entry.size_bytes));
  return entry;
}

/// @param prefix  what the full name of such a ref begins with
Result<std::vector<UpstreamRef>> refs_of(const json::object& from, std::string_view key,
                                         std::string_view prefix, bool named_in_full) {
  std::vector<UpstreamRef> refs;
  const auto* array = hub::json_array(from, key);
  if (array == nullptr) return refs;
  if (array->size() > upstream_refs_max) return bad("too many refs");
  for (const auto& value : *array) {
    const auto* object = value.if_object();
    if (object == nullptr) return bad("a ref is no object");
    UpstreamRef ref;
    WAAG_TRY(ref.name, required(*object, "name"));
    WAAG_TRY(ref.ref, required(*object, "ref"));
    WAAG_TRY(ref.commit, id_of<CommitId>(*object, "targetCommit"));
    if (!ref.ref.starts_with(prefix)) return bad("a ref of another kind");
    const auto rest = std::string_view(ref.ref).substr(prefix.size());
    WAAG_CHECK(theirs(git::check_ref_name(rest)));
    if (ref.name != rest && !(named_in_full && ref.name == ref.ref))
      return bad("a ref of two names");
    refs.push_back(std::move(ref));
  }
  return refs;
}

Result<UpstreamCommit> commit_of(const json::value& value) {
  const auto* from = value.if_object();
  if (from == nullptr) return bad("a commit is no object");
  UpstreamCommit commit;
  WAAG_TRY(commit.id, id_of<CommitId>(*from, "id"));
  WAAG_TRY(commit.title, required(*from, "title"));
  WAAG_TRY(auto message, theirs(hub::json_string(*from, "message")));
  commit.message = message.value_or("");
  WAAG_TRY(commit.date, date_of(*from, "date"));
  const auto* authors = hub::json_array(*from, "authors");
  for (std::size_t i = 0; authors != nullptr && i < authors->size(); ++i) {
    const auto* author = (*authors)[i].if_object();
    if (author == nullptr) return bad("an author is no object");
    WAAG_TRY(auto user, short_text(*author, "user"));
    commit.authors.push_back(std::move(user));
  }
  return commit;
}

bool is_web_page(const Headers& headers) {
  const auto type = headers.get("Content-Type");
  constexpr std::string_view html = "text/html";
  return type && http::equal_nocase(type->substr(0, html.size()), html);
}

}  // namespace

Result<UpstreamRevision> parse_upstream_revision(RepoType type, std::string_view text) {
  WAAG_TRY(auto from, theirs(hub::parse_json_object(text)));
  UpstreamRevision made;
  WAAG_TRY(made.repo, repo_of(type, from));
  WAAG_TRY(made.commit, id_of<CommitId>(from, "sha"));
  WAAG_TRY(auto is_private, theirs(hub::json_bool(from, "private")));
  if (!is_private) return bad("private is missing");
  made.is_private = *is_private;
  WAAG_TRY(made.disabled, flag(from, "disabled"));
  WAAG_TRY(made.gated, gate_of(from));
  WAAG_TRY(made.last_modified, date_of(from, "lastModified"));
  WAAG_TRY(made.author, short_text(from, "author"));
  WAAG_TRY(made.sdk, short_text(from, "sdk"));
  return made;
}

Status parse_upstream_tree_page(std::string_view text, std::vector<UpstreamEntry>& entries) {
  WAAG_TRY(auto page, theirs(hub::parse_json_array(text)));
  if (page.size() > upstream_entries_max - entries.size()) return bad("too many files");
  for (const auto& value : page) {
    WAAG_TRY(auto entry, entry_of(value));
    entries.push_back(std::move(entry));
  }
  return ok();
}

Status parse_upstream_repo_page(RepoType type, std::string_view ns, std::string_view text,
                                std::vector<RepoId>& repos) {
  WAAG_TRY(const auto page, theirs(hub::parse_json_array(text)));
  if (page.size() > upstream_entries_max - repos.size()) return bad("too many repos");
  for (const auto& value : page) {
    if (!value.is_object()) return bad("a repo that is no object");
    // Old ones have a name of one part, and stand in no namespace.
    auto id = repo_of(type, value.get_object());
    if (id && http::equal_nocase(id->ns, ns)) repos.push_back(*std::move(id));
  }
  return ok();
}

Status check_upstream_tree(const std::vector<UpstreamEntry>& entries) {
  std::unordered_set<std::string_view> paths;
  std::unordered_set<std::string_view> files;
  for (const auto& entry : entries) {
    if (!paths.insert(entry.path).second) return bad("a path twice in a tree");
    if (!entry.is_directory) files.insert(entry.path);
  }
  for (const auto& entry : entries) {
    const std::string_view path = entry.path;
    for (auto slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1))
      if (files.contains(path.substr(0, slash))) return bad("a file in a tree is a directory too");
  }
  return ok();
}

Result<UpstreamRefs> parse_upstream_refs(std::string_view text) {
  WAAG_TRY(auto from, theirs(hub::parse_json_object(text)));
  UpstreamRefs refs;
  WAAG_TRY(refs.branches, refs_of(from, "branches", "refs/heads/", false));
  WAAG_TRY(refs.tags, refs_of(from, "tags", "refs/tags/", false));
  WAAG_TRY(refs.converts, refs_of(from, "converts", "refs/convert/", true));
  WAAG_TRY(refs.pull_requests, refs_of(from, "pullRequests", "refs/pr/", true));
  return refs;
}

Result<std::vector<UpstreamCommit>> parse_upstream_commits(std::string_view text) {
  WAAG_TRY(auto page, theirs(hub::parse_json_array(text)));
  std::vector<UpstreamCommit> commits;
  for (const auto& value : page) {
    WAAG_TRY(auto commit, commit_of(value));
    commits.push_back(std::move(commit));
  }
  return commits;
}

Error upstream_error(unsigned status, const Headers& headers) {
  const auto what = "upstream answers " + std::to_string(status);
  const auto code = headers.get("X-Error-Code").value_or("");
  if (status >= 400 && status < 500) {
    if (code == "RepoNotFound") return fail(Errc::repo_not_found, what);
    if (code == "RevisionNotFound") return fail(Errc::revision_not_found, what);
    if (code == "EntryNotFound") return fail(Errc::entry_not_found, what);
    if (code == hub::gated_repo_code) return fail(Errc::gated, what);
  }
  const auto message = headers.get("X-Error-Message").value_or("");
  if (status == 403 && message == hub::disabled_text) return fail(Errc::disabled, what);
  // Our own token is wrong: that says nothing of the repository.
  const bool our_fault = message == hub::bad_credentials_text;
  if ((status == 401 || status == 404) && !our_fault && !is_web_page(headers))
    return fail(Errc::repo_not_found, what);
  if (status == 429) return fail(Errc::too_many_requests, what);
  if (status == 408 || status == 504) return fail(Errc::deadline_exceeded, what);
  return fail(Errc::upstream_failed, what);
}

bool is_transient(unsigned status) {
  constexpr unsigned ones[] = {408, 425, 429, 500, 502, 503, 504};
  return std::ranges::find(ones, status) != std::end(ones);
}

}  // namespace waag::daemon
