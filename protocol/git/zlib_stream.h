#pragma once

#include <memory>
#include <string>

#include "protocol/bytes.h"

struct z_stream_s;

/// zlib's streams: of pack entries, and of request bodies that git sends as gzip.
namespace waag::git {

enum class ZlibFormat { zlib, gzip };

/// Decodes one stream as it comes, and says exactly where it ended.
class Inflater {
 public:
  explicit Inflater(ZlibFormat format = ZlibFormat::zlib);
  ~Inflater();
  Inflater(Inflater&&) noexcept;
  Inflater& operator=(Inflater&&) noexcept;

  struct Step {
    std::size_t consumed_bytes = 0;
    std::size_t produced_bytes = 0;
    bool done = false;  // the stream's checksum was read and is right
  };
  /// Consumes all of `input`, or fills `output`, or ends. Errc::unprocessable if it is damaged.
  Result<Step> next(ByteView input, std::span<std::byte> output);
  /// Ready for another stream.
  void reset();

 private:
  std::unique_ptr<z_stream_s> stream_;
};

/// Encodes one stream after the other. The same input makes the same bytes.
class Deflater {
 public:
  Deflater();
  ~Deflater();
  Deflater(Deflater&&) noexcept;
  Deflater& operator=(Deflater&&) noexcept;

  /// Appends to `out` what the next part of the stream becomes, so far as it is decided.
  void add(ByteView input, std::string& out);
  /// Appends the stream's end; the next add() begins another one.
  void finish(std::string& out);

 private:
  void run(ByteView input, int mode, std::string& out);

  std::unique_ptr<z_stream_s> stream_;
};

}  // namespace waag::git
