#include "protocol/http/disposition.h"
#include "protocol/http/link_header.h"
#include "protocol/http/url_path.h"
#include "protocol/utf8.h"
#include "tests/fuzz/fuzz.h"

using namespace waag;

void fuzz::run(ByteView input) {
  const auto text = as_text(input);
  if (const auto segments = http::split_path(text)) {
    std::string again;
    for (const auto& segment : *segments) {
      FUZZ_REQUIRE(!segment.text.empty() && segment.text != "." && segment.text != "..");
      FUZZ_REQUIRE(is_utf8(segment.text) && segment.text.find('\0') == std::string::npos);
      FUZZ_REQUIRE(segment.had_encoded_slash == (segment.text.find('/') != std::string::npos));
      again += "/" + http::percent_encode(segment.text);
    }
    FUZZ_REQUIRE(*http::split_path(again.empty() ? "/" : again) == *segments);
  }
  if (const auto pairs = http::parse_query(text)) {
    std::string again;
    for (const auto& [key, value] : *pairs)
      again += http::percent_encode(key) + "=" + http::percent_encode(value) + "&";
    FUZZ_REQUIRE(*http::parse_query(again) == *pairs);
  }
  FUZZ_REQUIRE(!http::parse_form(text) ||
               is_utf8(http::parse_form(text)->empty() ? std::string()
                                                       : http::parse_form(text)->front().second));
  const auto link = http::next_link("http://hub", text, "cursor", text);
  FUZZ_REQUIRE(link.find_first_of("\r\n") == std::string::npos);
  const auto shown = http::content_disposition(http::Disposition::inline_, text);
  FUZZ_REQUIRE(shown.find_first_of("\r\n") == std::string::npos && shown.ends_with("\";"));
}

WAAG_FUZZ_TARGET
