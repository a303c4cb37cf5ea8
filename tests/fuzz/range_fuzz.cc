#include <cstring>

#include "protocol/http/byte_range.h"
#include "protocol/hub/dates.h"
#include "protocol/xet/reconstruction.h"
#include "tests/fuzz/fuzz.h"

using namespace waag;

namespace {

/// Several ranges: each inside the body, none lost. Written out they read back.
void run_ranges(std::string_view header, std::uint64_t total_bytes) {
  constexpr std::size_t ranges_max = 8;
  const auto ranges = http::parse_byte_ranges(header, total_bytes, ranges_max);
  if (!ranges) return;
  FUZZ_REQUIRE(!ranges->empty() && ranges->size() <= ranges_max);
  std::string text;
  for (const auto& range : *ranges) {
    FUZZ_REQUIRE(range.first <= range.last && range.last < total_bytes);
    text += (text.empty() ? "bytes=" : ",") + std::to_string(range.first) + "-" +
            std::to_string(range.last);
  }
  const auto again = http::parse_byte_ranges(text, total_bytes, ranges->size());
  FUZZ_REQUIRE(again && *again == *ranges);
  FUZZ_REQUIRE(!http::parse_byte_ranges(text, total_bytes, ranges->size() - 1));
}

void run_reconstruction(std::string_view header, std::uint64_t file_bytes) {
  const auto range = xet::parse_reconstruction_range(header, file_bytes);
  if (!range) return;
  FUZZ_REQUIRE(range->has_value() == (file_bytes > 0));
  if (file_bytes == 0) return;
  const auto single = http::parse_byte_range(header, file_bytes);
  FUZZ_REQUIRE(!single || !*single || *single == *range);
}

}  // namespace

// Bytes 0 to 7: size of the body. The rest: a header value.
void fuzz::run(ByteView input) {
  std::uint64_t total_bytes = 0;
  if (input.size() < sizeof(total_bytes)) return;
  std::memcpy(&total_bytes, input.data(), sizeof(total_bytes));
  const auto header = as_text(input.subspan(sizeof(total_bytes)));
  const auto range = http::parse_byte_range(header, total_bytes);
  if (range && *range) {
    FUZZ_REQUIRE((*range)->first <= (*range)->last && (*range)->last < total_bytes);
    const auto text =
        "bytes=" + std::to_string((*range)->first) + "-" + std::to_string((*range)->last);
    const auto again = http::parse_byte_range(text, total_bytes);
    FUZZ_REQUIRE(again && *again == *range);
  }
  run_ranges(header, total_bytes);
  run_reconstruction(header, total_bytes);
  const std::string etag = "\"5be1b0c3\"";
  if (http::if_match(header, etag)) FUZZ_REQUIRE(http::if_none_match(header, etag));
  if (http::if_range_allows(header, etag)) FUZZ_REQUIRE(http::if_match(header, etag));
  if (const auto date = hub::parse_date(header))
    FUZZ_REQUIRE(hub::parse_date(hub::format_date(*date)).has_value());
  if (const auto date = hub::parse_http_date(header)) {
    const auto again = hub::parse_http_date(hub::format_http_date(*date));
    FUZZ_REQUIRE(again && *again == *date);
  }
}

WAAG_FUZZ_TARGET
