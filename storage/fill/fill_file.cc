#include "storage/fill/fill_file.h"

#include <algorithm>
#include <fstream>
#include <limits>

#include "protocol/hash.h"

namespace waag::storage {
namespace {

constexpr std::string_view magic = "waag fill 1\n";
constexpr std::uint64_t sync_mark = std::numeric_limits<std::uint64_t>::max();
constexpr std::size_t record_bytes = 20;
/// A log of more is no log of ours: the note of each 64 KiB of a terabyte has less.
constexpr std::uint64_t log_bytes_max = 512ull << 20;

std::string encode_record(std::uint64_t begin, std::uint64_t end) {
  ByteWriter out;
  out.fixed(begin);
  out.fixed(end);
  auto text = out.str();
  ByteWriter sum;
  sum.fixed(crc32c(as_bytes(text)));
  return text + sum.str();
}

std::string encode_head(std::string_view boot_id, std::uint64_t size_bytes) {
  ByteWriter out;
  out.fixed(size_bytes);
  return std::string(magic) + std::string(boot_id) + '\0' + out.str();
}

/// The records of a log whose head is right, as far as they are whole.
Intervals replay(std::string_view log, bool same_boot) {
  Intervals synced;
  Intervals noted;
  while (log.size() >= record_bytes) {
    ByteReader in(as_bytes(log.substr(0, record_bytes)));
    const auto begin = in.fixed<std::uint64_t>();
    const auto end = in.fixed<std::uint64_t>();
    if (encode_record(begin, end) != log.substr(0, record_bytes)) break;
    if (begin == sync_mark)
      synced = noted;
    else
      noted.add({begin, end});
    log.remove_prefix(record_bytes);
  }
  return same_boot ? noted : synced;
}

}  // namespace

Result<std::unique_ptr<FillFile>> FillFile::open(FileSystem& fs,
                                                 const std::filesystem::path& folder,
                                                 const std::string& name, std::uint64_t size_bytes,
                                                 std::string_view boot_id) {
  std::unique_ptr<FillFile> fill(
      new FillFile(fs, folder / (name + ".part"), folder / (name + ".have"), size_bytes));
  if (fs.exists(fill->part_path_) && fs.exists(fill->have_path_)) {
    if (fill->resume(boot_id)) return fill;
  }
  WAAG_CHECK(fill->begin(boot_id));
  return fill;
}

/// An error: what is there is of no use.
Status FillFile::resume(std::string_view boot_id) {
  WAAG_TRY(const auto log, read_log());
  const auto name_end = log.find('\0');
  if (!log.starts_with(magic) || name_end == std::string::npos)
    return fail(Errc::corrupt, "not the log of a fill");
  const auto writer = std::string_view(log).substr(magic.size(), name_end - magic.size());
  const auto head = encode_head(writer, size_bytes_);
  if (!log.starts_with(head)) return fail(Errc::corrupt, "a fill of another size");
  head_bytes_ = head.size();
  const bool same_boot = !boot_id.empty() && writer == boot_id;
  auto there = replay(std::string_view(log).substr(head.size()), same_boot);
  WAAG_TRY(part_, fs_.open(part_path_, OpenMode::write));
  WAAG_TRY(const auto bytes, part_->size());
  if (there.last_end() > bytes)
    return fail(Errc::corrupt, "a fill's bytes end before its log says");
  there_ = std::move(there);
  if (same_boot) {
    WAAG_TRY(have_, fs_.open(have_path_, OpenMode::write));
    // Behind a torn record nothing would be read: the log goes on where the last whole one ends.
    log_end_ = head.size() + (log.size() - head.size()) / record_bytes * record_bytes;
    return have_->truncate(log_end_);
  }
  // What was synced goes into a new log, of this boot.
  auto old = std::move(there_);
  auto part = std::move(part_);
  WAAG_CHECK(fs_.remove(have_path_));
  WAAG_TRY(have_, fs_.open(have_path_, OpenMode::create_new));
  const auto fresh = encode_head(boot_id, size_bytes_);
  WAAG_CHECK(have_->write(0, as_bytes(fresh)));
  log_end_ = head_bytes_ = fresh.size();
  for (std::uint64_t at = 0; at < size_bytes_;) {
    const auto end = old.end_from(at);
    if (end > at) WAAG_CHECK(append(at, end));
    const auto missing = old.gap(end, size_bytes_);
    at = missing ? missing->end : size_bytes_;
  }
  WAAG_CHECK(append(sync_mark, sync_mark));
  there_ = std::move(old);
  part_ = std::move(part);
  return ok();
}

Result<std::string> FillFile::read_log() const {
  WAAG_TRY(const auto file, fs_.open(have_path_, OpenMode::read));
  WAAG_TRY(const auto size, file->size());
  if (size > log_bytes_max) return fail(Errc::corrupt, "too long a log of a fill");
  std::string log(size, '\0');
  WAAG_TRY(const auto got, file->read(0, std::as_writable_bytes(std::span(log))));
  log.resize(got);
  return log;
}

Status FillFile::begin(std::string_view boot_id) {
  there_ = {};
  part_.reset();
  have_.reset();
  for (const auto& path : {part_path_, have_path_})
    if (fs_.exists(path)) WAAG_CHECK(fs_.remove(path));
  WAAG_TRY(part_, fs_.open(part_path_, OpenMode::create_new));
  WAAG_TRY(have_, fs_.open(have_path_, OpenMode::create_new));
  const auto head = encode_head(boot_id, size_bytes_);
  WAAG_CHECK(have_->write(0, as_bytes(head)));
  log_end_ = head_bytes_ = head.size();
  return ok();
}

Status FillFile::append(std::uint64_t begin, std::uint64_t end) {
  const auto record = encode_record(begin, end);
  WAAG_CHECK(have_->write(log_end_, as_bytes(record)));
  log_end_ += record.size();
  return ok();
}

Status FillFile::write(std::uint64_t offset, ByteView bytes) {
  if (offset > size_bytes_ || bytes.size() > size_bytes_ - offset)
    return fail(Errc::internal, "a fill's bytes lie outside its file");
  WAAG_CHECK(part_->write(offset, bytes));
  const std::scoped_lock lock(mutex_);
  there_.add({offset, offset + bytes.size()});
  return ok();
}

Status FillFile::note(Stretch written) {
  if (written.begin >= written.end) return ok();
  const std::scoped_lock lock(mutex_);
  noted_since_sync_ = true;
  return append(written.begin, written.end);
}

Result<std::size_t> FillFile::read(std::uint64_t offset, std::span<std::byte> out) const {
  const auto end = end_from(offset);
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), end - offset));
  if (size == 0) return std::size_t{0};
  WAAG_TRY(const auto got, part_->read(offset, out.first(size)));
  if (got != size) return fail(Errc::corrupt, "a fill's file is shorter than what was written");
  return got;
}

