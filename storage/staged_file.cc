#include "storage/staged_file.h"

#include <algorithm>

#include "protocol/git/object.h"
#include "storage/staging_area.h"

namespace waag::storage {
namespace {

/// One read of the second pass over a large file: what a git id needs its length for.
constexpr std::size_t read_bytes = 1u << 20;

Result<GitId> git_id_of(BlobReader& reader) {
  Sha1 hash = git::git_blob_hasher(reader.size_bytes());
  Bytes buffer(std::min<std::uint64_t>(read_bytes, reader.size_bytes()));
  for (std::uint64_t at = 0; at < reader.size_bytes();) {
    WAAG_TRY(const auto got, reader.read(at, buffer));
    if (got == 0) return fail(Errc::corrupt, "a blob just written ends early");
    hash.update(std::span(buffer).first(got));
    at += got;
  }
  return hash.finish();
}

}  // namespace

Status StagedFile::write(ByteView bytes) {
  if (!ingest_ && held_.size() + bytes.size() <= staged_bytes_max) {
    held_.append(as_text(bytes));
    return ok();
  }
  if (!ingest_) {
    ingest_ = area_.ingest();
    WAAG_CHECK(ingest_->write(as_bytes(held_)));
    held_ = std::string();
  }
  return ingest_->write(bytes);
}

Result<StagedFile::Done> StagedFile::finish() {
  if (ingest_) return finish_chunked();
  Done done;
  done.size_bytes = held_.size();
  WAAG_TRY(done.git_id, area_.objects().add(git::ObjectKind::blob, std::move(held_)));
  return done;
}

Result<StagedFile::Done> StagedFile::finish_chunked() {
  WAAG_TRY(const auto ingested, ingest_->finish({}));
  Done done;
  done.size_bytes = ingested.size_bytes;
  done.blob = ingested.id;
  WAAG_TRY(const auto reader, area_.open(ingested.id));
  WAAG_TRY(done.git_id, git_id_of(*reader));
  area_.add_chunked(done.git_id, ingested.id);
  return done;
}

}  // namespace waag::storage
