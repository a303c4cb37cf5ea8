#include "storage/git/transfer/incoming_pack.h"

#include <catch2/catch.hpp>

#include "storage/git/transfer/id_list.h"
#include "tests/storage/git/transfer/git_pack.h"
#include "tests/support/memory_file_system.h"

using namespace waag;
using namespace waag::storage;
using git::ObjectKind;
using waag::testing::PackBuilder;

namespace {

struct Intake {
  waag::testing::MemoryFileSystem fs;
  std::unique_ptr<IncomingPack> pack;

  explicit Intake(PackLimits limits = {}) {
    REQUIRE(fs.create_dir("scratch"));
    auto begun = IncomingPack::begin(fs, "scratch/push-1", limits);
    if (!begun) FAIL(begun.error().what);
    pack = *std::move(begun);
  }
  Status feed(std::string_view bytes, std::size_t piece = 1u << 20) {
    for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size())))
      WAAG_CHECK(pack->feed(as_bytes(bytes.substr(0, piece))));
    return ok();
  }
  Status whole(std::string_view bytes, std::size_t piece = 1u << 20) {
    WAAG_CHECK(feed(bytes, piece));
    return pack->finish();
  }
  std::string read(const GitId& id) {
    const auto object = pack->find(id);
    REQUIRE(object);
    const auto body = pack->read(*object);
    if (!body) FAIL(body.error().what);
    CHECK(object->size_bytes == (*body)->size());
    return std::string(as_text(**body));
  }
};

}  // namespace

TEST_CASE("incoming_pack: whole objects, however the bytes come", "[storage][git]") {
  const auto piece = GENERATE(1u, 7u, 1000u, 1u << 20);
  CAPTURE(piece);
  PackBuilder builder;
  const std::string text(5000, 't');
  const auto blob = builder.add(ObjectKind::blob, text);
  const auto empty = builder.add(ObjectKind::blob, "");
  const auto tree = builder.add(ObjectKind::tree, "");
  Intake intake;
  REQUIRE(intake.whole(builder.bytes(), piece));
  CHECK(intake.pack->objects() == 3);
  CHECK(intake.read(blob) == text);
  CHECK(intake.read(empty).empty());
  CHECK(intake.pack->find(tree)->kind == ObjectKind::tree);
  CHECK_FALSE(intake.pack->find(git::blob_id(as_bytes("other"))));
}

TEST_CASE("incoming_pack: deltas of deltas, by place and by name", "[storage][git]") {
  PackBuilder builder;
  const auto base = builder.add(ObjectKind::blob, "base");
  builder.add_near_delta(0, PackBuilder::prepend("1", 4));
  builder.add_near_delta(1, PackBuilder::prepend("2", 5));
  // Of an object that comes later and has no name before its own delta is resolved.
  builder.add_delta(git::blob_id(as_bytes("late21base")), PackBuilder::prepend("!", 10));
  builder.add_near_delta(2, PackBuilder::prepend("late", 6));
  Intake intake;
  REQUIRE(intake.whole(builder.bytes()));
  CHECK(intake.pack->outer_bases().empty());
  CHECK(intake.read(base) == "base");
  CHECK(intake.read(git::blob_id(as_bytes("21base"))) == "21base");
  CHECK(intake.read(git::blob_id(as_bytes("!late21base"))) == "!late21base");
}

TEST_CASE("incoming_pack: a thin pack asks for its bases", "[storage][git]") {
  const std::string outside = "outside";
  const auto outer = git::blob_id(as_bytes(outside));
  PackBuilder builder;
  builder.add_delta(outer, PackBuilder::prepend("in ", 7));
  builder.add_near_delta(0, PackBuilder::prepend("deep ", 10));
  // By name, of an object of this pack that has none before its own base is given.
  const auto inner = git::blob_id(as_bytes("in outside"));
  builder.add_delta(inner, PackBuilder::prepend("more ", 10));
  Intake intake;
  REQUIRE(intake.whole(builder.bytes()));
  CHECK(intake.pack->outer_bases() == std::unordered_set<GitId>{outer, inner});
  const auto read = [&](const GitId& id) -> Result<std::pair<ObjectKind, Bytes>> {
    CHECK(id == outer);
    const auto bytes = as_bytes(outside);
    return std::pair(ObjectKind::blob, Bytes(bytes.begin(), bytes.end()));
  };
  REQUIRE(intake.pack->complete({outer}, read));
  CHECK(intake.read(git::blob_id(as_bytes("deep in outside"))) == "deep in outside");
  CHECK(intake.read(git::blob_id(as_bytes("more in outside"))) == "more in outside");
}

