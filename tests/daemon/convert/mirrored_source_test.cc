#include <boost/json/serialize.hpp>

#include "daemon/convert/submit.h"
#include "daemon/mirror/schedule/schedule.h"
#include "tests/daemon/convert/converter_fixture.h"
#include "tests/daemon/mirror/mirror_fixture.h"

using namespace waag;
using namespace waag::daemon;
using storage::JobState;
using waag::daemon::testing::fake_converter;
using waag::daemon::testing::FakeUpstream;
using waag::daemon::testing::MirrorFixture;
namespace fs = std::filesystem;

namespace {

struct Hub : MirrorFixture {
  explicit Hub(const std::string& may_bring = "anyone") {
    config.mirror.pull_through = may_bring;
    const auto program = folder.path() / "fake-convert";
    std::ofstream(program) << fake_converter;
    fs::permissions(program, fs::perms::owner_all);
    config.convert.program = program.string();
    config.store.reserve_bytes = 0;
    FakeUpstream::Repo repo;
    repo.files = {{"README.md", "---\nlicense: mit\n---\n# Tiny"},
                  {"config.json", R"({"fake":"good"})"},
                  {"model.safetensors", std::string(30'000, 'w')},
                  {"tiny-Q8_0.gguf", std::string(20'000, 'g')}};
    upstream.put("acme/tiny", repo);
    REQUIRE(add_convert_jobs(*app));
    begin();
  }
  waag::daemon::testing::Reply convert(const std::string& token, const std::string& more = "",
                                       const std::string& source = "acme/tiny") {
    return post("/api/waag/v1/convert", token,
                R"({"source":")" + source + R"(","targets":["gguf:F16"])" + more + "}");
  }
  storage::JobRow converted(const std::string& token, const std::string& more = "") {
    const auto reply = convert(token, more);
    INFO(reply.body);
    REQUIRE(reply.status == 202);
    return ended(static_cast<std::uint64_t>(reply.json().at("id").as_int64()));
  }
};

struct AdminsHub : Hub {
  AdminsHub() : Hub("admins") {}
};

}  // namespace

TEST_CASE_METHOD(Hub, "convert: a mirrored model whose files have still to come",
                 "[daemon][convert][mirror]") {
  REQUIRE(get("/api/models/acme/tiny", ada).status == 200);
  CHECK(upstream.count("model.safetensors") == 0);
  const auto row = converted(ada);
  INFO(row.error);
  REQUIRE(row.state == JobState::done);
  CHECK(upstream.count("model.safetensors") > 0);
  CHECK(upstream.count("tiny-Q8_0.gguf") == 0);
  CHECK(get("/ada/tiny-GGUF/resolve/main/tiny-F16.gguf", ada).body.starts_with("GGUF"));
  const auto card = get("/ada/tiny-GGUF/resolve/main/README.md", ada).body;
  CHECK(card.find("base_model: \"acme/tiny\"") != std::string::npos);
  CHECK(card.find(upstream.origin() + "/acme/tiny") != std::string::npos);
}

TEST_CASE_METHOD(Hub, "convert: a model that is not here yet is looked up at the upstream",
                 "[daemon][convert][mirror]") {
  SECTION("main") { CHECK(converted(ada).state == JobState::done); }
  SECTION("a commit") {
    const auto commit = R"(,"revision":"5be1b0c3a1f0c2d94c1d3c6f4b9a7e2d10c0ffee")";
    CHECK(converted(ada, commit).state == JobState::done);
  }
  SECTION("what cannot be meant is refused before anybody is asked") {
    CHECK(convert(ada, R"(,"revision":"")").status == 400);
    CHECK(convert("").status == 401);
    CHECK(upstream.count("/api/models/") == 0);
    return;
  }
  CHECK(get("/ada/tiny-GGUF/resolve/main/tiny-F16.gguf", ada).body.starts_with("GGUF"));
  CHECK(convert(ada, "", "acme/absent").status == 404);
  // Names of our own are not asked for elsewhere.
  const auto asked = upstream.count("/api/models/");
  CHECK(convert(ada, "", "ada/absent").status == 404);
  CHECK(upstream.count("/api/models/") == asked);
}

TEST_CASE_METHOD(Hub, "convert: a name that a mirror covers is taken from it, and that is told",
                 "[daemon][convert][mirror]") {
  const auto rule = MirrorRule::make({{"name", "nightly"}, {"repos", {"acme/*"}}});
  REQUIRE(rule);
  REQUIRE(app->mirror->schedule().add(*rule, "root"));
  const auto row = converted(root);
  INFO(row.error);
  REQUIRE(row.state == JobState::done);
  const auto told = boost::json::serialize(result_of(row).at("warnings"));
  CHECK(told.find("acme/tiny-GGUF is a repository of this hub") != std::string::npos);
  // No mirror names it.
  const auto own = result_of(converted(ada));
  CHECK(boost::json::serialize(own).find("is a repository of this hub") == std::string::npos);
  // The upstream's of that name is never asked for.
  FakeUpstream::Repo theirs;
  theirs.files = {{"tiny-F16.gguf", "theirs"}};
  upstream.put("acme/tiny-GGUF", theirs);
  CHECK(get("/acme/tiny-GGUF/resolve/main/tiny-F16.gguf", ada).body.starts_with("GGUF"));
  CHECK(upstream.count("tiny-GGUF") == 0);
}

TEST_CASE_METHOD(Hub, "convert: an upstream's trouble is no absence", "[daemon][convert][mirror]") {
  REQUIRE(converted(ada).state == JobState::done);
  upstream.fail_all(true);
  CHECK(convert(ada, R"(,"revision":"v2")").status == 502);
  CHECK(convert(ada, "", "acme/other").status == 502);
  // What is here is converted, and said to be old once its time to live is over.
  CHECK(convert(ada).status == 202);
}

TEST_CASE_METHOD(AdminsHub, "convert: nothing is brought for who may not bring anything",
                 "[daemon][convert][mirror]") {
  CHECK(convert(ada).status == 404);
  CHECK(upstream.count("/api/models/") == 0);
  REQUIRE(get("/api/models/acme/tiny", root).status == 200);
  const auto row = converted(ada);
  CHECK(row.state == JobState::failed);
  CHECK(row.error.find("not fetched from the upstream for this caller") != std::string::npos);
  CHECK(upstream.count("/resolve/") == 0);
  CHECK(converted(root).state == JobState::done);
  CHECK(upstream.count("model.safetensors") > 0);
}

TEST_CASE_METHOD(Hub, "v2: a mirrored file comes when it is asked for", "[daemon][v2][mirror]") {
  const auto manifest = get("/v2/acme/tiny/manifests/q8_0", ada);
  INFO(manifest.body);
  REQUIRE(manifest.status == 200);
  CHECK(upstream.count("/resolve/") == 1);  // what may be its header
  const auto fetched = [this](const boost::json::value& layer) {
    const auto digest = std::string(layer.at("digest").as_string());
    const auto head = this->head("/v2/acme/tiny/blobs/" + digest, ada);
    CHECK(head.status == 200);
    CHECK(head.content_length == static_cast<std::uint64_t>(layer.at("size").as_int64()));
    return get("/v2/acme/tiny/blobs/" + digest, ada);
  };
  const auto model = fetched(manifest.json().at("layers").at(0));
  CHECK(model.body == std::string(20'000, 'g'));
  CHECK(get(path_of(model.header("Location"))).body == model.body);
  CHECK(fetched(manifest.json().at("config")).status == 200);  // also now that the file is here
  CHECK(get("/v2/acme/absent/manifests/latest", ada).status == 404);
}
