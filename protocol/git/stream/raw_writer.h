#pragma once

#include "protocol/git/stream/object_writer.h"
#include "protocol/zstd_stream.h"

/// Raw objects: what one Waag sends another of a repository's history. Integers are little-endian.
///
///   magic "WAAGOBJ1" · objects                    8 + 4 bytes
///   object: kind · id · size · its bytes          1 + 20 + 8 + size bytes
///   end:    0 · objects, once more                1 + 4 bytes
///
/// Kinds: 1 commit, 2 tree, 3 blob, 4 annotated tag. The bytes are git's own, without its header
/// "<kind> <size>\0"; of a file in LFS they are its pointer. Each object stands there once. All of
/// it is one zstd frame with a checksum, whose window is at most 8 MiB.
namespace waag::git {

inline constexpr std::string_view raw_magic = "WAAGOBJ1";
inline constexpr std::string_view raw_type = "application/x-waag-objects";
inline constexpr std::size_t raw_count_bytes = 4;
inline constexpr std::size_t raw_size_bytes = 8;

/// Commits that a request may say its sender holds: more of them hardly spare anything.
inline constexpr std::size_t raw_haves_max = 10'000;

class RawWriter final : public ObjectWriter {
 public:
  void begin(std::uint32_t objects, std::string& out) override;
  void head(const ObjectHead& object, std::string& out) override;
  void body(ByteView bytes, std::string& out) override { encoder_.add(bytes, out); }
  void end_object(std::string& /*out*/) override {}
  void end(std::string& out) override;

 private:
  ZstdEncoder encoder_;
  std::uint32_t objects_ = 0;
};

}  // namespace waag::git
