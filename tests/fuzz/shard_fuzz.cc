#include <algorithm>

#include "protocol/xet/shard.h"
#include "tests/fuzz/fuzz.h"

using namespace waag;

namespace {

/// Feeds `whole` in pieces of 1 to `piece_max` bytes.
Result<xet::Shard> parse_pieces(ByteView whole, std::size_t piece_max) {
  xet::Shard shard;
  xet::ShardSink sink;
  sink.file = [&](xet::ShardFile&& file) {
    shard.files.push_back(std::move(file));
    return ok();
  };
  sink.xorb = [&](xet::ShardXorb&& xorb) {
    shard.xorbs.push_back(std::move(xorb));
    return ok();
  };
  xet::ShardParser parser;
  std::size_t piece = 0;
  while (!whole.empty()) {
    piece = std::min(piece % piece_max + 1, whole.size());
    WAAG_CHECK(parser.feed(whole.first(piece), sink));
    whole = whole.subspan(piece);
  }
  WAAG_CHECK(parser.finish());
  return shard;
}

}  // namespace

// Byte 0: the longest piece less 1. The rest: a shard.
void fuzz::run(ByteView input) {
  if (input.empty()) return;
  const auto piece_max = static_cast<std::size_t>(input[0]) + 1;
  input = input.subspan(1);
  const auto shard = xet::parse_shard(input);
  const auto pieces = parse_pieces(input, piece_max);
  FUZZ_REQUIRE(shard.has_value() == pieces.has_value());
  if (!shard) {
    FUZZ_REQUIRE(shard.error().code == pieces.error().code);
    return;
  }
  FUZZ_REQUIRE(*shard == *pieces);
  for (const bool with_footer : {false, true}) {
    const auto again = xet::parse_shard(xet::serialize_shard(*shard, with_footer));
    FUZZ_REQUIRE(again && *again == *shard);
  }
  xet::Key key{};
  key[0] = 1;
  const auto answer = xet::parse_shard(xet::serialize_dedup_shard(shard->xorbs, key, 1, 2));
  FUZZ_REQUIRE(answer && answer->files.empty() && answer->xorbs.size() == shard->xorbs.size());
}

WAAG_FUZZ_TARGET
