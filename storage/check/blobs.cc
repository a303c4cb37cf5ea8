#include <algorithm>
#include <map>
#include <unordered_set>
#include <utility>

#include "protocol/git/object.h"
#include "protocol/hash.h"
#include "protocol/lfs/pointer.h"
#include "protocol/xet/merkle.h"
#include "storage/check/examiner.h"
#include "storage/intake/blob_description.h"
#include "storage/meta/blob_rows.h"
#include "storage/meta/damage.h"
#include "storage/meta/mirror/mirror_rows.h"

namespace waag::storage::check {
namespace {

constexpr std::size_t read_bytes = 1u << 20;

std::vector<xet::HashedLength> lengths(std::span<const XorbChunk> chunks) {
  std::vector<xet::HashedLength> found;
  found.reserve(chunks.size());
  for (const auto& chunk : chunks) found.push_back({chunk.hash, chunk.raw_bytes});
  return found;
}

/// What is wrong with the record that a run names for a chunk; empty if nothing.
/// @param entry  what the pack's directory says of it; nullptr if nothing
std::string_view fault_of(const DirectoryEntry* entry, const XorbChunk& chunk) {
  if (entry == nullptr) return "run past the end of its pack";
  if (entry->at.kind == RecordKind{0}) return "a record is lost with its group";
  if (entry->hash != chunk.hash.bytes || entry->at.raw_bytes != chunk.raw_bytes)
    return "a record holds another chunk than the xorb says";
  return {};
}

/// A run over a damaged record is whole if the chunk was stored again.
void check_record(const Examiner& examiner, const RecordPlace& at, const DirectoryEntry* entry,
                  const XorbChunk& chunk, const std::string& about) {
  const auto fault = fault_of(entry, chunk);
  const bool damaged = examiner.packs.damaged().contains(at);
  if (!damaged && fault.empty()) return;
  if (!damaged) return examiner.problem(about + ": " + std::string(fault));
  const auto other = good_place(examiner.rows, examiner.packs, chunk.hash, chunk.raw_bytes);
  if (examiner.good(other, about) && !*other)
    examiner.problem(about + ": chunk " + chunk.hash.hex() + " has no good record");
}

void check_runs(const Examiner& examiner, const XorbRow& row, const std::string& about) {
  auto chunk = row.chunks.begin();
  for (const auto& run : row.runs) {
    const auto directory = examiner.packs.directory(run.pack);
    if (!directory && directory.error().code != Errc::corrupt)
      return examiner.problem(about + ": " + directory.error().what);
    for (std::uint32_t i = 0; i < run.records; ++i, ++chunk) {
      const RecordPlace at{run.pack, run.first_record + i};
      const bool listed = directory && at.record < (*directory)->entries.size();
      check_record(examiner, at, listed ? &(*directory)->entries[at.record] : nullptr, *chunk,
                   about);
    }
  }
}

void check_xorbs(const Examiner& examiner) {
  examiner.each(keys::all('x'), decode_xorb, [&](std::string_view key, const XorbRow& row) {
    const auto hash = keys::last_hash<XorbHash>(key);
    const auto about = "xorb " + hash.hex();
    if (xet::xorb_hash(lengths(row.chunks)) != hash) examiner.problem(about + ": wrong hash");
    check_runs(examiner, row, about);
  });
}

/// Keys of the dedup rows that a blob may have.
using DedupKeys = std::unordered_set<std::string>;

/// Terms lie within their xorbs, their bytes add up, and their chunks give the file's hash.
/// @return which of these clients may ask for
DedupKeys check_terms(const Examiner& examiner, const BlobId& id, const BlobManifest& manifest,
                      const std::string& about) {
  xet::MerkleBuilder tree;
  DedupKeys dedup;
  bool first = true;
  for (const auto& term : manifest.terms) {
    const auto row = get_row(examiner.rows, keys::xorb(term.xorb), decode_xorb);
    if (!examiner.good(row, about)) return dedup;
    if (!*row) {
      examiner.problem(about + ": xorb " + term.xorb.hex() + " is missing");
      return dedup;
    }
    const auto& chunks = (*row)->chunks;
    if (std::uint64_t{term.first_chunk} + term.chunks > chunks.size()) {
      examiner.problem(about + ": term past the end of its xorb");
      return dedup;
    }
    std::uint64_t bytes = 0;
    for (const auto& chunk : std::span(chunks).subspan(term.first_chunk, term.chunks)) {
      tree.add({chunk.hash, chunk.raw_bytes});
      bytes += chunk.raw_bytes;
      if (std::exchange(first, false) || is_dedup_eligible(chunk.hash))
        dedup.insert(keys::dedup(chunk.hash, id));
    }
    if (bytes != term.bytes) examiner.problem(about + ": term of a wrong length");
  }
  if (xet::file_hash_of_root(tree.finish(), manifest.terms.empty()) != manifest.file_hash)
    examiner.problem(about + ": wrong file hash");
  return dedup;
}

/// A row must tell the truth. One may lack: then some bytes are sent that need not be.
void check_dedup_rows(const Examiner& examiner, const DedupKeys& known) {
  const auto prefix = keys::all('E');
  const auto scanned =
      examiner.rows.scan(prefix, prefix, [&](std::string_view key, std::string_view) {
        if (!known.contains(std::string(key)))
          examiner.problem("dedup row " + to_hex(as_bytes(key.substr(1))) +
                           ": its blob has no such chunk");
        return true;
      });
  (void)examiner.good(scanned, "dedup rows");
}

void check_bytes(const Examiner& examiner, const BlobId& id, const std::string& about) {
  const auto reader = open_blob(examiner.rows, examiner.packs, id);
  if (!examiner.good(reader, about)) return;
  Bytes buffer(std::min<std::uint64_t>(read_bytes, (*reader)->size_bytes()));
  Sha256 hash;
  for (std::uint64_t at = 0; at < (*reader)->size_bytes();) {
    const auto got = (*reader)->read(at, buffer);
    if (!examiner.good(got, about)) return;
    if (*got == 0) return examiner.problem(about + ": ends early");
    hash.update(std::span(buffer).first(*got));
    at += *got;
  }
  if (hash.finish() != id) examiner.problem(about + ": wrong SHA-256");
}

void check_file_rows(const Examiner& examiner) {
  examiner.each(keys::all('f'), decode_file_row, [&](std::string_view key, const BlobId& id) {
    const auto about = "file hash " + to_hex(as_bytes(key.substr(1)));
    const auto manifest = get_row(examiner.rows, keys::blob(id), decode_manifest);
    if (!examiner.good(manifest, about)) return;
    if (!*manifest || (*manifest)->file_hash != keys::last_hash<FileHash>(key))
      examiner.problem(about + ": names a blob that does not have it");
  });
}

/// Large git blobs: the id is recomputed from the chunked blob's bytes.
void check_large_git_blobs(const Examiner& examiner) {
  examiner.each(keys::all('G'), decode_large_git_blob, [&](std::string_view key, const BlobId& id) {
    const auto git_id = keys::last_hash<GitId>(key);
    const auto about = "large git blob " + git_id.hex();
    const auto reader = open_blob(examiner.rows, examiner.packs, id);
    if (!examiner.good(reader, about)) return;
    Sha1 hash = git::git_blob_hasher((*reader)->size_bytes());
    Bytes buffer(std::min<std::uint64_t>(read_bytes, (*reader)->size_bytes()));
    for (std::uint64_t at = 0; at < (*reader)->size_bytes();) {
      const auto got = (*reader)->read(at, buffer);
      if (!examiner.good(got, about)) return;
      if (*got == 0) return examiner.problem(about + ": ends early");
      hash.update(std::span(buffer).first(*got));
      at += *got;
    }
    if (hash.finish() != git_id) examiner.problem(about + ": its bytes have another id");
  });
}

/// Pointer rows say what the pointer's own text says.
void check_pointers(const Examiner& examiner) {
  bool mirrors = false;
  examiner.each(keys::all('M'), decode_mirror,
                [&](std::string_view, const MirrorRow&) { mirrors = true; });
  const auto check = [&](std::string_view key, const LfsPointerRow& row) {
    const auto id = keys::last_hash<GitId>(key);
    const auto about = "LFS pointer " + id.hex();
    const auto reader = open_git_blob(examiner.rows, examiner.packs, id);
    if (!examiner.good(reader, about)) return;
    Bytes text(std::min<std::uint64_t>((*reader)->size_bytes(), lfs::pointer_bytes_limit));
    const auto got = (*reader)->read(0, text);
    if (!examiner.good(got, about)) return;
    const auto pointer = lfs::parse_pointer(std::span(text).first(*got));
    if (!pointer || pointer->oid != row.blob || pointer->size_bytes != row.size_bytes ||
        text.size() != row.pointer_bytes)
      examiner.problem(about + ": the row differs from the text");
    // A mirrored repo's may never have come; that every link leads to a blob is checked with them.
    if (!mirrors && !examiner.has(keys::blob(row.blob), about))
      examiner.problem(about + ": blob " + row.blob.hex() + " is missing");
  };
  examiner.each(keys::all('p'), decode_lfs_pointer, check);
}

}  // namespace

void check_blobs(const Examiner& examiner) {
  check_xorbs(examiner);
  DedupKeys dedup;
  examiner.each(
      keys::all('b'), decode_manifest, [&](std::string_view key, const BlobManifest& manifest) {
        ++examiner.report.blobs;
        const auto id = keys::last_hash<BlobId>(key);
        const auto about = "blob " + id.hex();
        dedup.merge(check_terms(examiner, id, manifest, about));
        const auto file = get_row(examiner.rows, keys::file(manifest.file_hash), decode_file_row);
        if (examiner.good(file, about) && (!*file || **file != id))
          examiner.problem(about + ": its file hash does not lead to it");
        check_bytes(examiner, id, about);
      });
  check_dedup_rows(examiner, dedup);
  check_file_rows(examiner);
  check_large_git_blobs(examiner);
  check_pointers(examiner);
}

}  // namespace waag::storage::check
