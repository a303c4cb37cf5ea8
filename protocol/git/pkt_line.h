#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/result.h"

/// The frames of git's protocols: four hex digits that count themselves and the payload after them;
/// counts below four are marks. Source: git, gitprotocol-common(5), gitprotocol-pack(5).
namespace waag::git {

inline constexpr std::size_t pkt_head_bytes = 4;
inline constexpr std::size_t pkt_payload_bytes_max = 65516;
inline constexpr std::string_view pkt_flush = "0000";
inline constexpr std::string_view pkt_delimiter = "0001";

enum class PktKind { data, flush, delimiter, response_end };

struct Pkt {
  PktKind kind{PktKind::data};
  std::string_view payload;  // of data

  /// The payload without the newline that may end a line of text.
  [[nodiscard]] std::string_view line() const {
    return payload.ends_with('\n') ? payload.substr(0, payload.size() - 1) : payload;
  }
};

/// Bytes of the whole packet whose head `text` begins with: 4 for marks.
/// @return nullopt if fewer than four bytes are there; Errc::invalid_argument if it is no head
Result<std::optional<std::size_t>> pkt_bytes(std::string_view text);

/// Takes packets off the front of a text.
class PktReader {
 public:
  explicit PktReader(std::string_view text) : rest_(text) {}

  /// nullopt at the end of the text. Errc::invalid_argument if it is cut or malformed.
  Result<std::optional<Pkt>> next();
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

/// Appends one packet; `payload` has at most pkt_payload_bytes_max bytes.
void append_pkt(std::string& out, std::string_view payload);

/// Which of the three streams within a reply a packet belongs to.
enum class SideBand : char { pack = 1, progress = 2, fatal = 3 };

/// Payload of one packet of a side band, after the byte that names the band.
inline constexpr std::size_t side_band_bytes_max = pkt_payload_bytes_max - 1;

/// Appends `bytes` as packets of a band, as many as it takes.
void append_side_band(std::string& out, SideBand band, std::string_view bytes);

}  // namespace waag::git
