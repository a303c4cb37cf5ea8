#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "daemon/convert/source_files.h"
#include "daemon/jobs/job_context.h"
#include "daemon/mirror/mirror.h"

namespace waag::daemon {

/// Puts files of one commit into a folder, for a program that reads files. Every byte is verified
/// on its way; what a mirrored repo's upstream has still to send is brought first. A file has its
/// name only once it is whole and durable, so a second beginning leaves out what is there. Used by
/// one thread.
class Materializer {
 public:
  /// @param mirror  nullptr: this hub has no upstream
  /// @param who     for whom files are brought
  Materializer(storage::Store& store, Mirror* mirror, JobContext& context, const Identity& who,
               std::filesystem::path folder)
      : store_(store), mirror_(mirror), context_(context), who_(who), folder_(std::move(folder)) {}

  /// Errc::unavailable if the job is told to stop; forbidden if nothing is brought for the asker;
  /// as the store, the mirror and the disk say.
  Status put(const storage::RepoRow& repo, const CommitId& commit,
             const std::vector<storage::TreeEntry>& files);

 private:
  Status put_file(const storage::TreeEntry& entry);
  Status bring(const storage::RepoRow& repo, const CommitId& commit,
               const storage::TreeEntry& entry);
  Status copy(storage::BlobReader& from, storage::File& to);

  storage::Store& store_;
  Mirror* mirror_;
  JobContext& context_;
  const Identity who_;
  const std::filesystem::path folder_;
};

/// Bytes of all regular files below `folder`; 0 if there is none.
std::uint64_t folder_bytes(const std::filesystem::path& folder);

}  // namespace waag::daemon
