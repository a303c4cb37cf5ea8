#include "protocol/xet/xorb_stream.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "tests/vectors/split_mix.h"

using namespace waag;
using namespace waag::xet;
using waag::test::split_mix_bytes;
using waag::test::SplitMix;

namespace {

struct Outcome {
  Result<Xorb> xorb;
  Bytes raw;
};

/// Fed in pieces of 0 to `piece_max` bytes.
Outcome read_pieces(ByteView whole, SplitMix& random, std::size_t piece_max) {
  Outcome out;
  XorbStream stream;
  const auto sink = [&](const XorbChunk& chunk, ByteView raw) {
    CHECK(chunk.hash == chunk_hash(raw));
    out.raw.insert(out.raw.end(), raw.begin(), raw.end());
    return ok();
  };
  while (!whole.empty()) {
    const auto piece = std::min<std::size_t>(random.below(piece_max + 1), whole.size());
    if (const auto status = stream.feed(whole.first(piece), sink); !status) {
      out.xorb = status.error();
      return out;
    }
    whole = whole.subspan(piece);
  }
  out.xorb = stream.finish();
  return out;
}

Outcome read_whole(ByteView whole) {
  Outcome out;
  out.xorb = read_xorb(whole, [&](const XorbChunk&, ByteView raw) {
    out.raw.insert(out.raw.end(), raw.begin(), raw.end());
    return ok();
  });
  return out;
}

/// Some chunks of every scheme and length, perhaps with a footer.
Bytes random_body(SplitMix& random, bool with_footer) {
  Bytes body;
  for (auto chunks = 1 + random.below(8); chunks > 0; --chunks) {
    Bytes raw = split_mix_bytes(random.next(), 1 + random.below(40'000));
    if (random.below(2) == 1)
      for (std::size_t i = 0; i < raw.size(); ++i)
        if (i % 4 > 1) raw[i] = std::byte{0x3F};
    append_chunk(raw, static_cast<Scheme>(random.below(3)), body);
  }
  if (with_footer) {
    const Bytes footer = serialize_footer(footer_of(*read_xorb(body)));
    body.insert(body.end(), footer.begin(), footer.end());
  }
  return body;
}

void check_same(const Outcome& a, const Outcome& b) {
  REQUIRE(a.xorb.has_value() == b.xorb.has_value());
  CHECK(a.raw == b.raw);
  if (!a.xorb) {
    CHECK(a.xorb.error().code == b.xorb.error().code);
    CHECK(a.xorb.error().what == b.xorb.error().what);
    return;
  }
  CHECK(a.xorb->hash == b.xorb->hash);
  CHECK(a.xorb->body_bytes == b.xorb->body_bytes);
  CHECK(a.xorb->raw_bytes == b.xorb->raw_bytes);
  REQUIRE(a.xorb->chunks.size() == b.xorb->chunks.size());
  for (std::size_t i = 0; i < a.xorb->chunks.size(); ++i) {
    CHECK(a.xorb->chunks[i].hash == b.xorb->chunks[i].hash);
    CHECK(a.xorb->chunks[i].header == b.xorb->chunks[i].header);
    CHECK(a.xorb->chunks[i].begin == b.xorb->chunks[i].begin);
  }
}

}  // namespace

TEST_CASE("xorb_stream: the split of the stream makes no difference", "[protocol][xet][xorb]") {
  SplitMix random(11);
  for (int round = 0; round < 30; ++round) {
    CAPTURE(round);
    const Bytes body = random_body(random, round % 2 == 1);
    const auto whole = read_whole(body);
    REQUIRE(whole.xorb);
    for (const std::size_t piece_max : {2u, 9u, 1000u, 50'000u, 500'000u})
      check_same(read_pieces(body, random, piece_max), whole);
  }
}

TEST_CASE("xorb_stream: nor where something is wrong", "[protocol][xet][xorb]") {
  SplitMix random(12);
  for (int round = 0; round < 300; ++round) {
    CAPTURE(round);
    Bytes body = random_body(random, round % 2 == 1);
    if (random.below(2) == 1) {
      body.resize(random.below(body.size()));
    } else {
      body[random.below(body.size())] ^= static_cast<std::byte>(1 + random.below(255));
    }
    check_same(read_pieces(body, random, 1 + random.below(10'000)), read_whole(body));
  }
}

TEST_CASE("xorb_stream: a plain chunk whole in its piece is not copied", "[protocol][xet][xorb]") {
  Bytes body;
  for (int i = 0; i < 3; ++i) append_chunk(split_mix_bytes(1, 10'000), Scheme::none, body);
  std::vector<const std::byte*> seen;
  XorbStream stream;
  REQUIRE(stream.feed(body, [&](const XorbChunk&, ByteView raw) {
    seen.push_back(raw.data());
    return ok();
  }));
  CHECK(seen ==
        std::vector<const std::byte*>{body.data() + 8, body.data() + 10'016, body.data() + 20'024});
}

TEST_CASE("xorb_stream: a chunk is given out as soon as it is whole", "[protocol][xet][xorb]") {
  Bytes body;
  append_chunk(split_mix_bytes(1, 10'000), Scheme::none, body);
  append_chunk(split_mix_bytes(2, 10), Scheme::none, body);
  int chunks = 0;
  const auto count = [&](const XorbChunk&, ByteView) {
    ++chunks;
    return ok();
  };
  XorbStream stream;
  REQUIRE(stream.feed(ByteView(body).first(10'007), count));
  CHECK(chunks == 0);
  REQUIRE(stream.feed(ByteView(body).subspan(10'007, 1), count));
  CHECK(chunks == 1);
  REQUIRE(stream.feed(ByteView(body).subspan(10'008), count));
  CHECK(chunks == 2);
  CHECK(stream.finish());
}

TEST_CASE("xorb_stream: a footer that never ends", "[protocol][xet][xorb]") {
  Bytes body;
  append_chunk(Bytes(1), Scheme::none, body);
  for (const auto version : {std::byte{0}, std::byte{1}}) {
    XorbStream stream;
    REQUIRE(stream.feed(body, {}));
    REQUIRE(stream.feed(as_bytes(footer_ident), {}));
    REQUIRE(stream.feed(Bytes(1, version), {}));
    REQUIRE(stream.feed(Bytes(footer_bytes_max - 8), {}));
    const auto status = stream.feed(Bytes(1), {});
    REQUIRE_FALSE(status);
    CHECK(status.error().code == Errc::unprocessable);
  }
}

TEST_CASE("xorb_stream: longer than any xorb", "[protocol][xet][xorb]") {
  Bytes body;
  while (body.size() + 131'080 <= xorb_bytes_max) append_chunk(Bytes(131'072), Scheme::none, body);
  XorbStream stream;  // ends at the raw bytes first
  const auto unfolded = stream.feed(body, {});
  REQUIRE_FALSE(unfolded);
  CHECK(unfolded.error().code == Errc::unprocessable);
  // Frames that grow: the length of the body is what is refused.
  XorbStream other;
  REQUIRE(other.feed(ByteView(body).first(60u << 20), {}));
  const auto status = other.feed(Bytes((6u << 20) + 1), {});
  REQUIRE_FALSE(status);
  CHECK(status.error().code == Errc::too_large);
}

TEST_CASE("xorb_stream: the sink may end the walk", "[protocol][xet][xorb]") {
  Bytes body;
  append_chunk(Bytes(100), Scheme::none, body);
  XorbStream stream;
  const auto status = stream.feed(
      body, [](const XorbChunk&, ByteView) { return Status(fail(Errc::no_space, "full")); });
  REQUIRE_FALSE(status);
  CHECK(status.error().code == Errc::no_space);
  XorbStream none;
  CHECK_FALSE(none.finish());
}
