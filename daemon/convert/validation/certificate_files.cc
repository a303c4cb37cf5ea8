#include "daemon/convert/validation/certificate_files.h"

#include <algorithm>

#include "daemon/catalog/weight_reader.h"
#include "protocol/hash.h"
#include "protocol/hub/preupload.h"

namespace waag::daemon {
namespace {

using certificate::Certificate;
using storage::Change;
using storage::TreeEntry;

constexpr std::string_view folder = "certificates/";

/// Only the names of types are looked at: a repo may hold any number of others.
bool may_be_certificate(const TreeEntry& entry) {
  constexpr std::string_view ending = ".json";
  std::string_view name = entry.path;
  if (!name.starts_with(folder) || !name.ends_with(ending)) return false;
  name = name.substr(folder.size(), name.size() - folder.size() - ending.size());
  const auto is_type = [&](const char* kind) {
    return bool(ConvertTarget::parse(std::string(kind) + std::string(name)));
  };
  return entry.type == TreeEntry::Type::file &&
         entry.size_bytes <= certificate::certificate_bytes_max &&
         (is_type("gguf:") || is_type("safetensors:"));
}

/// Whether `file` is at its path after `changes`. What they leave alone, and is no LFS file, is
/// taken to be what it was when the certificate came.
bool is_there_after(const std::vector<Change>& changes, const TreeEntry* before,
                    const certificate::File& file) {
  for (const auto& change : changes) {
    if (change.path != file.path) continue;
    if (change.kind == Change::Kind::put_lfs) return change.lfs == file.sha256;
    return change.kind == Change::Kind::put_file && before != nullptr && before->oid == change.blob;
  }
  if (before == nullptr) return false;
  return before->lfs ? before->lfs->id == file.sha256 : before->size_bytes == file.size_bytes;
}

Change removal_of(const std::string& path) {
  Change change;
  change.kind = Change::Kind::remove_file;
  change.path = path;
  return change;
}

}  // namespace

CertificateFiles CertificateFiles::open(storage::Store& store, const std::vector<TreeEntry>& before,
                                        HubKey& key) {
  CertificateFiles files;
  files.store_ = &store;
  files.before_ = &before;
  files.key_ = &key;
  for (const auto& entry : before) {
    if (!may_be_certificate(entry)) continue;
    const auto ours = key.public_key();
    if (!ours) break;  // which are ours cannot be told; put() says what is wrong with the key
    files.take(entry, *ours);
  }
  return files;
}

void CertificateFiles::take(const TreeEntry& entry, const certificate::PublicKey& ours) {
  const auto text = read_front(*store_, entry, certificate::certificate_bytes_max);
  auto parsed = certificate::parse_certificate(text);
  if (!parsed || parsed->key != ours || !has_signature(entry.path, text, ours)) return;
  if (certificate::path_of(parsed->target) == entry.path) held_[entry.path] = *std::move(parsed);
}

const TreeEntry* CertificateFiles::find(std::string_view path) const {
  const auto found =
      std::ranges::find_if(*before_, [&](const auto& entry) { return entry.path == path; });
  return found == before_->end() ? nullptr : &*found;
}

/// Ours, on that very text.
bool CertificateFiles::has_signature(const std::string& path, std::string_view text,
                                     const certificate::PublicKey& ours) const {
  const auto* entry = find(certificate::signature_path_of(path));
  if (entry == nullptr) return false;
  const auto bytes = read_front(*store_, *entry, certificate::Signature::size_bytes + 1);
  certificate::Signature signature;
  if (bytes.size() != signature.bytes.size()) return false;
  std::ranges::copy(as_bytes(bytes), signature.bytes.begin());
  return certificate::is_signed_by(ours, as_bytes(text), signature);
}

Status CertificateFiles::put(Certificate made, storage::StagingArea& area,
                             std::vector<Change>& changes) {
  const auto path = certificate::path_of(made.target);
  put_.insert(path);
  if (const auto earlier = held_.find(path); earlier != held_.end()) {
    auto then = earlier->second;
    then.time = made.time;
    then.key = made.key;
    if (then == made) return ok();
  }
  WAAG_TRY(const auto signed_by_us, key_->sign(made));
  WAAG_TRY(auto text, file(path, signed_by_us.text, area));
  WAAG_TRY(auto beside, file(certificate::signature_path_of(path), signed_by_us.signature, area));
  changes.push_back(std::move(text));
  changes.push_back(std::move(beside));
  held_[path] = std::move(made);
  return ok();
}

Result<Change> CertificateFiles::file(const std::string& path, std::string_view content,
                                      storage::StagingArea& area) const {
  Change change;
  change.path = path;
  if (content.size() > hub::regular_file_bytes_max) {
    WAAG_TRY(const auto ingest, store_->ingest());
    WAAG_CHECK(ingest->write(as_bytes(content)));
    WAAG_TRY(const auto done, ingest->finish({sha256(as_bytes(content)), content.size()}));
    change.kind = Change::Kind::put_lfs;
    change.lfs = done.id;
    change.lfs_size = done.size_bytes;
    return change;
  }
  WAAG_TRY(const auto staged, area.file());
  WAAG_CHECK(staged->write(as_bytes(content)));
  WAAG_TRY(const auto done, staged->finish());
  change.blob = done.git_id;
  return change;
}

void CertificateFiles::remove_stale(std::vector<Change>& changes) {
  std::vector<Change> removals;
  for (auto at = held_.begin(); at != held_.end();) {
    const auto& [path, held] = *at;
    const auto holds = [&](const certificate::File& file) {
      return is_there_after(changes, find(file.path), file);
    };
    if (put_.contains(path) || std::ranges::all_of(held.output_files, holds)) {
      ++at;
      continue;
    }
    removals.push_back(removal_of(path));
    if (const auto beside = certificate::signature_path_of(path); find(beside) != nullptr)
      removals.push_back(removal_of(beside));
    at = held_.erase(at);
  }
  for (auto& removal : removals) changes.push_back(std::move(removal));
}

}  // namespace waag::daemon
