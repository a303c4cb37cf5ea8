#pragma once

#include <memory>

#include "storage/pack/location.h"

/// The encodings of payloads at rest. Each decodes into a buffer whose size is known and refuses
/// every input that would give another size. STORAGE C.3.
namespace waag::storage::pack {

/// Level of zstd for text and JSON. Source: DESIGN 4.
inline constexpr int zstd_level = 3;
/// An encoding is kept only if it saves at least 1/20 (5 %): below that, raw bytes leave by
/// sendfile for free.
constexpr bool pays(std::uint64_t raw_bytes, std::uint64_t stored_bytes) {
  return stored_bytes + raw_bytes / 20 < raw_bytes;
}

/// Encodes with one codec after the other; keeps the libraries' working memory. Not thread-safe.
class Encoder {
 public:
  Encoder();
  ~Encoder();
  Encoder(Encoder&&) noexcept;
  Encoder& operator=(Encoder&&) noexcept;

  /// Encodes `raw` with `codec` into the start of `out`; raw.size() bytes of room are enough, as
  /// nothing longer is kept.
  /// @return bytes written; 0 if that does not pay or `codec` is raw (then store it raw)
  std::size_t encode(Codec codec, ByteView raw, std::span<std::byte> out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Decodes `stored` into exactly `out`. Errc::corrupt if it is malformed, gives another size, or
/// the codec is unknown. Thread-safe.
Status decode(Codec codec, ByteView stored, std::span<std::byte> out);

/// True if `sample` looks like UTF-8 text: no NUL, few controls, bytes above 0x7f in valid
/// sequences. The first 16 KiB are looked at.
bool looks_like_text(ByteView sample);

/// What to try for data that starts with `sample` (the first 16 KiB are looked at): zstd for text,
/// LZ4 if the sample shrinks enough, else raw.
Codec choose_codec(ByteView sample);

}  // namespace waag::storage::pack
