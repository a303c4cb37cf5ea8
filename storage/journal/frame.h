#pragma once

#include "storage/os/file_system.h"

// A journal file and a checkpoint file are a header and frames:
//
//   header  "WAAGJRNL" | version u32 | FileKind u32 | first_seq u64 | salt u64 | 0 u32 | crc u32
//   frame   length u32 | crc u32 | seq u64 | durable_seq u64 | type u8 | payload (length bytes)
//
// All integers little-endian; crc is CRC-32C. A frame's covers salt and file offset (so that a
// frame that was put down elsewhere, or that somebody's row value spells, is not one), then length,
// then everything behind the crc. durable_seq is the last sequence that had been synced when the
// frame was written: what tells a torn tail (nobody was told) from rot (somebody was).

namespace waag::storage::journal {

enum class FileKind : std::uint32_t { log = 1, checkpoint = 2 };

/// Values are on disk: never renumbered. A type that this version does not write is refused, never
/// skipped.
enum class FrameType : std::uint8_t {
  rows = 1,                // one transaction
  checkpoint_extents = 2,  // of a checkpoint: live extents, sorted by pack and offset
  checkpoint_rows = 3,     // of a checkpoint: live rows, keys ascending over all frames
  checkpoint_end = 4,      // of a checkpoint: how many extents and rows there were
  leases = 16,             // reserved
  tombstones = 17,         // reserved
  dropped_packs = 18,      // reserved
};

inline constexpr std::uint64_t file_header_bytes = 40;
inline constexpr std::uint64_t frame_header_bytes = 25;
/// Larger transactions are refused: a length beyond it is rot.
inline constexpr std::uint32_t frame_payload_bytes_max = 64u << 20;

struct FileHeader {
  FileKind kind{FileKind::log};
  std::uint64_t first_seq = 0;  // log: of its first frame; checkpoint: the last sequence it holds
  std::uint64_t salt = 0;
};

Bytes encode(const FileHeader& header);
/// Errc::corrupt if short or damaged; Errc::unprocessable if another version wrote it.
Result<FileHeader> decode_file_header(ByteView bytes, FileKind expected);

/// Appends one frame that will lie at `offset` of a file with `salt`.
struct FrameAt {
  std::uint64_t salt = 0;
  std::uint64_t offset = 0;
  std::uint64_t seq = 0;
  std::uint64_t durable_seq = 0;
};
void append_frame(Bytes& out, const FrameAt& at, FrameType type, ByteView payload);

struct Frame {
  std::uint64_t offset = 0;  // of the frame in the file
  std::uint64_t seq = 0;
  std::uint64_t durable_seq = 0;
  FrameType type{FrameType::rows};
  ByteView payload;  // valid until the scanner moves on
  [[nodiscard]] std::uint64_t payload_offset() const { return offset + frame_header_bytes; }
  [[nodiscard]] std::uint64_t end() const { return payload_offset() + payload.size(); }
};

/// Reads a file's frames in order through a window (256 KiB, or one larger frame).
class FrameScanner {
 public:
  enum class Outcome : std::uint8_t { frame, end, bad };

  /// @param begin  offset of the first frame
  FrameScanner(const File& file, std::uint64_t salt, std::uint64_t size_bytes, std::uint64_t begin)
      : file_(file), salt_(salt), size_(size_bytes), next_(begin) {}

  /// `frame`: frame() holds it. `end`: the file ends here exactly. `bad`: offset() is not a whole
  /// frame.
  Result<Outcome> next();
  [[nodiscard]] const Frame& frame() const { return frame_; }
  /// Where the next frame begins, or the bad one lies.
  [[nodiscard]] std::uint64_t offset() const { return next_; }
  /// After `bad`: whether a whole frame behind it says that `seq` had been durable.
  Result<bool> proves_durable(std::uint64_t seq);

 private:
  Result<Outcome> read_at(std::uint64_t offset);
  Result<ByteView> window(std::uint64_t offset, std::uint64_t count);

  const File& file_;
  std::uint64_t salt_;
  std::uint64_t size_;
  std::uint64_t next_;
  Frame frame_;
  Bytes window_;
  std::uint64_t window_offset_ = 0;
};

}  // namespace waag::storage::journal
