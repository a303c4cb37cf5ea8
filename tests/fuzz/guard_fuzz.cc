#include <string>

#include "protocol/http/chunked.h"
#include "protocol/http/field.h"
#include "protocol/http/guard.h"
#include "protocol/http/url_path.h"
#include "tests/fuzz/fuzz.h"

using namespace waag;

namespace {

/// A head that was let in must mean the same when it is written out again from what was understood.
void check_head(const http::RequestHead& head) {
  FUZZ_REQUIRE(!(head.chunked && head.content_length));
  FUZZ_REQUIRE(head.target == "*" || head.target.starts_with('/'));
  FUZZ_REQUIRE(head.headers.size() <= http::header_count_max);
  std::string text =
      head.method + " " + head.target + (head.http_1_1 ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n");
  for (const auto& [name, value] : head.headers) text += name + ":" + value + "\r\n";
  const auto again = http::guard_request_head(text + "\r\n");
  FUZZ_REQUIRE(again);
  FUZZ_REQUIRE(again.head->target == head.target && again.head->headers == head.headers);
  FUZZ_REQUIRE(again.head->content_length == head.content_length);
  FUZZ_REQUIRE(again.head->chunked == head.chunked && again.head->keep_alive == head.keep_alive);
}

/// The payload of a body must not depend on how it was split.
std::string decode(ByteView body, std::size_t piece_bytes, bool& failed) {
  http::ChunkedDecoder decoder;
  std::string payload;
  while (!body.empty()) {
    const auto piece = body.first(std::min(piece_bytes, body.size()));
    const auto step = decoder.next(piece);
    failed = !step;
    if (failed) return payload;
    FUZZ_REQUIRE(step->consumed_bytes <= piece.size());
    FUZZ_REQUIRE(step->consumed_bytes > 0 || step->done);
    payload += as_text(step->payload);
    body = body.subspan(step->consumed_bytes);
    if (step->done) return payload + "|" + std::string(as_text(body));
  }
  return payload;
}

}  // namespace

void fuzz::run(ByteView input) {
  const auto text = as_text(input);
  const auto end = http::find_head_end(text);
  const auto verdict = http::guard_request_head(text.substr(0, end.value_or(text.size())));
  FUZZ_REQUIRE(verdict.head.has_value() == (verdict.status == 0));
  if (verdict) check_head(*verdict.head);
  const auto body = input.subspan(end.value_or(0));
  bool whole_failed = false;
  bool bytes_failed = false;
  const auto whole = decode(body, body.size(), whole_failed);
  const auto bytes = decode(body, 1, bytes_failed);
  FUZZ_REQUIRE(whole_failed == bytes_failed && whole == bytes);
}

WAAG_FUZZ_TARGET
