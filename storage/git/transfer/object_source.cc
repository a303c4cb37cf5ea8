#include "storage/git/transfer/object_source.h"

#include <algorithm>

#include "storage/git/objects.h"

namespace waag::storage {
namespace {

constexpr std::size_t block_bytes = 256 * 1024;

}  // namespace

ObjectSource::ObjectSource(RowStore& rows, PackSet& packs, IdList objects,
                           std::unique_ptr<git::ObjectWriter> writer)
    : rows_(rows),
      packs_(packs),
      objects_(std::move(objects)),
      writer_(std::move(writer)),
      block_(block_bytes) {
  writer_->begin(static_cast<std::uint32_t>(objects_.size()), ready_);
}

Result<std::size_t> ObjectSource::read(std::span<std::byte> out) {
  std::size_t size = 0;
  while (size < out.size()) {
    if (ready_at_ == ready_.size()) {
      ready_.clear();
      ready_at_ = 0;
      if (ended_) break;
      WAAG_CHECK(make_more());
      continue;
    }
    const auto part = std::min(out.size() - size, ready_.size() - ready_at_);
    std::memcpy(out.data() + size, ready_.data() + ready_at_, part);
    ready_at_ += part;
    size += part;
  }
  return size;
}

Status ObjectSource::make_more() {
  if (blob_) return add_part_of_blob();
  if (next_ < objects_.size()) return begin_object(objects_[next_++]);
  writer_->end(ready_);
  ended_ = true;
  return ok();
}

Status ObjectSource::begin_object(const IdList::Item& item) {
  if (item.kind == git::ObjectKind::blob) {
    WAAG_TRY(blob_, open_git_blob(rows_, packs_, item.id));
    blob_at_ = 0;
    writer_->head({item.kind, item.id, blob_->size_bytes()}, ready_);
    return add_part_of_blob();
  }
  WAAG_TRY(const auto body, read_object(rows_, packs_, item.id, item.kind));
  writer_->head({item.kind, item.id, body.size()}, ready_);
  writer_->body(body, ready_);
  writer_->end_object(ready_);
  return ok();
}

Status ObjectSource::add_part_of_blob() {
  WAAG_TRY(const auto got, blob_->read(blob_at_, block_));
  writer_->body(ByteView(block_).first(got), ready_);
  blob_at_ += got;
  if (blob_at_ == blob_->size_bytes()) {
    writer_->end_object(ready_);
    blob_.reset();
  } else if (got == 0) {
    return fail(Errc::corrupt, "a git blob ends early");
  }
  return ok();
}

}  // namespace waag::storage
