#include "storage/journal/checkpoint_file.h"

#include <algorithm>

#include "storage/journal/rows_payload.h"

namespace waag::storage::journal {
namespace {

constexpr std::size_t rows_frame_bytes = 256 * 1024;
constexpr std::size_t extents_per_frame = 4096;

Error damaged(std::string_view what) {
  return fail(Errc::corrupt, "checkpoint: " + std::string(what));
}

}  // namespace

Result<std::unique_ptr<CheckpointWriter>> CheckpointWriter::create(
    FileSystem& fs, const std::filesystem::path& path, std::uint64_t last_seq, std::uint64_t salt) {
  WAAG_TRY(auto file, fs.open(path, OpenMode::create_new));
  WAAG_CHECK(file->write(0, encode(FileHeader{FileKind::checkpoint, last_seq, salt})));
  return std::make_unique<CheckpointWriter>(std::move(file), salt);
}

Status CheckpointWriter::append(FrameType type, ByteView payload) {
  Bytes frame;
  append_frame(frame, {salt_, end_, ++frames_, 0}, type, payload);
  WAAG_CHECK(file_->write(end_, frame));
  end_ += frame.size();
  return ok();
}

Status CheckpointWriter::add_extents(const std::vector<PackExtent>& extents) {
  for (std::size_t at = 0; at < extents.size(); at += extents_per_frame) {
    const auto part =
        std::span(extents).subspan(at, std::min(extents_per_frame, extents.size() - at));
    ByteWriter payload;
    encode_extents(payload, {part.begin(), part.end()});
    WAAG_CHECK(append(FrameType::checkpoint_extents, payload.bytes()));
  }
  extents_ += extents.size();
  return ok();
}

Status CheckpointWriter::add_row(std::string_view key, std::string_view value) {
  const bool fits = pending_.bytes().size() + key.size() + value.size() <= rows_frame_bytes;
  if (!fits) WAAG_CHECK(flush_rows());
  pending_.text(key);
  pending_.text(value);
  ++rows_;
  return ok();
}

Status CheckpointWriter::flush_rows() {
  if (pending_.bytes().empty()) return ok();
  const auto payload = pending_.take();
  pending_ = {};
  return append(FrameType::checkpoint_rows, payload);
}

Status CheckpointWriter::finish() {
  WAAG_CHECK(flush_rows());
  ByteWriter payload;
  payload.fixed(extents_);
  payload.fixed(rows_);
  WAAG_CHECK(append(FrameType::checkpoint_end, payload.bytes()));
  return file_->sync();
}

Result<std::unique_ptr<CheckpointReader>> CheckpointReader::open(
    FileSystem& fs, const std::filesystem::path& path) {
  WAAG_TRY(auto file, fs.open(path, OpenMode::read));
  WAAG_TRY(const auto size, file->size());
  Bytes head(std::min(size, file_header_bytes));
  WAAG_TRY(const auto got, file->read(0, head));
  head.resize(got);
  WAAG_TRY(const auto header, decode_file_header(head, FileKind::checkpoint));
  auto reader = std::make_unique<CheckpointReader>(std::move(file), header, size);
  WAAG_CHECK(reader->next_frame());
  return reader;
}

Status CheckpointReader::next_frame() {
  WAAG_TRY(const auto outcome, scanner_.next());
  if (outcome != FrameScanner::Outcome::frame)
    return damaged("no whole frame at offset " + std::to_string(scanner_.offset()));
  if (scanner_.frame().seq != ++frames_) return damaged("frames out of order");
  switch (scanner_.frame().type) {
    case FrameType::checkpoint_extents:
    case FrameType::checkpoint_rows:
    case FrameType::checkpoint_end:
      break;
    default:
      return fail(Errc::unprocessable, "checkpoint with a frame of unknown type");
  }
  rest_ = ByteReader(scanner_.frame().payload);
  return ok();
}

Status CheckpointReader::read_extents(const std::function<Status(const PackExtent&)>& extent) {
  while (scanner_.frame().type == FrameType::checkpoint_extents) {
    const auto extents = decode_extents(rest_);
    if (!rest_.ok() || !rest_.at_end()) return damaged("extents");
    extents_ += extents.size();
    for (const auto& each : extents) WAAG_CHECK(extent(each));
    WAAG_CHECK(next_frame());
  }
  return ok();
}

Result<bool> CheckpointReader::next_row() {
  if (ended_) return false;
  if (rows_ > 0) last_key_.assign(key_);  // the frame that key_ lies in may go now
  while (scanner_.frame().type == FrameType::checkpoint_rows && rest_.at_end())
    WAAG_CHECK(next_frame());
  if (scanner_.frame().type != FrameType::checkpoint_rows) {
    WAAG_CHECK(check_end());
    ended_ = true;
    return false;
  }
  key_ = as_text(rest_.raw(rest_.varint()));
  value_ = as_text(rest_.raw(rest_.varint()));
  if (!rest_.ok()) return damaged("rows");
  if (rows_ > 0 && key_ <= last_key_) return damaged("keys do not ascend");
  ++rows_;
  return true;
}

Status CheckpointReader::check_end() {
  if (scanner_.frame().type != FrameType::checkpoint_end) return damaged("frames out of order");
  const auto extents = rest_.fixed<std::uint64_t>();
  const auto rows = rest_.fixed<std::uint64_t>();
  if (!rest_.ok() || !rest_.at_end() || extents != extents_ || rows != rows_)
    return damaged("counts differ");
  if (scanner_.offset() != size_) return damaged("bytes behind the end");
  return ok();
}

}  // namespace waag::storage::journal
