#include "daemon/api/common/commit_builder.h"

#include "protocol/hub/preupload.h"

namespace waag::daemon {

using storage::Change;

Status CommitBuilder::feed(ByteView bytes) {
  hash_.update(bytes);
  std::vector<hub::CommitEvent> events;
  WAAG_CHECK(parser_.feed(bytes, events));
  return take(events);
}

Status CommitBuilder::finish() {
  std::vector<hub::CommitEvent> events;
  WAAG_CHECK(parser_.finish(events));
  WAAG_CHECK(take(events));
  payload_ = hash_.finish();
  return ok();
}

std::string CommitBuilder::message() const {
  if (header_.description.empty()) return header_.summary;
  return header_.summary + "\n\n" + header_.description;
}

Status CommitBuilder::take(std::vector<hub::CommitEvent>& events) {
  for (auto& event : events) WAAG_CHECK(std::visit([this](auto& one) { return on(one); }, event));
  return ok();
}

Status CommitBuilder::on(hub::CommitHeader& header) {
  header_ = std::move(header);
  return ok();
}

Status CommitBuilder::on(hub::FileBegin&) {
  WAAG_TRY(file_, staged_->file());
  return ok();
}

Status CommitBuilder::on(hub::FileBytes& bytes) { return file_->write(as_bytes(bytes.bytes)); }

Status CommitBuilder::on(hub::FileEnd& end) {
  WAAG_TRY(const auto done, file_->finish());
  file_.reset();
  Change change;
  change.path = std::move(end.path);
  change.blob = done.git_id;
  // hf-hub (Rust) sends weights inline when the hub does not offer Xet (HUB_API 5.6).
  if (done.blob && done.size_bytes > hub::regular_file_bytes_max) {
    change.kind = Change::Kind::put_lfs;
    change.lfs = *done.blob;
    change.lfs_size = done.size_bytes;
  }
  changes_.push_back(std::move(change));
  return ok();
}

Status CommitBuilder::on(hub::LfsFileOperation& file) {
  Change change;
  change.kind = Change::Kind::put_lfs;
  change.path = std::move(file.path);
  change.lfs = file.oid;
  change.lfs_size = file.size_bytes;
  changes_.push_back(std::move(change));
  return ok();
}

Status CommitBuilder::on(hub::DeleteOperation& removal) {
  Change change;
  change.kind = removal.folder ? Change::Kind::remove_folder : Change::Kind::remove_file;
  change.path = std::move(removal.path);
  changes_.push_back(std::move(change));
  return ok();
}

}  // namespace waag::daemon
