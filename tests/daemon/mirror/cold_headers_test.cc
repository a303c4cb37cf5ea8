#include "daemon/mirror/cold_headers.h"

#include "daemon/api/v2/chat_template.h"
#include "tests/daemon/mirror/mirror_fixture.h"
#include "tests/vectors/gguf_builder.h"

namespace waag::daemon::testing {

namespace {

/// One tensor of a model that talks ChatML, with a vocabulary of about so many bytes.
std::string gguf(std::size_t vocabulary_bytes, std::size_t weight_bytes) {
  test::GgufBuilder made;
  made.start(1, 3).pair_text("general.architecture", "qwen2");
  made.pair_text("some.vocabulary", std::string(vocabulary_bytes, 'v'));
  made.pair_text("tokenizer.chat_template", "{{ '<|im_start|>' + role }}");
  made.tensor("t", {weight_bytes / 4}, 0, 0);
  std::string out(reinterpret_cast<const char*>(made.header().data()), made.header().size());
  out.resize((out.size() + 31) / 32 * 32, '\0');
  return out + std::string(weight_bytes, 'w');
}

/// A mirror of a repo with one GGUF file, of which nothing has come.
struct ColdHub : MirrorFixture {
  void put(std::string content) {
    file = std::move(content);
    FakeUpstream::Repo repo;
    repo.files = {{"tiny-Q8_0.gguf", file}};
    upstream.put("acme/tiny", repo);
    begin();
  }
  Reply manifest() { return get("/v2/acme/tiny/manifests/q8_0", ada); }
  Reply blob(const boost::json::value& layer) {
    return get("/v2/acme/tiny/blobs/" + std::string(layer.at("digest").as_string()), ada);
  }
  std::size_t layers() { return manifest().json().at("layers").as_array().size(); }
  [[nodiscard]] std::size_t asked() const { return upstream.count("/resolve/"); }

  std::string file;
};

}  // namespace

TEST_CASE_METHOD(ColdHub, "cold headers: a manifest has the template before the file is here",
                 "[daemon][mirror][v2]") {
  constexpr std::size_t weight_bytes = 8u << 20;
  put(gguf(1000, weight_bytes));
  const auto cold = manifest();
  INFO(cold.body);
  REQUIRE(cold.status == 200);
  const auto& layers = cold.json().at("layers").as_array();
  REQUIRE(layers.size() == 3);
  CHECK(layers[1].at("mediaType") == "application/vnd.ollama.image.template");
  CHECK(layers[2].at("mediaType") == "application/vnd.ollama.image.params");
  // One request, of the front alone; and the file has not begun to come.
  REQUIRE(asked() == 1);
  CHECK(upstream.server.requests().back().header("Range") == "bytes=0-4194303");
  CHECK(app->mirror->fills().running().empty());
  CHECK(blob(layers[1]).body == known_chat_template("<|im_start|>")->text);
  CHECK(blob(cold.json().at("config")).body.find("\"qwen2\"") != std::string::npos);
  CHECK(manifest().body == cold.body);
  CHECK(asked() == 1);
  // The whole file says the same.
  CHECK(blob(layers[0]).body == file);
  CHECK(manifest().body == cold.body);
}

TEST_CASE_METHOD(ColdHub, "cold headers: a large vocabulary takes another part",
                 "[daemon][mirror][v2]") {
  put(gguf(5u << 20, 4u << 20));
  CHECK(layers() == 3);
  CHECK(asked() == 2);
}

TEST_CASE_METHOD(ColdHub, "cold headers: beyond all measure, or none", "[daemon][mirror][v2]") {
  put(GENERATE(gguf(40u << 20, 4), std::string(20'000, 'g')));
  const auto first = manifest();
  CHECK(first.status == 200);
  CHECK(first.json().at("layers").as_array().size() == 1);
  std::uint64_t bytes = 0;
  for (const auto& request : upstream.server.requests()) {
    unsigned long long begin = 0, end = 0;
    if (std::sscanf(request.header("Range").c_str(), "bytes=%llu-%llu", &begin, &end) == 2)
      bytes += end + 1 - begin;
  }
  CHECK(bytes <= 32u << 20);
  const auto before = asked();
  CHECK(layers() == 1);
  CHECK(asked() == before);  // that it says nothing is remembered
}

TEST_CASE_METHOD(ColdHub, "cold headers: an upstream that does not give it", "[daemon][mirror]") {
  put(gguf(10, 4));
  REQUIRE(get("/api/models/acme/tiny", ada).status == 200);
  upstream.break_file("tiny-Q8_0.gguf");
  CHECK(layers() == 1);
  upstream.break_file("");
  CHECK(layers() == 3);  // it is asked again
}

TEST_CASE_METHOD(ColdHub, "cold headers: not for who may not have the file fetched",
                 "[daemon][mirror][v2]") {
  config.mirror.pull_through = "admins";
  put(gguf(10, 4));
  REQUIRE(get("/api/models/acme/tiny", root).status == 200);
  CHECK(layers() == 1);
  CHECK(asked() == 0);
  CHECK(get("/v2/acme/tiny/manifests/q8_0", root).json().at("layers").as_array().size() == 3);
  CHECK(layers() == 3);  // known by now
}

}  // namespace waag::daemon::testing
