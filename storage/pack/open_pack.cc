#include "storage/pack/open_pack.h"

#include <algorithm>

namespace waag::storage::pack {

Result<std::shared_ptr<OpenPack>> OpenPack::create(FileSystem& fs,
                                                   const std::filesystem::path& packs,
                                                   const PackHead& head) {
  const auto path = pack_path(packs, head.pack, /*open=*/true);
  const auto folder = path.parent_path();
  if (!fs.exists(folder)) {
    WAAG_CHECK(fs.create_dir(folder));
    WAAG_CHECK(fs.sync_dir(packs));
  }
  std::shared_ptr<OpenPack> pack(new OpenPack(fs, packs, head));
  WAAG_TRY(pack->writer_, fs.open(path, OpenMode::create_new));
  if (auto made = pack->make(); !made) {
    (void)fs.remove(path);  // if it stays, recovery removes it or writes the head again
    return std::move(made).error();
  }
  return pack;
}

Status OpenPack::make() {
  const auto path = pack_path(packs_, head_.pack, /*open=*/true);
  WAAG_CHECK(writer_->write(0, encode_head(head_)));
  WAAG_CHECK(writer_->sync());
  WAAG_CHECK(fs_.sync_dir(path.parent_path()));
  durable_end_ = head_bytes;
  WAAG_TRY(reader_, fs_.open(path, OpenMode::read));
  return ok();
}

Result<std::shared_ptr<OpenPack>> OpenPack::recover(FileSystem& fs,
                                                    const std::filesystem::path& packs, PackId pack,
                                                    std::vector<PackExtent> extents) {
  const auto path = pack_path(packs, pack, /*open=*/true);
  std::shared_ptr<OpenPack> made(new OpenPack(fs, packs, PackHead{pack, PackClass::chunks}));
  WAAG_TRY(made->writer_, fs.open(path, OpenMode::write));
  WAAG_TRY(made->reader_, fs.open(path, OpenMode::read));
  WAAG_TRY(const auto file_bytes, made->writer_->size());

  Bytes bytes(head_bytes);
  WAAG_TRY(const auto got, made->reader_->read(0, bytes));
  const auto head = got == bytes.size() ? parse_head(bytes) : fail(Errc::corrupt, "head is cut");
  const bool good_head = head && head->pack == pack;
  if (!good_head && extents.empty()) {  // the process died while it made the file
    made.reset();
    WAAG_CHECK(fs.remove(path));
    return made;
  }
  if (good_head) made->head_ = *head;

  std::sort(extents.begin(), extents.end(),
            [](const PackExtent& a, const PackExtent& b) { return a.begin < b.begin; });
  std::uint32_t end = head_bytes;
  for (const auto& extent : extents) end = std::max(end, extent.end);
  auto walk = walk_groups(*made->reader_, pack, std::min<std::uint64_t>(end, file_bytes), extents);
  made->writable_ = good_head && !walk.damaged && walk.end == end;
  // Of a damaged pack the journal's end stays the end: verify then finds what is missing.
  made->end_ = made->writable_ ? walk.end : end;
  made->durable_end_ = made->end_;
  made->tail_is_garbage_ = file_bytes > walk.end;
  // Without an extent the process may have died, or been told of an error, before its sync: then
  // what the kernel shows may be all that there is, and no later sync would write it.
  made->head_is_proven_ = !extents.empty();
  made->places_ = std::move(walk.places);
  made->entries_ = std::move(walk.entries);
  return made;
}

std::uint32_t OpenPack::end() const {
  const std::lock_guard lock(mutex_);
  return end_;
}

std::uint32_t OpenPack::records() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::uint32_t>(entries_.size());
}

Status OpenPack::repair() {
  if (!head_is_proven_) {
    WAAG_CHECK(writer_->write(0, encode_head(head_)));
    head_is_proven_ = true;
  }
  if (!tail_is_garbage_) return ok();
  const auto cut = writer_->truncate(end());
  if (!cut) {
    writable_ = false;
    return cut;
  }
  tail_is_garbage_ = false;
  return ok();
}

Result<PackExtent> OpenPack::append(GroupBuilder& builder, std::span<const RecordIn> records) {
  if (!writable_) return fail(Errc::unavailable, "pack takes no more records");
  const auto begin = end();
  WAAG_CHECK(builder.build(head_, begin, this->records(), records));
  const std::lock_guard io(io_mutex_);
  WAAG_CHECK(repair());
  auto written = writer_->write(begin, builder.bytes());
  if (!written) {
    tail_is_garbage_ = true;
    (void)repair();  // failing that, the pack takes no more records
    return std::move(written).error();
  }
  const auto& place = builder.place();
  const std::lock_guard lock(mutex_);
  places_.push_back(place);
  entries_.insert(entries_.end(), builder.entries().begin(), builder.entries().end());
  end_ = place.end();
  return PackExtent{head_.pack, begin, end_, place.first_record, place.records};
}

Status OpenPack::sync(std::uint32_t end) {
  const std::lock_guard io(io_mutex_);
  if (end <= durable_end_) return ok();
  if (!writable_) return fail(Errc::unavailable, "pack could not be made durable");
  const auto now = this->end();
  auto done = writer_->sync();
  if (!done) {
    writable_ = false;
    return done;
  }
  durable_end_ = now;
  return ok();
}

Status OpenPack::seal() {
  const std::lock_guard io(io_mutex_);
  if (!writable_) return fail(Errc::unavailable, "pack takes no footer");
  WAAG_CHECK(repair());
  const auto begin = end();
  auto written = writer_->write(begin, encode_footer(head_.pack, begin, places_, entries_));
  if (!written) {
    tail_is_garbage_ = true;
    (void)repair();
    return written;
  }
  writable_ = false;  // whatever happens next
  WAAG_CHECK(writer_->sync());
  const auto from = pack_path(packs_, head_.pack, /*open=*/true);
  const auto to = pack_path(packs_, head_.pack, /*open=*/false);
  WAAG_CHECK(fs_.rename(from, to));
  WAAG_CHECK(fs_.sync_dir(to.parent_path()));
  durable_end_ = begin;
  return ok();
}

std::shared_ptr<const PackDirectory> OpenPack::directory() const {
  const std::lock_guard lock(mutex_);
  if (!snapshot_ || snapshot_->entries.size() != entries_.size())
    snapshot_ = std::make_shared<const PackDirectory>(PackDirectory{head_.pack, entries_});
  return snapshot_;
}

}  // namespace waag::storage::pack