std::uint64_t FillFile::end_from(std::uint64_t at) const {
  const std::scoped_lock lock(mutex_);
  return there_.end_from(at);
}

std::optional<Stretch> FillFile::gap(std::uint64_t at, std::uint64_t end) const {
  const std::scoped_lock lock(mutex_);
  return there_.gap(at, end);
}

std::uint64_t FillFile::bytes() const {
  const std::scoped_lock lock(mutex_);
  return there_.bytes();
}

Status FillFile::sync() {
  {
    const std::scoped_lock lock(mutex_);
    if (!noted_since_sync_) return ok();
    noted_since_sync_ = false;
  }
  // A note that comes meanwhile may stand before the mark, its bytes not synced: so the mark waits
  // for a second sync, which has little to do.
  WAAG_CHECK(part_->sync());
  const std::scoped_lock lock(mutex_);
  WAAG_CHECK(part_->sync());
  return append(sync_mark, sync_mark);
}

Status FillFile::clear() {
  const std::scoped_lock lock(mutex_);
  there_ = {};
  noted_since_sync_ = false;
  WAAG_CHECK(have_->truncate(head_bytes_));
  log_end_ = head_bytes_;
  return part_->truncate(0);
}

Status FillFile::remove() {
  WAAG_CHECK(fs_.remove(have_path_));
  return fs_.remove(part_path_);
}

std::string boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

}  // namespace waag::storage
