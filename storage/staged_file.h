#pragma once

#include "storage/ingest.h"

namespace waag::storage {

class StagingArea;

/// Regular files up to this size are held and become one record; larger ones are chunked on the way
/// in (docs/decisions/0003).
inline constexpr std::size_t staged_bytes_max = 128u << 10;

/// One regular file's bytes on their way into a commit: a small one is held and handed to its
/// staging area, a larger one is ingested as chunks. Holds what an ingest does, <= 4 MiB. Blocks;
/// not thread-safe.
class StagedFile {
 public:
  struct Done {
    GitId git_id;  // as `git hash-object` says
    std::uint64_t size_bytes = 0;
    std::optional<BlobId> blob;  // set if it was large enough to be chunked: may become an LFS file
  };

  /// `area` must outlive this.
  explicit StagedFile(StagingArea& area) : area_(area) {}

  Status write(ByteView bytes);
  /// A small file becomes durable with the commit that names it, a chunked one does so now.
  Result<Done> finish();

 private:
  Result<Done> finish_chunked();

  StagingArea& area_;
  std::string held_;
  std::unique_ptr<Ingest> ingest_;
};

}  // namespace waag::storage
