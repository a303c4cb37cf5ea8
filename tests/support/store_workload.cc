#include "tests/support/store_workload.h"

#include <algorithm>

#include "storage/xet/xet_files.h"
#include "tests/support/xet/upload.h"

namespace waag::testing {

using storage::Change;

namespace {

constexpr std::uint32_t edit_bytes = 64;

std::uint64_t splitmix(std::uint64_t& state) {
  state += 0x9E3779B97F4A7C15;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

void fill_stream(std::uint64_t seed, std::span<std::byte> out) {
  for (std::size_t at = 0; at < out.size(); at += 8) {
    const std::uint64_t word = splitmix(seed);
    std::memcpy(out.data() + at, &word, std::min<std::size_t>(8, out.size() - at));
  }
}

struct Sizes {
  std::uint32_t small_bytes_max = 0;
  std::uint32_t lfs_bytes_max = 0;
  std::uint32_t regular_chunked_bytes = 0;  // above StagedFile's bound
  std::uint32_t files_per_chunked = 0;      // of the regular ones
};
constexpr Sizes usual_sizes = {4000, 400'000, 150'000, 8};
constexpr Sizes short_sizes = {2000, 90'000, 131'500, 3};

using Kind = Step::Kind;
// Between a trashing and the restoring stands a step: together they would be as if nothing was.
constexpr std::array short_kinds = {
    Kind::create_repo, Kind::commit,   Kind::commit,       Kind::create_branch, Kind::merge_pull,
    Kind::commit,      Kind::squash,   Kind::create_repo,  Kind::commit,        Kind::move_repo,
    Kind::trash_repo,  Kind::commit,   Kind::restore_repo, Kind::drop_lfs,      Kind::delete_branch,
    Kind::delete_repo, Kind::put_user,
};

bool is_lfs(const std::string& path) { return path.ends_with(".bin"); }

class Maker {
 public:
  Maker(std::uint64_t seed, const Sizes& sizes, std::string owner = "")
      : random_(seed), sizes_(sizes), owner_(std::move(owner)) {}

  Step next(const Model& model) {
    const auto dice = random_.next() % 100;
    if (model.repos.empty() || dice < 8) return create_repo(model);
    if (dice < 12) return put_user(model);
    if (dice < 17) return branch_step(model);
    if (dice < 19 && model.repos.size() > 2) return of_repo(Kind::delete_repo, model);
    if (dice < 21 && model.repos.size() > 2) return of_repo(Kind::trash_repo, model);
    if (dice < 24 && !model.trash.empty()) return restore_repo(model);
    if (dice < 26) return move_repo(model);
    if (dice < 28) return squash(model);
    if (dice < 30) return drop_lfs(model);
    return commit(model, dice < 40 ? Kind::merge_pull : Kind::commit);
  }

  Step next(Step::Kind kind, const Model& model) {
    switch (kind) {
      case Kind::create_repo:
        return create_repo(model);
      case Kind::commit:
      case Kind::merge_pull:
        return commit(model, kind);
      case Kind::create_branch:
        return create_branch(model, any_key(model.repos));
      case Kind::delete_branch:
        return delete_branch(model, branched(model));
      case Kind::delete_repo:
      case Kind::trash_repo:
        return of_repo(kind, model);
      case Kind::restore_repo:
        return restore_repo(model);
      case Kind::move_repo:
        return move_repo(model);
      case Kind::squash:
        return squash(model);
      case Kind::drop_lfs:
        return drop_lfs(model);
      case Kind::put_user:
        break;
    }
    return put_user(model);
  }

 private:
  std::uint64_t below(std::uint64_t bound) { return random_.next() % bound; }

  template <class Map>
  std::string any_key(const Map& map) {
    return std::next(map.begin(), static_cast<std::ptrdiff_t>(below(map.size())))->first;
  }

  /// A repo with another branch than main.
  static std::string branched(const Model& model) {
    return std::ranges::find_if(model.repos,
                                [](const auto& repo) { return repo.second.size() > 1; })
        ->first;
  }

  Step create_repo(const Model& model) {
    Step step;
    step.kind = Kind::create_repo;
    step.repo = free_name(model);
    return step;
  }

  std::string free_name(const Model& model) {
    std::string name;
    do name = owner_ + "repo" + std::to_string(below(1000));
    while (model.repos.contains(name) || model.trash.contains(name));
    return name;
  }

  Step put_user(const Model& model) {
    Step step;
    step.kind = Kind::put_user;
    step.user = owner_ + "user" + std::to_string(model.users.size());
    return step;
  }

  Step branch_step(const Model& model) {
    const auto repo = any_key(model.repos);
    const bool many = model.repos.at(repo).size() > 2;
    return many ? delete_branch(model, repo) : create_branch(model, repo);
  }

  Step create_branch(const Model& model, const std::string& repo) {
    Step step;
    step.kind = Kind::create_branch;
    step.repo = repo;
    do step.branch = "work" + std::to_string(below(1000));
    while (model.repos.at(repo).contains(step.branch));
    return step;
  }

  Step delete_branch(const Model& model, const std::string& repo) {
    Step step;
    step.kind = Kind::delete_branch;
    step.repo = repo;
    do step.branch = any_key(model.repos.at(repo));
    while (step.branch == "main");
    return step;
  }

  /// Deletion, for good or into the trash.
  Step of_repo(Step::Kind kind, const Model& model) {
    Step step;
    step.kind = kind;
    step.repo = any_key(model.repos);
    return step;
  }

  Step restore_repo(const Model& model) {
    Step step;
    step.kind = Kind::restore_repo;
    step.repo = any_key(model.trash);
    return step;
  }

  Step move_repo(const Model& model) {
    auto step = of_repo(Kind::move_repo, model);
    step.to = free_name(model);
    return step;
  }

  Step squash(const Model& model) {
    auto step = of_repo(Kind::squash, model);
    step.branch = any_key(model.repos.at(step.repo));
    return step;
  }

  /// An LFS file that the repo has, or else one that it has not: that is nothing to do.
  Step drop_lfs(const Model& model) {
    auto step = of_repo(Kind::drop_lfs, model);
    step.puts.push_back({"", content(true), true});
    for (const auto& [branch, files] : model.repos.at(step.repo))
      for (const auto& [path, content] : files)
        if (is_lfs(path)) step.puts.front().content = content;
    return step;
  }

  Content content(bool lfs) {
    Content made;
    made.seed = below(12);  // few seeds: the same chunks come again
    if (lfs)
      made.bytes = static_cast<std::uint32_t>(1 + below(sizes_.lfs_bytes_max));
    else if (below(sizes_.files_per_chunked) == 0)
      made.bytes = sizes_.regular_chunked_bytes;
    else
      made.bytes = static_cast<std::uint32_t>(below(sizes_.small_bytes_max));
    if (made.bytes > edit_bytes && below(2) == 0)
      made.edit_at = static_cast<std::uint32_t>(below(made.bytes - edit_bytes));
    return made;
  }

  Step commit(const Model& model, Kind kind) {
    Step step;
    step.kind = kind;
    step.repo = any_key(model.repos);
    const auto& branches = model.repos.at(step.repo);
    step.branch = any_key(branches);
    const auto& files = branches.at(step.branch);
    if (files.size() > 3 && below(3) == 0) step.removes.push_back(any_key(files));
    const auto puts = 1 + below(3);
    for (std::uint64_t i = 0; i < puts; ++i) {
      Step::Put put;
      put.lfs = below(3) == 0;
      put.path = (below(3) == 0 ? "dir" + std::to_string(below(3)) + "/" : "") +
                 std::string("file") + std::to_string(below(9)) + (put.lfs ? ".bin" : ".txt");
      if (std::ranges::find(step.removes, put.path) != step.removes.end()) continue;
      put.content = content(put.lfs);
      step.puts.push_back(put);
    }
    if (step.puts.empty() && step.removes.empty())
      step.puts.push_back({"always", content(false), false});
    return step;
  }

  SeededRandom random_;
  Sizes sizes_;
  std::string owner_;
};

Status send_by_lfs(storage::Store& store, std::uint64_t uid, ByteView bytes) {
  WAAG_TRY(auto ingest, store.ingest());
  WAAG_CHECK(ingest->write(bytes));
  storage::IngestExpect expect{sha256(bytes), bytes.size()};
  WAAG_CHECK(ingest->finish(expect, store.possession("crash", uid, *expect.id)));
  return ok();
}

Status send_by_xet(storage::Store& store, std::uint64_t uid, ByteView bytes) {
  XetPacker packer(/*chunks_max=*/2);
  packer.add(bytes);
  const auto upload = packer.take();
  for (const auto& xorb : upload.xorbs) {
    WAAG_TRY(auto ingest, store.xet().ingest_xorb(xorb.hash));
    WAAG_CHECK(ingest->write(xorb.body));
    WAAG_CHECK(ingest->finish());
  }
  WAAG_TRY(auto ingest, store.xet().ingest_shard({"crash", uid}));
  WAAG_CHECK(ingest->write(xet::serialize_shard(upload.shard, /*with_footer=*/false)));
  WAAG_CHECK(ingest->end());
  WAAG_TRY(const auto progress, ingest->verify(bytes.size() + 1));
  if (!progress.done()) return fail(Errc::internal, "a shard was not verified in one step");
  WAAG_CHECK(ingest->publish());
  return ok();
}

Result<Change> stage(storage::Store& store, storage::StagingArea& area, std::uint64_t uid,
                     const Step::Put& put) {
  const Bytes bytes = make_content(put.content);
  Change change;
  change.path = put.path;
  if (put.lfs) {
    const auto send = put.content.seed % 2 == 0 ? send_by_lfs : send_by_xet;
    WAAG_CHECK(send(store, uid, bytes));
    change.kind = Change::Kind::put_lfs;
    change.lfs = sha256(bytes);
    change.lfs_size = bytes.size();
    return change;
  }
  WAAG_TRY(auto staged, area.file());
  WAAG_CHECK(staged->write(bytes));
  WAAG_TRY(auto done, staged->finish());
  change.kind = Change::Kind::put_file;
  change.blob = done.git_id;
  return change;
}

Result<storage::RepoRow> find(storage::Store& store, const std::string& name) {
  return store.find_repo(RepoId{RepoType::model, "crash", name});
}

Status run_commit(storage::Store& store, const Step& step) {
  WAAG_TRY(auto repo, find(store, step.repo));
  storage::CommitRequest request;
  request.repo_uid = repo.uid;
  request.ref = "refs/heads/" + step.branch;
  request.user = request.author_name = "crash";
  request.author_email = "crash@waag.invalid";
  request.message = "step";
  for (const auto& path : step.removes) {
    Change change;
    change.kind = Change::Kind::remove_file;
    change.path = path;
    request.changes.push_back(change);
  }
  request.staged = store.staging_area();
  for (const auto& put : step.puts) {
    WAAG_TRY(auto change, stage(store, *request.staged, repo.uid, put));
    request.changes.push_back(change);
  }
  if (step.kind == Kind::merge_pull) request.pull = storage::NewPull{"step", ""};
  WAAG_TRY(auto outcome, store.commit(std::move(request)));
  if (step.kind == Kind::merge_pull) {
    storage::MergeRequest merge;
    merge.repo_uid = repo.uid;
    merge.number = outcome.pull;
    merge.act.user = "crash";
    WAAG_TRY(const auto merged, store.pulls().merge(merge));
    outcome.commit = merged.commit;
  }
  return outcome.commit.is_zero() ? Status(fail(Errc::internal, "zero commit")) : ok();
}

Status run_branch(storage::Store& store, const Step& step) {
  WAAG_TRY(auto repo, find(store, step.repo));
  const std::string ref = "refs/heads/" + step.branch;
  if (step.kind == Kind::create_branch) {
    WAAG_TRY(auto head, store.resolve(repo.uid, "main"));
    return store.move_ref(repo.uid, ref, std::nullopt, head, "crash");
  }
  WAAG_TRY(auto row, store.find_ref(repo.uid, ref));
  if (!row) return fail(Errc::revision_not_found, "no such branch");
  return store.move_ref(repo.uid, ref, row->target, std::nullopt, "crash");
}

Status run_create(storage::Store& store, const Step& step) {
  storage::NewRepo repo;
  repo.id = RepoId{RepoType::model, "crash", step.repo};
  repo.creator = repo.author_name = "crash";
  repo.author_email = "crash@waag.invalid";
  repo.gitattributes = "*.bin filter=lfs diff=lfs merge=lfs -text\n";
  WAAG_TRY(auto row, store.create_repo(repo));
  return row.uid == 0 ? Status(fail(Errc::internal, "zero uid")) : ok();
}

Status run_squash(storage::Store& store, const Step& step) {
  WAAG_TRY(auto repo, find(store, step.repo));
  storage::SquashRequest request;
  request.repo_uid = repo.uid;
  request.ref = "refs/heads/" + step.branch;
  request.user = "crash";
  request.message = "squash";
  WAAG_TRY(auto commit, store.squash(request));
  return commit.is_zero() ? Status(fail(Errc::internal, "zero commit")) : ok();
}

Status run_drop(storage::Store& store, const Step& step) {
  WAAG_TRY(auto repo, find(store, step.repo));
  storage::LfsRemoval removal;
  removal.repo_uid = repo.uid;
  removal.files = {sha256(make_content(step.puts.front().content))};
  removal.user = "crash";
  return store.remove_lfs_files(removal);
}

Status run_move(storage::Store& store, const Step& step) {
  WAAG_TRY(auto repo, find(store, step.repo));
  WAAG_TRY(auto moved, store.move_repo(repo.uid, {RepoType::model, "crash", step.to}));
  return moved.uid == repo.uid ? ok() : Status(fail(Errc::internal, "another repo"));
}

Status run_restore(storage::Store& store, const Step& step) {
  WAAG_TRY(auto trash, store.list_trash());
  for (const auto& row : trash) {
    if (row.repo.id.name != step.repo) continue;
    WAAG_TRY(auto back, store.restore_repo(row.repo.uid, row.repo.id));
    return back.uid == row.repo.uid ? ok() : Status(fail(Errc::internal, "another repo"));
  }
  return fail(Errc::not_found, "not in the trash");
}

/// Reads one file whole and compares it with what the model says it holds.
std::string check_file(storage::Store& store, const storage::TreeEntry& entry,
                       const Content& content) {
  const Bytes want = make_content(content);
  auto reader = entry.lfs ? store.open_blob(entry.lfs->id) : store.open_git_blob(entry.oid);
  if (!reader) return entry.path + ": " + reader.error().what;
  if ((*reader)->size_bytes() != want.size()) return entry.path + ": wrong size";
  Bytes got(want.size());
  std::size_t at = 0;
  while (at < got.size()) {
    auto part = (*reader)->read(at, std::span(got).subspan(at));
    if (!part) return entry.path + ": " + part.error().what;
    if (*part == 0) return entry.path + ": short read";
    at += *part;
  }
  return got == want ? "" : entry.path + ": wrong bytes";
}

std::vector<std::string> check_branch(storage::Store& store, std::uint64_t uid,
                                      const std::string& branch, const Model::Files& files) {
  std::vector<std::string> found;
  const auto head = store.resolve(uid, "refs/heads/" + branch);
  if (!head) return {branch + ": " + head.error().what};
  const auto snapshot = store.snapshot(uid, *head);
  if (!snapshot) return {branch + ": " + snapshot.error().what};
  const auto entries = (*snapshot)->list("", true, "", 0);
  if (!entries) return {branch + ": " + entries.error().what};
  std::size_t seen = 0;
  for (const auto& entry : *entries) {
    if (entry.type == storage::TreeEntry::Type::directory || entry.path == ".gitattributes")
      continue;
    ++seen;
    const auto want = files.find(entry.path);
    if (want == files.end()) {
      found.push_back(branch + "/" + entry.path + ": should not be there");
      continue;
    }
    if (auto problem = check_file(store, entry, want->second); !problem.empty())
      found.push_back(branch + "/" + problem);
  }
  if (seen < files.size()) found.push_back(branch + ": files are missing");
  return found;
}

}  // namespace

void SeededRandom::fill(std::span<std::byte> out) { fill_stream(next(), out); }
std::uint64_t SeededRandom::next() { return splitmix(state_); }

Bytes make_content(const Content& content) {
  Bytes bytes(content.bytes);
  fill_stream(content.seed, bytes);
  if (content.edit_at != 0) {
    const auto edit = std::span(bytes).subspan(content.edit_at, edit_bytes);
    fill_stream(content.edit_at, edit);
  }
  return bytes;
}

std::vector<Step> make_workload(std::uint64_t seed, std::size_t count) {
  Maker maker(seed, usual_sizes);
  Model model;
  std::vector<Step> steps;
  while (steps.size() < count) {
    steps.push_back(maker.next(model));
    apply(model, steps.back());
  }
  return steps;
}

std::vector<Step> make_short_workload(std::uint64_t seed, std::size_t count,
                                      const std::string& owner) {
  Maker maker(seed, short_sizes, owner);
  Model model;
  std::vector<Step> steps;
  while (steps.size() < count) {
    steps.push_back(maker.next(short_kinds[steps.size() % short_kinds.size()], model));
    apply(model, steps.back());
  }
  return steps;
}

void apply(Model& model, const Step& step) {
  switch (step.kind) {
    case Kind::create_repo:
      model.repos[step.repo]["main"] = {};
      return;
    case Kind::delete_repo:
      model.repos.erase(step.repo);
      return;
    case Kind::put_user:
      model.users.push_back(step.user);
      return;
    case Kind::create_branch:
      model.repos.at(step.repo)[step.branch] = model.repos.at(step.repo).at("main");
      return;
    case Kind::delete_branch:
      model.repos.at(step.repo).erase(step.branch);
      return;
    case Kind::move_repo:
      model.repos[step.to] = std::move(model.repos.at(step.repo));
      model.repos.erase(step.repo);
      return;
    case Kind::trash_repo:
      model.trash[step.repo] = std::move(model.repos.at(step.repo));
      model.repos.erase(step.repo);
      return;
    case Kind::restore_repo:
      model.repos[step.repo] = std::move(model.trash.at(step.repo));
      model.trash.erase(step.repo);
      return;
    case Kind::drop_lfs:
      for (auto& [branch, files] : model.repos.at(step.repo))
        std::erase_if(files, [&](const auto& file) {
          return is_lfs(file.first) && file.second == step.puts.front().content;
        });
      return;
    case Kind::squash:  // the files stay
      return;
    case Kind::commit:
    case Kind::merge_pull:
      break;
  }
  auto& files = model.repos.at(step.repo).at(step.branch);
  for (const auto& path : step.removes) files.erase(path);
  for (const auto& put : step.puts) files[put.path] = put.content;
}

Status run(storage::Store& store, const Step& step) {
  switch (step.kind) {
    case Kind::create_repo:
      return run_create(store, step);
    case Kind::commit:
    case Kind::merge_pull:
      return run_commit(store, step);
    case Kind::create_branch:
    case Kind::delete_branch:
      return run_branch(store, step);
    case Kind::put_user: {
      storage::UserRow user;
      user.name = step.user;
      return store.add_user(user);
    }
    case Kind::squash:
      return run_squash(store, step);
    case Kind::drop_lfs:
      return run_drop(store, step);
    case Kind::move_repo:
      return run_move(store, step);
    case Kind::restore_repo:
      return run_restore(store, step);
    case Kind::trash_repo:
    case Kind::delete_repo:
      break;
  }
  WAAG_TRY(auto repo, find(store, step.repo));
  if (step.kind == Kind::trash_repo) return store.trash_repo(repo.uid, "crash");
  return store.delete_repo(repo.uid, "crash");
}

std::vector<std::string> differences(storage::Store& store, const Model& model,
                                     std::string_view owner) {
  std::vector<std::string> found;
  auto repos = store.list_repos(RepoType::model, "", 100'000);
  if (!repos) return {"list_repos: " + repos.error().what};
  std::erase_if(*repos, [&](const auto& repo) { return !repo.id.name.starts_with(owner); });
  for (const auto& repo : *repos) {
    if (!model.repos.contains(repo.id.name)) found.push_back(repo.id.name + ": should not exist");
  }
  if (repos->size() < model.repos.size()) found.push_back("repos are missing");
  for (const auto& [name, branches] : model.repos) {
    const auto row = find(store, name);
    if (!row) {
      found.push_back(name + ": " + row.error().what);
      continue;
    }
    auto refs = store.list_refs(row->uid);
    if (refs)
      std::erase_if(*refs, [](const auto& ref) { return ref.name.starts_with("refs/pr/"); });
    if (!refs || refs->size() != branches.size()) found.push_back(name + ": wrong set of refs");
    for (const auto& [branch, files] : branches)
      for (auto& problem : check_branch(store, row->uid, branch, files))
        found.push_back(name + "@" + problem);
  }
  auto trash = store.list_trash();
  if (!trash) return {"list_trash: " + trash.error().what};
  std::erase_if(*trash, [&](const auto& row) { return !row.repo.id.name.starts_with(owner); });
  for (const auto& row : *trash)
    if (!model.trash.contains(row.repo.id.name))
      found.push_back(row.repo.id.name + ": should not be in the trash");
  if (trash->size() != model.trash.size()) found.push_back("wrong set of repos in the trash");
  for (const auto& user : model.users)
    if (!store.find_user(user)) found.push_back("user " + user + " is missing");
  auto users = store.list_users();
  if (!users) return {"list_users: " + users.error().what};
  std::erase_if(*users, [&](const auto& user) { return !user.name.starts_with(owner); });
  if (users->size() != model.users.size()) found.push_back("wrong set of users");
  return found;
}

storage::StoreOptions small_store(const std::filesystem::path& data) {
  storage::StoreOptions options;
  options.data = data;
  options.reserve_bytes = 0;
  options.rows.journal_file_bytes_max = 24u << 10;
  options.rows.checkpoint_bytes_min = 48u << 10;
  options.rows.block_cache_bytes = 1u << 20;
  options.packs.pack_bytes_max = 1u << 20;
  options.packs.group_bytes_max = 256u << 10;
  options.packs.open_packs_max = 2;
  options.tree_cache_bytes = 1u << 20;
  return options;
}

}  // namespace waag::testing
