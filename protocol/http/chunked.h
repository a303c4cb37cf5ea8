#pragma once

#include <cstdint>
#include <string>

#include "protocol/bytes.h"

namespace waag::http {

/// Decodes a chunked request body piece by piece, without copying: payload is handed out as parts
/// of the input. Stricter than RFC 9112 where leniency has been a hole (RELIABILITY 3.3): CRLF
/// exact, sizes of at most 16 hex digits, extensions ignored and limited, trailers checked, then
/// thrown away, so that a trailer can never become a header.
class ChunkedDecoder {
 public:
  static constexpr std::size_t extension_bytes_max = 256;
  static constexpr std::size_t trailer_bytes_max = 4 * 1024;

  struct Step {
    std::size_t consumed_bytes =
        0;              // of the input; what follows belongs to the next call or request
    ByteView payload;   // may be empty
    bool done = false;  // the body is complete
  };

  /// Decodes up to the end of `input` or of one run of payload, whichever comes first; call again
  /// with the rest. After `done` nothing more may be fed.
  /// @return Errc::invalid_argument if malformed (400 and close); the decoder stays failed
  Result<Step> next(ByteView input);

 private:
  enum class State : std::uint8_t {
    size_first,
    size,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer,
    trailer_lf,
    done,
    failed
  };
  Status take(char c);
  Status take_size(char c);
  Status take_trailer(char c);
  Status end_of_size_line();
  Status end_of_trailer_line();

  State state_ = State::size_first;
  std::uint64_t size_bytes_ = 0;   // of the chunk being read: what is left of it
  std::uint64_t total_bytes_ = 0;  // of all chunks so far
  std::uint32_t size_digits_ = 0;
  std::size_t extension_bytes_ = 0;
  std::size_t trailer_bytes_ = 0;
  std::string trailer_line_;
};

}  // namespace waag::http
