#pragma once

#include <memory>
#include <string>
#include <vector>

#include "protocol/hash.h"
#include "protocol/hub/commit_request.h"
#include "storage/store.h"

namespace waag::daemon {

/// Turns a commit's NDJSON body into staged files and a list of changes while it arrives. Holds
/// what the parser and one staged file hold, whatever the body's size. Blocks; not thread-safe.
class CommitBuilder {
 public:
  explicit CommitBuilder(storage::Store& store) : staged_(store.staging_area()) {}

  Status feed(ByteView bytes);
  /// After the last byte.
  Status finish();

  [[nodiscard]] const hub::CommitHeader& header() const { return header_; }
  [[nodiscard]] std::vector<storage::Change>& changes() { return changes_; }
  /// The changes' files.
  [[nodiscard]] const std::shared_ptr<storage::StagingArea>& staged() const { return staged_; }
  /// SHA-256 of the body, after finish().
  [[nodiscard]] const BlobId& payload() const { return payload_; }
  /// Summary, and the description after an empty line.
  [[nodiscard]] std::string message() const;

 private:
  Status take(std::vector<hub::CommitEvent>& events);
  Status on(hub::CommitHeader& header);
  Status on(hub::FileBegin& begin);
  Status on(hub::FileBytes& bytes);
  Status on(hub::FileEnd& end);
  Status on(hub::LfsFileOperation& file);
  Status on(hub::DeleteOperation& removal);

  const std::shared_ptr<storage::StagingArea> staged_;
  hub::CommitRequestParser parser_;
  std::unique_ptr<storage::StagedFile> file_;  // between FileBegin and FileEnd
  hub::CommitHeader header_;
  std::vector<storage::Change> changes_;
  Sha256 hash_;
  BlobId payload_;
};

}  // namespace waag::daemon
