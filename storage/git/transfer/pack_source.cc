#include "storage/git/transfer/pack_source.h"

#include <algorithm>

#include "protocol/git/pack_entry.h"
#include "storage/git/objects.h"

namespace waag::storage {
namespace {

constexpr std::size_t block_bytes = 256 * 1024;

}  // namespace

PackSource::PackSource(RowStore& rows, PackSet& packs, IdList objects)
    : rows_(rows), packs_(packs), objects_(std::move(objects)), block_(block_bytes) {
  emit(git::pack_head(static_cast<std::uint32_t>(objects_.size())));
}

Result<std::size_t> PackSource::read(std::span<std::byte> out) {
  std::size_t size = 0;
  while (size < out.size()) {
    if (ready_at_ == ready_.size()) {
      ready_.clear();
      ready_at_ = 0;
      if (trailer_made_) break;
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

Status PackSource::make_more() {
  if (blob_) return add_part_of_blob();
  if (next_ < objects_.size()) return begin_object(objects_[next_++]);
  ready_ += as_text(hash_.finish().view());
  trailer_made_ = true;
  return ok();
}

Status PackSource::begin_object(const IdList::Item& item) {
  std::string text;
  if (item.kind == git::ObjectKind::blob) {
    WAAG_TRY(blob_, open_git_blob(rows_, packs_, item.id));
    blob_at_ = 0;
    git::append_entry_head(text, item.kind, blob_->size_bytes());
    emit(text);
    return add_part_of_blob();
  }
  WAAG_TRY(const auto body, read_object(rows_, packs_, item.id, item.kind));
  git::append_entry_head(text, item.kind, body.size());
  deflater_.add(body, text);
  deflater_.finish(text);
  emit(text);
  return ok();
}

Status PackSource::add_part_of_blob() {
  std::string text;
  WAAG_TRY(const auto got, blob_->read(blob_at_, block_));
  deflater_.add(ByteView(block_).first(got), text);
  blob_at_ += got;
  if (blob_at_ == blob_->size_bytes()) {
    deflater_.finish(text);
    blob_.reset();
  } else if (got == 0) {
    return fail(Errc::corrupt, "a git blob ends early");
  }
  emit(text);
  return ok();
}

void PackSource::emit(std::string_view bytes) {
  hash_.update(as_bytes(bytes));
  ready_ += bytes;
}

}  // namespace waag::storage