TEST_CASE("incoming_pack: a base that nobody has", "[storage][git]") {
  PackBuilder builder;
  builder.add_delta(git::blob_id(as_bytes("x")), PackBuilder::prepend("y", 1));
  Intake intake;
  REQUIRE(intake.whole(builder.bytes()));
  const auto read = [](const GitId&) -> Result<std::pair<ObjectKind, Bytes>> {
    return fail(Errc::internal, "not to be asked");
  };
  const auto done = intake.pack->complete({}, read);
  REQUIRE_FALSE(done);
  CHECK(done.error().code == Errc::unprocessable);
}

TEST_CASE("incoming_pack: what is no sound pack", "[storage][git]") {
  PackBuilder builder;
  builder.add(ObjectKind::blob, std::string(1000, 'b'));
  builder.add(ObjectKind::blob, "second");
  const auto good = builder.bytes();
  for (std::size_t size = 0; size < good.size(); size += 3) {
    CAPTURE(size);
    Intake intake;
    CHECK_FALSE(intake.whole(good.substr(0, size)));
  }
  for (std::size_t at = 0; at < good.size(); ++at) {
    CAPTURE(at);
    auto bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x41);
    Intake intake;
    CHECK_FALSE(intake.whole(bad));
  }
  Intake intake;
  CHECK_FALSE(intake.whole(good + "x"));
}

TEST_CASE("incoming_pack: a blob that is too large is named, not kept", "[storage][git]") {
  PackBuilder builder;
  const std::string large(push_object_bytes_max + 1, 'l');
  const auto id = builder.add(ObjectKind::blob, large);
  const auto small = builder.add(ObjectKind::blob, "small");
  Intake intake;
  REQUIRE(intake.whole(builder.bytes()));
  const auto object = intake.pack->find(id);
  REQUIRE(object);
  CHECK_FALSE(object->kept);
  CHECK(object->size_bytes == large.size());
  CHECK(intake.read(small) == "small");
  PackBuilder trees;
  trees.add(ObjectKind::tree, large);
  Intake other;
  CHECK_FALSE(other.whole(trees.bytes()));
}

TEST_CASE("incoming_pack: the scratch file goes with it", "[storage][git]") {
  Intake intake;
  CHECK(intake.fs.exists("scratch/push-1"));
  intake.pack.reset();
  CHECK_FALSE(intake.fs.exists("scratch/push-1"));
}

TEST_CASE("incoming_pack: ids in the order of adding", "[storage][git]") {
  IdList list;
  CHECK_FALSE(list.contains(GitId{}));
  for (int i = 0; i < 1000; ++i)
    CHECK(list.add(git::blob_id(as_bytes(std::to_string(i))), ObjectKind::blob));
  for (int i = 0; i < 1000; ++i) {
    const auto id = git::blob_id(as_bytes(std::to_string(i)));
    CHECK_FALSE(list.add(id, ObjectKind::blob));
    CHECK(list.find(id) == static_cast<std::uint32_t>(i));
  }
  CHECK(list.size() == 1000);
  CHECK_FALSE(list.find(GitId{}));
}

TEST_CASE("incoming_pack: large blobs are kept for those who ask", "[storage][git]") {
  PackBuilder builder;
  std::string large;
  for (int i = 0; large.size() < 300'000; ++i) large += std::to_string(i) + ' ';
  const auto blob = builder.add(ObjectKind::blob, large);
  const auto small = builder.add(ObjectKind::blob, "small");
  builder.add_near_delta(1, PackBuilder::prepend("not ", 5));
  const auto copied = [](Intake& intake, const GitId& id) {
    std::string text;
    const auto object = intake.pack->find(id);
    REQUIRE(object);
    const auto status = intake.pack->copy(*object, [&](ByteView part) {
      text += as_text(part);
      return ok();
    });
    return status ? text : "error: " + status.error().what;
  };
  Intake all(PackLimits{1000, /*keeps_large_blobs=*/true});
  REQUIRE(all.whole(builder.bytes(), 5000));
  CHECK(copied(all, blob) == large);
  CHECK(copied(all, small) == "small");
  CHECK(copied(all, git::blob_id(as_bytes(std::string_view("not small")))) == "not small");
  CHECK_FALSE(all.pack->read(*all.pack->find(blob)));  // not in memory
  Intake few(PackLimits{1000});
  REQUIRE(few.whole(builder.bytes()));
  CHECK_FALSE(few.pack->find(blob)->kept);
  CHECK(copied(few, blob).starts_with("error"));
  const auto stop = all.pack->copy(*all.pack->find(blob),
                                   [](ByteView) -> Status { return fail(Errc::no_space, ""); });
  CHECK(stop.error().code == Errc::no_space);
}
