#include "daemon/convert/submit.h"

#include <set>

#include <boost/json/serialize.hpp>

#include "daemon/api/common/target.h"
#include "daemon/app.h"
#include "daemon/auth/authenticator.h"
#include "daemon/auth/file_access.h"
#include "daemon/auth/permission.h"
#include "daemon/jobs/jobs.h"

namespace waag::daemon {
namespace {

using storage::Gate;
using storage::RepoRow;
using storage::Visibility;

/// Whether everybody who sees the copy's files may see the source's.
bool is_as_closed(const RepoRow& copy, const RepoRow& source) {
  if (copy.visibility == Visibility::closed) return true;
  if (source.visibility == Visibility::closed) return false;
  return source.gate == Gate::none || copy.gate != Gate::none;
}

/// Where what is made goes unless the asker says: to the source's namespace, or to the own one.
std::string namespace_for(const Identity& who, const ConvertWish& wish, const RepoRow& source) {
  if (!wish.ns.empty()) return wish.ns;
  return may_create_in(who, source.id.ns) ? source.id.ns : who.user;
}

Result<std::vector<ConvertSpec::Output>> outputs_of(const App& app, const Identity& who,
                                                    const ConvertWish& wish,
                                                    const RepoRow& source) {
  const auto ns = namespace_for(who, wish, source);
  const auto& base = wish.name.empty() ? source.id.name : wish.name;
  std::vector<ConvertSpec::Output> outputs;
  std::set<std::string> whole;  // repos that hold one model in safetensors
  for (const auto& target : wish.targets) {
    const auto name = base + suffix_of(app.config.convert, target);
    auto id = RepoId::make(RepoType::model, ns, name);
    if (!id)
      return fail(Errc::invalid_argument, ns + "/" + name + " is no name of a repo: give another");
    if (target.kind == ConvertTarget::Kind::safetensors && !whole.insert(name).second)
      return fail(Errc::invalid_argument,
                  id->full_name() + " can hold only one of what is to be made");
    WAAG_CHECK(find_destination(app.store, who, source, *id));
    outputs.push_back({target, *std::move(id)});
  }
  return outputs;
}

/// By a former name too: who reads is led on by a redirect, which a body's names cannot be.
Result<RepoRow> find_source(storage::Store& store, const Identity& who, const RepoId& id) {
  auto source = authorised_repo(store, who, id, Action::read);
  if (source || source.error().code != Errc::repo_not_found) return source;
  const auto moved = store.find_moved_repo(id);
  if (!moved) return source;
  return authorised_repo(store, who, moved->id, Action::read);
}

/// Of a mirrored repo: where it comes from.
Result<std::string> url_of(App& app, const RepoRow& source, const std::string& base_url) {
  if (!source.mirrored) return repo_url(base_url, source.id);
  WAAG_TRY(const auto row, app.store.mirrors().find(source.uid));
  if (!row) return fail(Errc::corrupt, "a mirrored repo without its row");
  return row->upstream + "/" + row->name;
}

}  // namespace

Result<std::optional<RepoRow>> find_destination(storage::Store& store, const Identity& who,
                                                const RepoRow& source, const RepoId& destination) {
  const auto there = store.find_repo(destination);
  if (!there && there.error().code != Errc::repo_not_found) return there.error();
  if (!there) {
    if (may_create_in(who, destination.ns)) return std::optional<RepoRow>();
    return fail(Errc::forbidden,
                "You don't have the rights to create a model under the "
                "namespace \"" +
                    destination.ns + "\"");
  }
  WAAG_TRY(auto repo, authorised_repo(store, who, destination, Action::write));
  if (repo.uid == source.uid)
    return fail(Errc::conflict, destination.full_name() + " is what is to be converted");
  if (!is_as_closed(repo, source))
    return fail(Errc::conflict, destination.full_name() + " is easier to see than " +
                                    source.id.full_name() + ", which is private or gated");
  return std::optional(std::move(repo));
}

Result<storage::JobRow> submit_conversion(App& app, const Identity& who, const ConvertWish& wish,
                                          const std::string& base_url, std::int32_t priority) {
  WAAG_TRY(const auto source, find_source(app.store, who, wish.source));
  WAAG_CHECK(need_files(app.store, who, source));
  WAAG_TRY(const auto revision, resolve_revision(app.store, source.uid, wish.revision));
  ConvertSpec spec;
  spec.source = source.id;
  spec.revision = wish.revision;
  spec.commit = revision.commit;
  WAAG_TRY(spec.source_url, url_of(app, source, base_url));
  WAAG_TRY(spec.outputs, outputs_of(app, who, wish, source));
  spec.options = wish.options;
  spec.validate = wish.validate.value_or(app.config.convert.validate);
  NewJob job;
  job.kind = "convert";
  job.spec = spec.to_json();
  job.asker = {who.user, who.token_id};
  job.priority = priority;
  job.key = boost::json::serialize(job.spec);
  return app.jobs->submit(std::move(job));
}

Result<std::uint64_t> convert_mirrored(App& app, const storage::JobAsker& asker, const RepoId& repo,
                                       const CommitId& commit,
                                       const std::vector<std::string>& targets) {
  WAAG_TRY(const auto who, app.auth.recall(asker));
  ConvertWish wish;
  wish.source = repo;
  wish.revision = commit.hex();
  WAAG_TRY(wish.targets, parse_targets(targets));
  WAAG_TRY(const auto row, submit_conversion(app, who, wish, app.config.server.public_url, 0));
  return row.id;
}

}  // namespace waag::daemon
