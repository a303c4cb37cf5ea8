#include "protocol/git/stream/raw_reader.h"

#include <catch2/catch.hpp>

#include "protocol/git/stream/pack_writer.h"
#include "protocol/git/stream/raw_writer.h"
#include "tests/support/git_oracle.h"
#include "tests/vectors/split_mix.h"

using namespace waag;
using namespace waag::git;

namespace {

struct Object {
  ObjectHead head;
  std::string body;
};

Object object(ObjectKind kind, std::string body) {
  const ObjectHead head{kind, object_id(kind, as_bytes(body)), body.size()};
  return {head, std::move(body)};
}

std::vector<Object> samples() {
  const auto large = std::string(as_text(test::split_mix_bytes(3, 500'000)));
  const std::string who = "A <a@b> 1 +0000";
  std::vector<Object> all{object(ObjectKind::blob, ""), object(ObjectKind::blob, large)};
  all.push_back(object(ObjectKind::tree, "100644 f" + std::string(1, '\0') +
                                             std::string(as_text(all[1].head.id.view()))));
  all.push_back(object(ObjectKind::commit, "tree " + all[2].head.id.hex() + "\nauthor " + who +
                                               "\ncommitter " + who + "\n\nx\n"));
  all.push_back(object(ObjectKind::tag, "object " + all[3].head.id.hex() +
                                            "\ntype commit\ntag v1\ntagger " + who + "\n\nx\n"));
  return all;
}

/// Any text as the one zstd frame that a reader takes.
std::string framed(std::string_view text) {
  ZstdEncoder encoder;
  std::string out;
  encoder.add(as_bytes(text), out);
  encoder.finish(out);
  return out;
}

std::string spelt(ObjectWriter& writer, const std::vector<Object>& objects) {
  std::string out;
  writer.begin(static_cast<std::uint32_t>(objects.size()), out);
  for (const auto& each : objects) {
    writer.head(each.head, out);
    for (std::string_view rest = each.body; !rest.empty();
         rest.remove_prefix(std::min<std::size_t>(70'000, rest.size())))
      writer.body(as_bytes(rest.substr(0, 70'000)), out);
    writer.end_object(out);
  }
  writer.end(out);
  return out;
}
std::string raw(const std::vector<Object>& objects) {
  RawWriter writer;
  return spelt(writer, objects);
}

/// The pack that a reader makes of raw objects; an error's text begins with "!".
std::string pack_of(std::string_view bytes, std::size_t piece = 100'000) {
  PackWriter writer;
  std::string pack;
  RawReader reader(writer, [&](ByteView made) {
    pack += as_text(made);
    return ok();
  });
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    const auto fed = reader.feed(as_bytes(bytes.substr(0, piece)));
    if (fed) continue;
    CHECK(fed.error().code == Errc::upstream_failed);
    CHECK(reader.feed({}).error().what == fed.error().what);
    CHECK(reader.finish().error().what == fed.error().what);
    return "!" + fed.error().what;
  }
  const auto end = reader.finish();
  return end ? pack : "!" + end.error().what;
}

bool fails(std::string_view bytes, std::string_view why) {
  const auto made = pack_of(bytes);
  UNSCOPED_INFO(made.substr(0, 100));
  return made.starts_with("!") && made.find(why) != std::string::npos;
}

/// The format by hand.
struct Text {
  ByteWriter bytes;
  explicit Text(std::uint32_t objects) {
    bytes.raw(as_bytes(raw_magic));
    bytes.fixed(objects);
  }
  Text& add(std::uint8_t kind, const GitId& id, std::uint64_t size, std::string_view body) {
    bytes.fixed(kind);
    bytes.raw(id.view());
    bytes.fixed(size);
    bytes.raw(as_bytes(body));
    return *this;
  }
  Text& end(std::uint32_t objects) {
    bytes.fixed(std::uint8_t{0});
    bytes.fixed(objects);
    return *this;
  }
  [[nodiscard]] std::string str() const { return framed(bytes.str()); }
};

const GitId x_id = blob_id(as_bytes("x"));

}  // namespace

TEST_CASE("raw_reader: the pack of what was written, in any pieces", "[protocol][git]") {
  const auto objects = samples();
  PackWriter direct;
  const auto want = spelt(direct, objects);
  const auto bytes = raw(objects);
  CHECK(pack_of(bytes) == want);
  CHECK(pack_of(bytes, 977) == want);
  CHECK(pack_of(raw({objects[0], objects[3]}), 1) == pack_of(raw({objects[0], objects[3]})));
  waag::test::GitOracle git;
  git.run("index-pack --stdin --strict", want);
  for (const auto& each : objects)
    CHECK(git.run("cat-file -t " + each.head.id.hex(), "") == to_string(each.head.kind));
}

TEST_CASE("raw_reader: the format, byte by byte", "[protocol][git]") {
  const auto bytes = Text(1).add(3, x_id, 1, "x").end(1);
  CHECK(bytes.bytes.bytes().size() == 8 + 4 + 1 + 20 + 8 + 1 + 1 + 4);
  CHECK(raw({object(ObjectKind::blob, "x")}) == bytes.str());
  CHECK(pack_of(bytes.str()) == pack_of(raw({object(ObjectKind::blob, "x")})));
  CHECK(pack_of(Text(0).end(0).str()) == pack_of(raw({})));
}

TEST_CASE("raw_reader: what is refused", "[protocol][git]") {
  CHECK(fails("", "cut short"));
  CHECK(fails("text", "damaged"));
  CHECK(fails(framed(""), "end too early"));
  CHECK(fails(framed("WAAGOBJ2" + std::string(9, '\0')), "something else"));
  CHECK(fails(Text(1).add(5, x_id, 1, "x").end(1).str(), "unknown kind"));
  CHECK(fails(Text(1).add(255, x_id, 1, "x").end(1).str(), "unknown kind"));
  CHECK(fails(Text(1).add(3, x_id, 1, "y").end(1).str(), "other bytes"));
  CHECK(fails(Text(1).add(2, x_id, 1, "x").end(1).str(), "other bytes"));
  CHECK(fails(Text(1).add(3, x_id, 0, "").end(1).str(), "other bytes"));
  CHECK(fails(Text(1).add(3, {}, 1, "x").end(1).str(), "other bytes"));
  CHECK(fails(Text(1).add(3, x_id, 2, "x").end(1).str(), "other bytes"));
  CHECK(fails(Text(1).add(3, x_id, ~0ull, "x").end(1).str(), "end too early"));
  CHECK(fails(Text(1).add(3, x_id, 1, "x").add(3, x_id, 1, "x").end(2).str(), "more objects"));
  CHECK(fails(Text(2).add(3, x_id, 1, "x").end(2).str(), "fewer objects"));
  CHECK(fails(Text(1).add(3, x_id, 1, "x").end(0).str(), "fewer objects"));
  CHECK(fails(Text(1).add(3, x_id, 1, "x").str(), "end too early"));
  CHECK(fails(framed(Text(0).end(0).bytes.str() + "x"), "after the last"));
  CHECK(fails(Text(0).end(0).str() + "x", "after their end"));
  CHECK(fails(Text(0).end(0).str() + framed(""), "after their end"));
}

TEST_CASE("raw_reader: a cut anywhere is seen, and a flipped bit", "[protocol][git]") {
  const auto whole = raw({object(ObjectKind::blob, "some text"), object(ObjectKind::blob, "x")});
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK(pack_of(whole.substr(0, size)).starts_with("!"));
  const auto good = pack_of(whole);
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    auto bent = whole;
    bent[bit / 8] = static_cast<char>(bent[bit / 8] ^ (1 << bit % 8));
    const auto made = pack_of(bent);
    CHECK((made.starts_with("!") || made == good));
  }
}

TEST_CASE("raw_reader: the taker's error ends it, and no object ends that is wrong",
          "[protocol][git]") {
  PackWriter writer;
  RawReader full(writer, [](ByteView) { return Status(fail(Errc::no_space, "full")); });
  const auto bytes = raw(samples());
  CHECK(full.feed(as_bytes(bytes)).error().code == Errc::no_space);
  CHECK(full.finish().error().code == Errc::no_space);

  struct Counter final : ObjectWriter {
    void begin(std::uint32_t, std::string&) override {}
    void head(const ObjectHead&, std::string&) override {}
    void body(ByteView, std::string&) override {}
    void end_object(std::string&) override { ++ended; }
    void end(std::string&) override { over = true; }
    int ended = 0;
    bool over = false;
  } counter;
  RawReader reader(counter, [](ByteView) { return ok(); });
  const auto wrong = Text(2).add(3, x_id, 1, "x").add(3, x_id, 1, "y").end(2).str();
  CHECK_FALSE(reader.feed(as_bytes(wrong)));
  CHECK(counter.ended == 1);
  CHECK_FALSE(counter.over);
}
