#pragma once

#include "daemon/app.h"
#include "daemon/http/message.h"
#include "storage/xet/shard_ingest.h"

namespace waag::daemon {

/// A shard upload behind its body: its files are read and hashed slice by slice, then published.
/// Source: XET 5.6, 5.7.
class ShardSession {
 public:
  ShardSession(App& app, Request request, std::unique_ptr<storage::ShardIngest> ingest)
      : app_(app), request_(std::move(request)), ingest_(std::move(ingest)) {}

  Status write(ByteView bytes) { return ingest_->write(bytes); }
  /// The end of the body.
  Status end();
  /// One slice: a second or so. @return whether all is verified now
  Result<bool> verify();
  /// If the caller still may.
  Status publish();
  [[nodiscard]] const storage::ShardProgress& progress() const { return progress_; }
  /// Files that were not known before; after publish().
  [[nodiscard]] std::uint64_t new_files() const { return new_files_; }

 private:
  App& app_;
  const Request request_;
  std::unique_ptr<storage::ShardIngest> ingest_;
  storage::ShardProgress progress_;
  std::uint64_t new_files_ = 0;
};

/// For a caller who may upload. Blocks.
Result<std::shared_ptr<ShardSession>> begin_shard_session(App& app, Request request);

/// Does the rest of an upload while it is told of, a JSON line for each step: the client's read
/// timeout never fires, however much there is to verify. A client that leaves ends it.
class ShardFrames final : public BodySource {
 public:
  explicit ShardFrames(std::shared_ptr<ShardSession> session) : session_(std::move(session)) {}
  Result<std::size_t> read(std::span<std::byte> out) override;

 private:
  enum class Step : std::uint8_t { announce, verify, publish, over };
  /// The next line, and the step after it.
  std::string next();
  std::string validating();
  std::string failed(const Error& error);

  const std::shared_ptr<ShardSession> session_;
  Step step_{Step::announce};
  std::string line_;
  std::size_t at_ = 0;  // sent of line_
};

}  // namespace waag::daemon
