#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "storage/os/clock.h"
#include "storage/os/file_system.h"
#include "storage/pack/damaged_records.h"
#include "storage/pack/location.h"

namespace waag::storage {

struct RecordIn {
  RecordKind kind{RecordKind::chunk};
  std::array<std::byte, 32> hash{};  // chunk hash, or git id in the first 20 bytes and zeros
  Codec codec{Codec::raw};           // what to try; `raw` is stored when it does not pay
  Dtype dtype{Dtype::none};
  std::uint8_t phase = 0;
  ByteView raw;  // must outlive the call
};

/// One record of a pack's directory: what a group directory or a footer says.
struct DirectoryEntry {
  std::array<std::byte, 32> hash{};
  Location at;
};

/// The directory of one pack, in record order. Immutable once handed out.
struct PackDirectory {
  PackId pack{};
  std::vector<DirectoryEntry> entries;
};

/// One thing wrong with a pack.
struct PackFinding {
  std::optional<std::uint32_t> damaged_record;  // if it is one record's own bytes
  std::string what;
};

/// A run of raw (codec `raw`) payload bytes contiguous in one file: what sendfile takes.
struct RawRun {
  std::shared_ptr<const File> file;
  std::uint64_t file_offset = 0;
  std::uint64_t bytes = 0;
};

/// A stream of groups into open packs. It has a pack to itself only while a group is written, so
/// that a slow upload keeps nobody waiting; groups of one stream follow each other where they can.
/// Nothing may refer to records before sync() returned their extents. Not thread-safe.
class PackWriter {
 public:
  virtual ~PackWriter() = default;
  /// Encodes, decodes what was encoded and compares, and appends one group (<= 8 MiB of payload, or
  /// one larger record). @return the records' locations, in order
  virtual Result<std::vector<Location>> append_group(std::span<const RecordIn> records) = 0;
  /// fdatasync of everything appended since the last sync. @return the extents, ready for the
  /// journal. After an error the records since the last sync are lost to this writer: start over
  /// with a new one.
  virtual Result<std::vector<PackExtent>> sync() = 0;
};

enum class PackClass : std::uint8_t { chunks, small_objects };

/// All packs of a store. Thread-safe.
class PackSet {
 public:
  struct Options {
    std::uint32_t pack_bytes_max = 256u << 20;      // DESIGN 3
    std::uint32_t group_bytes_max = 8u << 20;       // DESIGN 3
    std::size_t directory_cache_bytes = 16u << 20;  // directories of sealed packs kept in memory
    bool direct_writes = true;  // of chunks, past the page cache (File::prefer_direct_writes)
    std::uint32_t open_packs_max = 8;  // of each class; more groups at a time than this wait
  };
  static Result<std::unique_ptr<PackSet>> open(FileSystem& fs, Random& random,
                                               const std::filesystem::path& folder,
                                               Options options);
  virtual ~PackSet() = default;

  virtual Result<std::unique_ptr<PackWriter>> writer(PackClass kind) = 0;
  /// Tells where the journal says open packs end: the rest is garbage of a crash and is cut before
  /// the pack is appended to again. Called by recovery before any writer exists; extents of sealed
  /// packs are ignored. Until then open packs can be read, but not appended to.
  virtual Status recover(const std::vector<PackExtent>& extents) = 0;

  virtual Result<std::shared_ptr<const PackDirectory>> directory(PackId pack) = 0;
  /// Directory entries of one durable extent, read from the group directories themselves.
  virtual Result<std::vector<DirectoryEntry>> entries(const PackExtent& extent) = 0;
  /// The decoded payload, verified by CRC-32C. Errc::corrupt if anything differs; the record then
  /// counts as damaged.
  virtual Result<Bytes> read(const Location& at) = 0;
  /// Decodes into `out` (exactly at.raw_bytes). Same checks.
  virtual Status read_into(const Location& at, std::span<std::byte> out) = 0;
  /// The bytes of consecutive raw records as one run for sendfile, CRCs checked over the file's
  /// bytes at each call; nullopt if one of them is encoded or they are not contiguous.
  virtual Result<std::optional<RawRun>> raw_run(std::span<const Location> records) = 0;

  [[nodiscard]] virtual const Options& options() const = 0;
  [[nodiscard]] virtual Result<std::vector<PackId>> list() const = 0;
  /// Checks every byte of a pack: head, groups, record checksums and hashes, footer.
  /// @return what is wrong; empty if whole
  virtual Result<std::vector<PackFinding>> verify(PackId pack) = 0;
  /// What failed a check since the start, and what damage.h loads and adds.
  [[nodiscard]] virtual DamagedRecords& damaged() = 0;
  virtual Status close() = 0;  // seals nothing; open packs are continued at the next start
};

}  // namespace waag::storage
