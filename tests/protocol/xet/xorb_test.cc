#include "protocol/xet/xorb.h"

#include <catch2/catch.hpp>

#include "tests/vectors/split_mix.h"

using namespace waag;
using namespace waag::xet;
using waag::test::split_mix_bytes;

namespace {

/// Bytes whose positions modulo 4 differ: like weights of 32 bits.
Bytes float_like(std::size_t count) {
  Bytes bytes = split_mix_bytes(5, count);
  for (std::size_t i = 3; i < count; i += 4) bytes[i] = std::byte{0x3F};
  for (std::size_t i = 2; i < count; i += 4) bytes[i] &= std::byte{0x0F};
  return bytes;
}

/// Three chunks, one of each scheme.
Bytes sample_body() {
  Bytes body;
  append_chunk(split_mix_bytes(1, 10'000), Scheme::lz4, body);  // does not compress: kept plain
  append_chunk(Bytes(20'001, std::byte{7}), Scheme::lz4, body);
  append_chunk(float_like(30'003), Scheme::bg4_lz4, body);
  return body;
}

Bytes joined(const Bytes& front, const Bytes& back) {
  Bytes both = front;
  both.insert(both.end(), back.begin(), back.end());
  return both;
}

bool header_refused(std::initializer_list<int> bytes) {
  Bytes front;
  for (const int byte : bytes) front.push_back(static_cast<std::byte>(byte));
  const auto header = parse_chunk_header(front);
  return !header && header.error().code == Errc::unprocessable;
}

}  // namespace

TEST_CASE("xorb: chunk headers", "[protocol][xet][xorb]") {
  CHECK(to_hex(serialize_chunk_header({Scheme::bg4_lz4, 0x010203, 0x01F3F4})) ==
        "0003020102f4f301");
  const ChunkHeader header{Scheme::lz4, 1000, 131'072};
  CHECK(*parse_chunk_header(serialize_chunk_header(header)) == header);

  CHECK(header_refused({0, 1, 0, 0, 0, 1, 0}));
  CHECK(header_refused({1, 1, 0, 0, 0, 1, 0, 0}));
  CHECK(header_refused({0, 1, 0, 0, 3, 1, 0, 0}));
  CHECK(header_refused({0, 1, 0, 0, 99, 1, 0, 0}));
  CHECK(header_refused({0, 0, 0, 0, 0, 0, 0, 0}));
  CHECK(header_refused({0, 0, 0, 0, 1, 1, 0, 0}));
  CHECK(header_refused({0, 1, 0, 0, 0, 2, 0, 0}));  // plain, but two lengths
  CHECK(header_refused({0, 1, 0, 0, 1, 1, 0, 2}));  // raw 131,073
  CHECK(header_refused({0, 1, 0, 4, 1, 0, 0, 1}));  // stored 262,145
  CHECK(header_refused({'X', 'E', 'T', 'B', 'L', 'O', 'B', 1}));
}

TEST_CASE("xorb: how a chunk is handed out", "[protocol][xet][xorb]") {
  const Bytes raw(20'001, std::byte{7});
  Bytes plain;
  append_chunk(raw, Scheme::none, plain);
  CHECK(wire_chunk_bytes(20'001) == plain.size());
  CHECK(to_hex(wire_chunk_header(20'001)) == to_hex(ByteView(plain).first(chunk_header_bytes)));
}

TEST_CASE("xorb: one decoder, many chunks", "[protocol][xet][xorb]") {
  ChunkDecoder decoder;
  for (const Scheme scheme : {Scheme::bg4_lz4, Scheme::none, Scheme::lz4, Scheme::bg4_lz4}) {
    for (const std::size_t size : {30'003u, 100u, 131'072u}) {
      const Bytes raw = float_like(size);
      Bytes body;
      const auto header = append_chunk(raw, scheme, body);
      const auto payload = ByteView(body).subspan(chunk_header_bytes);
      const auto view = decoder.decode(header, payload);
      REQUIRE(view);
      CHECK(std::ranges::equal(*view, raw));
      // Plain bytes are not copied.
      CHECK((view->data() == payload.data()) == (header.scheme == Scheme::none));
      Bytes out(size);
      REQUIRE(decoder.decode_into(header, payload, out));
      CHECK(out == raw);
      CHECK_FALSE(decoder.decode(header, payload.first(payload.size() - 1)));
      CHECK_FALSE(decoder.decode_into(header, payload.first(payload.size() - 1), out));
      out.pop_back();
      CHECK_FALSE(decoder.decode_into(header, payload, out));
    }
  }
}

TEST_CASE("xorb: what is written reads back", "[protocol][xet][xorb]") {
  const Bytes body = sample_body();
  std::vector<Bytes> raws;
  const auto xorb = read_xorb(body, [&](const XorbChunk& chunk, ByteView raw) {
    CHECK(chunk.hash == chunk_hash(raw));
    raws.emplace_back(raw.begin(), raw.end());
    return ok();
  });
  REQUIRE(xorb);
  REQUIRE(raws.size() == 3);
  CHECK(raws[0] == split_mix_bytes(1, 10'000));
  CHECK(raws[1] == Bytes(20'001, std::byte{7}));
  CHECK(raws[2] == float_like(30'003));
  CHECK(xorb->chunks[0].header.scheme == Scheme::none);
  CHECK(xorb->chunks[1].header.scheme == Scheme::lz4);
  CHECK(xorb->chunks[2].header.scheme == Scheme::bg4_lz4);
  CHECK(xorb->chunks[1].begin == 10'008);
  CHECK(xorb->raw_bytes == 60'004);
  CHECK(xorb->body_bytes == body.size());
  const std::vector<HashedLength> leaves{{xorb->chunks[0].hash, 10'000},
                                         {xorb->chunks[1].hash, 20'001},
                                         {xorb->chunks[2].hash, 30'003}};
  CHECK(xorb->hash == xorb_hash(leaves));

  const auto stopped = read_xorb(
      body, [](const XorbChunk&, ByteView) { return Status(fail(Errc::no_space, "full")); });
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().code == Errc::no_space);
}

TEST_CASE("xorb: the footer must agree with the chunks", "[protocol][xet][xorb]") {
  const Bytes body = sample_body();
  const auto plain = read_xorb(body);
  REQUIRE(plain);
  const XorbFooter footer = footer_of(*plain);
  const Bytes bytes = serialize_footer(footer);
  CHECK(bytes.size() == 92 + 40 * 3 + 4);
  CHECK(*parse_footer(bytes) == footer);
  const auto whole = read_xorb(joined(body, bytes));
  REQUIRE(whole);
  CHECK(whole->hash == plain->hash);
  CHECK(whole->body_bytes == body.size());
  CHECK(footer.stored_ends.back() == body.size());

  for (std::size_t i = 0; i < bytes.size(); ++i) {
    Bytes changed = bytes;
    changed[i] ^= std::byte{1};
    const bool nonce = i >= bytes.size() - 20 && i < bytes.size() - 4;
    const bool version_zero = i == 7;  // the old layout, which is left unread
    CAPTURE(i);
    CHECK(read_xorb(joined(body, changed)).has_value() == (nonce || version_zero));
  }
  for (std::size_t size = 8; size < bytes.size(); ++size)
    CHECK_FALSE(
        read_xorb(joined(body, Bytes(bytes.begin(), bytes.begin() + static_cast<long>(size)))));
}

TEST_CASE("xorb: what is refused", "[protocol][xet][xorb]") {
  const Bytes body = sample_body();
  CHECK_FALSE(read_xorb({}));
  CHECK_FALSE(read_xorb(serialize_footer({})));
  for (const std::size_t size : {std::size_t{1}, std::size_t{7}, std::size_t{8},
                                 std::size_t{10'007}, std::size_t{10'012}, body.size() - 1})
    CHECK_FALSE(read_xorb(ByteView(body).first(size)));
  const auto too_long = read_xorb(Bytes(xorb_bytes_max + 1));
  REQUIRE_FALSE(too_long);
  CHECK(too_long.error().code == Errc::too_large);

  Bytes many;
  for (std::size_t i = 0; i < xorb_chunks_max; ++i) append_chunk(Bytes(1), Scheme::none, many);
  CHECK(read_xorb(many)->chunks.size() == xorb_chunks_max);
  append_chunk(Bytes(1), Scheme::none, many);
  CHECK_FALSE(read_xorb(many));
}

TEST_CASE("xorb: small input cannot unfold to more than a xorb", "[protocol][xet][xorb]") {
  Bytes one;
  append_chunk(Bytes(chunk_bytes_max), Scheme::lz4, one);
  Bytes bomb;
  for (std::size_t i = 0; i < xorb_raw_bytes_max / chunk_bytes_max; ++i)
    bomb.insert(bomb.end(), one.begin(), one.end());
  CHECK(read_xorb(bomb)->raw_bytes == xorb_raw_bytes_max);
  bomb.insert(bomb.end(), one.begin(), one.end());
  CHECK_FALSE(read_xorb(bomb));
}
