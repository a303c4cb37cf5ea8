#include "daemon/mirror/xet/xet_reader.h"

#include "tests/daemon/mirror/xet/xet_hub.h"

namespace waag::daemon::testing {
namespace {

using namespace std::chrono_literals;
using waag::testing::noise;

struct ReaderFixture : XetFixture {
  storage::XetChunks chunks{store->rows(), store->packs(), hub->base_url()};
  XetTraffic traffic;
  std::map<XorbHash, storage::SeenXorb> learned;

  XetReader reader(const std::string& content) {
    std::vector<xet::HashedLength> lengths;
    std::size_t at = 0;
    for (const auto bytes : xet::chunk_lengths(as_bytes(content))) {
      lengths.push_back({xet::chunk_hash(as_bytes(content).subspan(at, bytes)), bytes});
      at += bytes;
    }
    XetReader::Parts parts{
        *hub,
        services->tokens,
        chunks,
        traffic,
        5s,
        [this](const XorbHash& xorb, std::uint32_t number, const storage::XorbChunk& chunk) {
          learned[xorb][number] = chunk;
        }};
    return XetReader(std::move(parts), {repo, commit, xet::file_hash(lengths)});
  }
  Status read(const std::string& content, storage::Stretch part, std::string& out) {
    auto made = reader(content);
    return made.read(part, [&](ByteView bytes) {
      out += as_text(bytes);
      return ok();
    });
  }
  std::string part(const std::string& content, storage::Stretch part) {
    std::string out;
    const auto status = read(content, part, out);
    if (!status) FAIL("read: " << status.error().what);
    return out;
  }
  /// It is in the store, and what its chunks are is known.
  void know(const std::string& content) {
    CHECK(part(content, {0, content.size()}) == content);
    ingest(content);
    REQUIRE(chunks.add(learned));
    learned.clear();
  }
  std::uint64_t moved() {
    const auto now = traffic.bytes(XetRoad::xet);
    return now - std::exchange(before, now);
  }
  std::uint64_t before = 0;
};

}  // namespace

TEST_CASE_METHOD(ReaderFixture, "xet_reader: any part of a file, in either version",
                 "[mirror][xet_reader]") {
  upstream.second_version = GENERATE(true, false);
  const auto content = noise(1, 1'500'000);
  upstream.add("a.bin", content);
  const auto size = content.size();
  for (const auto& [begin, end] :
       std::vector<std::pair<std::size_t, std::size_t>>{{0, size},
                                                        {0, 1},
                                                        {size - 1, size},
                                                        {1, size - 1},
                                                        {700'000, 700'001},
                                                        {300'000, 900'000}})
    CHECK(part(content, {begin, end}) == content.substr(begin, end - begin));
  CHECK(upstream.last_header("/reconstructions/", "Authorization") == "Bearer xet-1");
  CHECK(upstream.last_header("/reconstructions/", "Range") == "bytes=300000-899999");
  // Whoever has a signed URL needs no more.
  CHECK(upstream.last_header("/data/", "Authorization").empty());
  CHECK(upstream.count("/xet-read-token/") == 1);
}

TEST_CASE_METHOD(ReaderFixture, "xet_reader: chunks that came before are read here",
                 "[mirror][xet_reader]") {
  const auto first = noise(1, 3'000'000);
  upstream.add("a.bin", first);
  know(first);
  CHECK(moved() >= first.size());
  CHECK(part(first, {0, first.size()}) == first);
  CHECK(moved() == 0);

  auto second = first;
  second.replace(1'500'000, 5'000, noise(2, 6'000));
  upstream.add("b.bin", second);
  auto planned = reader(second);
  const auto known = planned.known_bytes({0, second.size()});
  REQUIRE(known);
  CHECK(moved() == 0);
  CHECK(part(second, {0, second.size()}) == second);
  const auto fetched = moved();
  CHECK(fetched <= 500'000);
  CHECK(*known < second.size());
  CHECK(*known + fetched >= second.size());
  CHECK(traffic.bytes(XetRoad::local) >= 2 * first.size() - 700'000);
  // Not without the bytes, whatever is known of them.
  learned.clear();
  upstream.add("c.bin", noise(3, 600'000));
  CHECK(part(noise(3, 600'000), {0, 600'000}) == noise(3, 600'000));
  REQUIRE(chunks.add(learned));
  CHECK(moved() > 0);
  CHECK(part(noise(3, 600'000), {0, 600'000}) == noise(3, 600'000));
  CHECK(moved() >= 600'000);
}

TEST_CASE_METHOD(ReaderFixture, "xet_reader: of a term that is half here the other half is asked",
                 "[mirror][xet_reader]") {
  const auto content = noise(1, 3'000'000);
  upstream.add("a.bin", content);
  CHECK(part(content, {0, 2'000'000}) == content.substr(0, 2'000'000));
  ingest(content);
  REQUIRE(chunks.add(learned));
  moved();
  const auto plans = upstream.count("/reconstructions/");
  CHECK(part(content, {0, content.size()}) == content);
  CHECK(moved() <= 1'200'000);
  CHECK(upstream.count("/reconstructions/") == plans + 2);
}

TEST_CASE_METHOD(ReaderFixture, "xet_reader: a chunk that comes again and again is fetched once",
                 "[mirror][xet_reader]") {
  const auto content = noise(1, 200'000) + std::string(4 << 20, '\0') + noise(2, 200'000);
  upstream.add("a.bin", content);
  CHECK(part(content, {0, content.size()}) == content);
  CHECK(moved() <= 1'200'000);
}

TEST_CASE_METHOD(ReaderFixture, "xet_reader: what contradicts itself gives no wrong bytes",
                 "[mirror][xet_reader]") {
  const auto content = noise(1, 900'000);
  upstream.add("a.bin", content);
  const int how = GENERATE(range(0, 7));
  CAPTURE(how);
  upstream.change_plan = [how](xet::Plan& plan) {
    if (how == 0) plan.terms.pop_back();
    if (how == 1) plan.terms.front().raw_bytes -= 1;
    if (how == 2) plan.terms.front().raw_bytes += 1;
    if (how == 3) --plan.xorbs[0].ranges[0].wire_end;
    if (how == 4) ++plan.xorbs[0].ranges[0].wire_begin;
    if (how == 5) plan.offset_into_first_range = 5;
    if (how == 6) plan.xorbs[0].ranges[0].end += 1;
  };
  std::string out;
  const auto status = read(content, {0, content.size()}, out);
  REQUIRE_FALSE(status);
  CHECK(content.starts_with(out));
}

TEST_CASE_METHOD(ReaderFixture, "xet_reader: a token that is refused is asked for anew",
                 "[mirror][xet_reader]") {
  const auto content = noise(1, 600'000);
  upstream.add("a.bin", content);
  upstream.go_wrong([](ScriptPeer& peer, const ScriptRequest& request) {
    if (request.header("Authorization") != "Bearer xet-1") return false;
    peer.reply("401 Unauthorized", "", "");
    return true;
  });
  CHECK(part(content, {0, 600'000}) == content);
  CHECK(upstream.count("/xet-read-token/") == 2);
}

TEST_CASE_METHOD(ReaderFixture, "xet_reader: another answer than the bytes is an error",
                 "[mirror][xet_reader]") {
  const auto content = noise(1, 600'000);
  upstream.add("a.bin", content);
  const auto what = GENERATE("/reconstructions/", "/data/", "/xet-read-token/");
  const auto answer = GENERATE("500 Oh", "403 No", "404 Not Found", "200 OK");
  CAPTURE(what, answer);
  upstream.go_wrong([&](ScriptPeer& peer, const ScriptRequest& request) {
    if (request.target.find(what) == std::string::npos) return false;
    peer.reply(answer, "", "<html>come in</html>");
    return true;
  });
  std::string out;
  CHECK_FALSE(read(content, {0, content.size()}, out));
  CHECK(out.empty());
  upstream.go_wrong({});
}

TEST_CASE_METHOD(ReaderFixture, "xet_reader: what was stopped asks nothing",
                 "[mirror][xet_reader]") {
  const auto content = noise(1, 600'000);
  upstream.add("a.bin", content);
  auto made = reader(content);
  made.stop();
  const auto take = [](ByteView) -> Status { return fail(Errc::internal, "a byte"); };
  CHECK(failed(made.read({0, content.size()}, take), Errc::unavailable));
  CHECK(upstream.server.requests().empty());
}

}  // namespace waag::daemon::testing
