#include "daemon/convert/submit.h"
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
  Hub() {
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
};

}  // namespace

TEST_CASE_METHOD(Hub, "convert: a mirrored model whose files have still to come",
                 "[daemon][convert][mirror]") {
  REQUIRE(get("/api/models/acme/tiny", ada).status == 200);
  CHECK(upstream.count("model.safetensors") == 0);
  const auto reply =
      post("/api/waag/v1/convert", ada, R"({"source":"acme/tiny","targets":["gguf:F16"]})");
  INFO(reply.body);
  REQUIRE(reply.status == 202);
  const auto row = ended(static_cast<std::uint64_t>(reply.json().at("id").as_int64()));
  INFO(row.error);
  REQUIRE(row.state == JobState::done);
  CHECK(upstream.count("model.safetensors") > 0);
  CHECK(upstream.count("tiny-Q8_0.gguf") == 0);
  CHECK(get("/ada/tiny-GGUF/resolve/main/tiny-F16.gguf", ada).body.starts_with("GGUF"));
  const auto card = get("/ada/tiny-GGUF/resolve/main/README.md", ada).body;
  CHECK(card.find("base_model: \"acme/tiny\"") != std::string::npos);
  CHECK(card.find(upstream.origin() + "/acme/tiny") != std::string::npos);
}

TEST_CASE_METHOD(Hub, "v2: a mirrored file comes when it is asked for", "[daemon][v2][mirror]") {
  const auto manifest = get("/v2/acme/tiny/manifests/q8_0", ada);
  INFO(manifest.body);
  REQUIRE(manifest.status == 200);
  CHECK(upstream.count("/resolve/") == 0);
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
