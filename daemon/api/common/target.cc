#include "daemon/api/common/target.h"

#include <algorithm>

#include "daemon/http/errors.h"
#include "protocol/http/url_path.h"

namespace waag::daemon {
namespace {

constexpr std::string_view default_branch = "main";
/// A ref name of more segments than that is not looked for in a raw path.
constexpr std::size_t raw_revision_segments_max = 8;

std::string_view capture(const Request& request, std::string_view name) {
  const auto found = request.captures.find(name);
  return found == request.captures.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace

std::string join_segments(std::span<const std::string> segments) {
  std::string path;
  for (const auto& segment : segments) {
    if (!path.empty()) path += '/';
    path += segment;
  }
  return path;
}

RepoType type_of(const Request& request) {
  const auto plural = capture(request, "type");
  if (plural == api_plural(RepoType::dataset)) return RepoType::dataset;
  if (plural == api_plural(RepoType::space)) return RepoType::space;
  return RepoType::model;
}

Result<RepoId> repo_of(const Request& request) {
  auto id = RepoId::make(type_of(request), capture(request, "ns"), capture(request, "name"));
  if (!id) return fail(Errc::repo_not_found, "no repo can have this name");
  return id;
}

Result<Revision> resolve_revision(storage::Store& store, std::uint64_t repo_uid,
                                  std::string_view text) {
  auto commit = store.resolve(repo_uid, text);
  if (!commit && commit.error().code == Errc::revision_not_found && text == "None")
    commit = store.resolve(repo_uid, default_branch);
  if (!commit && commit.error().code == Errc::revision_not_found) return revision_not_found(text);
  if (!commit) return std::move(commit).error();
  Revision revision;
  revision.text = text;
  revision.commit = *commit;
  revision.pinned = commit->hex() == text;
  return revision;
}

Result<RevisionPath> split_revision(storage::Store& store, std::uint64_t repo_uid,
                                    std::span<const std::string> segments) {
  if (segments.empty()) return revision_not_found("");
  const std::size_t first = segments[0] == "refs" ? 3 : 1;
  const auto last = std::min(segments.size(), raw_revision_segments_max);
  for (std::size_t count = first; count <= last; ++count) {
    auto revision = resolve_revision(store, repo_uid, join_segments(segments.first(count)));
    if (revision) {
      RevisionPath found;
      found.revision = *std::move(revision);
      found.path = join_segments(segments.subspan(count));
      return found;
    }
    if (revision.error().code != Errc::revision_not_found) return std::move(revision).error();
  }
  return revision_not_found(
      segments[0] == "refs" ? join_segments(segments.first(std::min(first, last))) : segments[0]);
}

Result<Reading> open_reading(storage::Store& store, const Identity& who, const RepoId& id,
                             std::span<const std::string> segments) {
  Reading reading;
  WAAG_TRY(reading.repo, authorised_repo(store, who, id, Action::read));
  WAAG_TRY(auto split, split_revision(store, reading.repo.uid, segments));
  reading.revision = std::move(split.revision);
  reading.path = std::move(split.path);
  WAAG_TRY(reading.snapshot, store.snapshot(reading.repo.uid, reading.revision.commit));
  return reading;
}

Error revision_not_found(std::string_view revision) {
  return fail(Errc::revision_not_found, "Invalid rev id: " + http::percent_encode(revision));
}

std::string repo_url(std::string_view base_url, const RepoId& id) {
  return std::string(base_url) + "/" + std::string(web_prefix(id.type)) + id.full_name();
}

Response entry_not_found(const CommitId& commit, std::string_view text) {
  auto response = error_response(fail(Errc::entry_not_found, std::string(text)), Identity{});
  response.headers.set("X-Repo-Commit", commit.hex());
  return response;
}

}  // namespace waag::daemon
