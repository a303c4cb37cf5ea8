#include "convert/io/resumable_file.h"

#include <algorithm>
#include <charconv>

namespace waag::convert {
namespace {

constexpr std::string_view magic = "waag-convert 1 ";
/// A mark is some thirty bytes; a file has one for every 64 MiB.
constexpr std::uint64_t progress_bytes_max = 16 << 20;
constexpr std::size_t read_bytes = 1 << 20;

std::string part_of(const std::string& name) { return name + ".part"; }
std::string progress_of(const std::string& name) { return name + ".progress"; }

struct Mark {
  std::uint64_t end_bytes = 0;
  std::uint32_t crc = 0;
};

/// "1048576 3735928559\n"; takes it off the front of `text`. False if it is not whole.
bool take_mark(std::string_view& text, Mark& mark) {
  const auto line_end = text.find('\n');
  if (line_end == std::string_view::npos) return false;
  const auto* end = text.data() + line_end;
  const auto first = std::from_chars(text.data(), end, mark.end_bytes);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != ' ') return false;
  const auto second = std::from_chars(first.ptr + 1, end, mark.crc);
  if (second.ec != std::errc{} || second.ptr != end) return false;
  text.remove_prefix(line_end + 1);
  return true;
}

}  // namespace

Result<ResumableFile> ResumableFile::open(OutputFolder& folder, std::string name,
                                          const BlobId& plan, std::uint64_t size_bytes,
                                          std::uint64_t every_bytes) {
  ResumableFile file(folder, std::move(name), size_bytes, every_bytes);
  if (folder.exists(progress_of(file.name_))) {
    if (folder.exists(part_of(file.name_))) {
      WAAG_TRY(const bool taken, file.take_over(part_of(file.name_), plan));
      if (taken) return file;
    } else if (folder.exists(file.name_)) {
      WAAG_TRY(const bool taken, file.take_over(file.name_, plan));
      file.is_placed_ = taken && file.done_bytes_ == size_bytes;
      if (file.is_placed_) return file;
    }
  }
  WAAG_CHECK(file.start(plan));
  return file;
}

Status ResumableFile::start(const BlobId& plan) {
  WAAG_CHECK(folder_->remove(progress_of(name_)));
  WAAG_TRY(file_, folder_->open(part_of(name_)));
  WAAG_CHECK(file_->truncate(0));
  WAAG_TRY(progress_, folder_->open(progress_of(name_)));
  WAAG_CHECK(progress_->truncate(0));
  sha256_ = Sha256();
  crc_ = 0;
  done_bytes_ = marked_bytes_ = 0;
  const auto line = std::string(magic) + plan.hex() + "\n";
  progress_bytes_ = line.size();
  return progress_->write_at(0, as_bytes(line));
}

Result<bool> ResumableFile::take_over(const std::string& file, const BlobId& plan) {
  WAAG_TRY(progress_, folder_->open(progress_of(name_)));
  WAAG_TRY(const auto size, progress_->size());
  if (size > progress_bytes_max) return false;
  Bytes bytes(size);
  WAAG_CHECK(progress_->read_at(0, bytes));
  auto text = as_text(bytes);
  const auto line = std::string(magic) + plan.hex() + "\n";
  if (!text.starts_with(line)) return false;
  text.remove_prefix(line.size());
  progress_bytes_ = line.size();
  WAAG_TRY(file_, folder_->open(file));
  Mark mark;
  auto rest = text;
  while (take_mark(rest, mark)) {
    WAAG_TRY(const bool is_good, take_over_to(mark.end_bytes, mark.crc));
    if (!is_good) break;
    progress_bytes_ += text.size() - rest.size();
    text = rest;
  }
  // The hash has gone past a segment that was bad: read the good ones once more.
  if (const auto good = marked_bytes_; good != done_bytes_) {
    sha256_ = Sha256();
    done_bytes_ = marked_bytes_ = 0;
    WAAG_CHECK(take_over_to(good, 0));
    marked_bytes_ = good;
  }
  crc_ = 0;
  WAAG_CHECK(progress_->truncate(progress_bytes_));
  if (file == name_ && done_bytes_ != size_bytes_) return false;
  WAAG_CHECK(file_->truncate(done_bytes_));
  return true;
}

/// Reads on to `end_bytes`, hashing. False if the bytes are not there or not what the mark says.
Result<bool> ResumableFile::take_over_to(std::uint64_t end_bytes, std::uint32_t crc) {
  WAAG_TRY(const auto size, file_->size());
  if (end_bytes < done_bytes_ || end_bytes > size || end_bytes > size_bytes_) return false;
  Bytes buffer(read_bytes);
  std::uint32_t found = 0;
  while (done_bytes_ < end_bytes) {
    const auto part = std::span(buffer).first(
        static_cast<std::size_t>(std::min<std::uint64_t>(read_bytes, end_bytes - done_bytes_)));
    WAAG_CHECK(file_->read_at(done_bytes_, part));
    found = crc32c(part, found);
    sha256_.update(part);
    done_bytes_ += part.size();
  }
  if (found != crc) return false;
  marked_bytes_ = done_bytes_;
  return true;
}

Status ResumableFile::append(ByteView bytes) {
  WAAG_CHECK(file_->write_at(done_bytes_, bytes));
  crc_ = crc32c(bytes, crc_);
  sha256_.update(bytes);
  done_bytes_ += bytes.size();
  return ok();
}

Status ResumableFile::mark() {
  if (done_bytes_ - marked_bytes_ < every_bytes_) return ok();
  return write_mark();
}

/// The data first: a mark must never be durable before what it speaks of.
Status ResumableFile::write_mark() {
  WAAG_CHECK(file_->sync());
  const auto line = std::to_string(done_bytes_) + " " + std::to_string(crc_) + "\n";
  WAAG_CHECK(progress_->write_at(progress_bytes_, as_bytes(line)));
  WAAG_CHECK(progress_->sync());
  progress_bytes_ += line.size();
  marked_bytes_ = done_bytes_;
  crc_ = 0;
  return ok();
}

Result<BlobId> ResumableFile::finish() {
  if (done_bytes_ != size_bytes_)
    return fail(Errc::internal, name_ + " has another size than planned");
  if (!is_placed_) {
    WAAG_CHECK(write_mark());
    WAAG_CHECK(folder_->rename(part_of(name_), name_));
    is_placed_ = true;
  }
  return sha256_.finish();
}

Status ResumableFile::forget(OutputFolder& folder, const std::vector<std::string>& names) {
  for (const auto& name : names) WAAG_CHECK(folder.remove(progress_of(name)));
  return ok();
}

}  // namespace waag::convert
