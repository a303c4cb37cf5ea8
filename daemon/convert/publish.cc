#include "daemon/convert/publish.h"

#include <algorithm>
#include <set>

#include "daemon/api/common/author.h"
#include "daemon/api/v2/gguf_choice.h"
#include "daemon/app.h"
#include "daemon/catalog/weight_reader.h"
#include "daemon/convert/model_card.h"
#include "daemon/convert/output_files.h"
#include "daemon/convert/submit.h"
#include "protocol/hash.h"
#include "protocol/hub/path_rules.h"
#include "protocol/hub/preupload.h"

namespace waag::daemon {
namespace {

using storage::Change;
using storage::TreeEntry;

constexpr std::string_view main_ref = "refs/heads/main";
constexpr std::string_view card_name = "README.md";
constexpr std::uint64_t card_bytes_max = 1u << 20;

bool is_weight(std::string_view path) {
  return path.ends_with(".gguf") || path.ends_with(".safetensors");
}

const TreeEntry* find(const std::vector<TreeEntry>& entries, std::string_view path) {
  const auto found =
      std::ranges::find_if(entries, [&](const auto& entry) { return entry.path == path; });
  return found == entries.end() ? nullptr : &*found;
}

/// Whether the tree has all that already.
bool is_there(const Change& change, const std::vector<TreeEntry>& before) {
  const auto* entry = find(before, change.path);
  switch (change.kind) {
    case Change::Kind::put_file:
      return entry != nullptr && entry->oid == change.blob;
    case Change::Kind::put_lfs:
      return entry != nullptr && entry->lfs && entry->lfs->id == change.lfs;
    case Change::Kind::remove_file:
    case Change::Kind::remove_folder:
      return entry == nullptr;
  }
  return false;
}

/// Whether it belongs to a model's files of which `now` are the new ones. A repo holds one model in
/// safetensors, and one GGUF of a type, whole or in parts.
bool is_stale(std::string_view path, const std::set<std::string_view>& now) {
  if (now.contains(path)) return false;
  if (path.ends_with(".gguf"))
    return std::ranges::any_of(now, [&](std::string_view other) {
      return other.ends_with(".gguf") && gguf_stem(other) == gguf_stem(path);
    });
  if (!path.ends_with(".safetensors") && !path.ends_with(".safetensors.index.json")) return false;
  return std::ranges::any_of(now, [](auto other) { return other.ends_with(".safetensors"); });
}

Change removal_of(const std::string& path) {
  Change change;
  change.kind = Change::Kind::remove_file;
  change.path = path;
  return change;
}

Error told_to_stop() { return fail(Errc::unavailable, "the job was told to stop"); }

}  // namespace

Publisher::Publisher(App& app, JobContext& context, const Identity& who,
                     const Conversion& conversion)
    : store_(app.store),
      hub_key_(*app.hub_key),
      context_(context),
      who_(who),
      conversion_(conversion) {}

Status Publisher::check() const {
  for (const auto& file : conversion_.files) {
    if (context_.stopped()) return told_to_stop();
    WAAG_TRY(const auto opened, OutputFile::open(conversion_.output, file.path));
    WAAG_CHECK(check_output(opened, file));
  }
  for (const auto& output : conversion_.spec.outputs) {
    const auto of = [&](const auto& file) {
      return file.target == output.target.text() && is_weight(file.path);
    };
    if (std::ranges::none_of(conversion_.files, of))
      return fail(Errc::unprocessable, "the converter made nothing of " + output.target.text());
  }
  return ok();
}

/// Files of a safetensors target lie in a folder of its name.
std::vector<Publisher::Placed> Publisher::files_for(const RepoId& destination) const {
  std::vector<Placed> placed;
  for (const auto& output : conversion_.spec.outputs) {
    if (output.repo != destination) continue;
    const auto folder = output.target.type + "/";
    const bool nested = output.target.kind == ConvertTarget::Kind::safetensors;
    for (const auto& file : conversion_.files) {
      if (file.target != output.target.text()) continue;
      const bool strip = nested && file.path.starts_with(folder);
      placed.push_back({&file, strip ? file.path.substr(folder.size()) : file.path});
    }
  }
  return placed;
}

/// Made closed until it is as closed as the source: a crash between leaves nothing open.
Result<storage::RepoRow> Publisher::open_repo(const RepoId& destination) {
  const auto& source = conversion_.source;
  WAAG_TRY(auto there, find_destination(store_, who_, source, destination));
  if (there) return *std::move(there);
  storage::NewRepo repo;
  repo.id = destination;
  const bool gated = source.gate != storage::Gate::none;
  repo.visibility = gated ? storage::Visibility::closed : source.visibility;
  repo.creator = who_.user;
  repo.author_name = who_.user;
  repo.author_email = commit_email(who_.user);
  repo.gitattributes = hub::default_gitattributes(destination.type);
  WAAG_TRY(auto made, store_.create_repo(repo));
  if (!gated) return made;
  storage::RepoSettings settings;
  settings.visibility = source.visibility;
  settings.gate = source.gate;
  return store_.change_repo(made.uid, settings);
}

Result<Publisher::Published> Publisher::publish(const RepoId& destination) {
  context_.set_note("publishing " + destination.full_name());
  WAAG_TRY(const auto repo, open_repo(destination));
  WAAG_TRY(const auto head, store_.resolve(repo.uid, main_ref));
  WAAG_TRY(const auto snapshot, store_.snapshot(repo.uid, head));
  WAAG_TRY(const auto before, snapshot->list("", /*recursive=*/true, "", 0));
  const auto placed = files_for(destination);
  std::set<std::string_view> now;
  for (const auto& one : placed) now.insert(one.path);
  storage::CommitRequest commit;
  commit.staged = store_.staging_area();
  Published done{destination, head, 0, placed.size()};
  for (const auto& one : placed) {
    WAAG_TRY(auto change, put(one, *commit.staged));
    commit.changes.push_back(std::move(change));
    done.bytes += one.file->size_bytes;
  }
  Weights weights;
  for (const auto& entry : before) {
    const bool is_file = entry.type == TreeEntry::Type::file;
    if (is_file && is_stale(entry.path, now))
      commit.changes.push_back(removal_of(entry.path));
    else if (is_file && entry.path.ends_with(".gguf"))
      weights[entry.path] = entry.size_bytes;
  }
  for (const auto& one : placed)
    if (is_weight(one.path)) weights[one.path] = one.file->size_bytes;
  for (const auto& licence : conversion_.licences) {
    Change change;
    change.path = licence.path;
    change.blob = licence.oid;
    if (find(before, licence.path) == nullptr && !licence.lfs)
      commit.changes.push_back(std::move(change));
  }
  auto certificates = CertificateFiles::open(store_, before, hub_key_);
  WAAG_CHECK(put_certificates(destination, placed, certificates, commit));
  const auto card = card_for(destination, *snapshot, weights, certificates);
  if (!card.empty())
    WAAG_CHECK(put_text(std::string(card_name), card, *commit.staged, commit.changes));
  const auto there = [&](const Change& change) { return is_there(change, before); };
  if (std::ranges::all_of(commit.changes, there)) return done;
  commit.repo_uid = repo.uid;
  commit.ref = main_ref;
  commit.parent = head;
  commit.user = who_.user;
  commit.author_name = who_.user;
  commit.author_email = commit_email(who_.user);
  commit.message = "Convert " + conversion_.source.id.full_name() + "\n\nFrom commit " +
                   conversion_.spec.commit.hex() + ".";
  const auto outcome = store_.commit(std::move(commit));
  // The card was written for another head: once more, with what is made already.
  if (!outcome && outcome.error().code == Errc::precondition_failed)
    return fail(Errc::unavailable, destination.full_name() + " has changed meanwhile");
  WAAG_CHECK(outcome);
  done.commit = outcome->commit;
  return done;
}

/// A large file's hash is checked by the store's way in, a small one's here.
Result<Change> Publisher::put(const Placed& placed, storage::StagingArea& area) {
  if (context_.stopped()) return told_to_stop();
  static const hub::GitAttributes rules(hub::default_gitattributes(RepoType::model));
  const bool large = is_weight(placed.path) || rules.is_lfs(placed.path) ||
                     placed.file->size_bytes > hub::regular_file_bytes_max;
  return large ? put_large(placed) : put_small(placed, area);
}

Result<Change> Publisher::put_small(const Placed& placed, storage::StagingArea& area) {
  WAAG_TRY(const auto file, OutputFile::open(conversion_.output, placed.file->path));
  if (file.size_bytes() != placed.file->size_bytes)
    return fail(Errc::unprocessable, placed.path + " has changed since the converter ended");
  WAAG_TRY(const auto staged, area.file());
  Sha256 hash;
  WAAG_CHECK(file.read_all([&](ByteView bytes) {
    hash.update(bytes);
    return staged->write(bytes);
  }));
  if (hash.finish() != placed.file->sha256)
    return fail(Errc::unprocessable, placed.path + " has not the hash that the converter told");
  WAAG_TRY(const auto done, staged->finish());
  Change change;
  change.path = placed.path;
  change.blob = done.git_id;
  return change;
}

Result<Change> Publisher::put_large(const Placed& placed) {
  WAAG_TRY(const auto file, OutputFile::open(conversion_.output, placed.file->path));
  WAAG_TRY(const auto ingest, store_.ingest());
  WAAG_CHECK(file.read_all([&](ByteView bytes) -> Status {
    if (context_.stopped()) return told_to_stop();
    WAAG_CHECK(ingest->write(bytes));
    context_.add_done(bytes.size());
    return ok();
  }));
  WAAG_TRY(const auto done, ingest->finish({placed.file->sha256, placed.file->size_bytes}));
  Change change;
  change.kind = Change::Kind::put_lfs;
  change.path = placed.path;
  change.lfs = done.id;
  change.lfs_size = done.size_bytes;
  return change;
}

/// Weights first, and nothing that is made of the repo as a whole.
Status Publisher::put_certificates(const RepoId& destination, const std::vector<Placed>& placed,
                                   CertificateFiles& files, storage::CommitRequest& commit) {
  for (const auto& output : conversion_.spec.outputs) {
    const auto found = conversion_.certificates.find(output.target.text());
    if (output.repo != destination || found == conversion_.certificates.end()) continue;
    auto certificate = found->second;
    certificate.output_repo = destination.full_name();
    for (const bool weights : {true, false})
      for (const auto& [file, path] : placed)
        if (file->target == found->first && is_weight(path) == weights && path != card_name)
          certificate.output_files.push_back({path, file->sha256, file->size_bytes});
    WAAG_CHECK(files.put(std::move(certificate), *commit.staged, commit.changes));
  }
  files.remove_stale(commit.changes);
  return ok();
}

/// "" where the repo has a card that people wrote.
std::string Publisher::card_for(const RepoId& destination, const storage::Snapshot& head,
                                const Weights& weights,
                                const CertificateFiles& certificates) const {
  if (const auto entry = head.stat(card_name); entry)
    if (!is_our_card(read_front(store_, *entry, card_bytes_max))) return {};
  CardFacts facts;
  facts.title = destination.name;
  facts.source = conversion_.source.id;
  facts.commit = conversion_.spec.commit;
  facts.source_url = conversion_.spec.source_url;
  facts.source_readme = conversion_.readme;
  facts.options = conversion_.spec.options;
  for (const auto& output : conversion_.spec.outputs)
    if (output.repo == destination) facts.targets.push_back(output.target);
  facts.validate = conversion_.spec.validate;
  facts.warnings = conversion_.warnings;
  for (const auto& [path, certificate] : certificates.held())
    facts.certificates.push_back({path, certificate});
  for (const auto& [path, size] : weights) facts.weights.push_back({path, size});
  return model_card(facts);
}

Status Publisher::put_text(const std::string& path, const std::string& text,
                           storage::StagingArea& area, std::vector<Change>& changes) {
  WAAG_TRY(const auto staged, area.file());
  WAAG_CHECK(staged->write(as_bytes(text)));
  WAAG_TRY(const auto done, staged->finish());
  Change change;
  change.path = path;
  change.blob = done.git_id;
  // What the converter made is not written twice in a commit.
  std::erase_if(changes, [&](const Change& one) { return one.path == path; });
  changes.push_back(std::move(change));
  return ok();
}

}  // namespace waag::daemon
