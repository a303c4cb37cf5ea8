#include "daemon/api/v2/chat_template.h"
#include "daemon/api/v2/v2_handlers.h"
#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;
using waag::daemon::testing::Reply;

namespace {

void put_number(std::string& out, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}

void put_text(std::string& out, std::string_view text) {
  put_number(out, text.size(), 8);
  out += text;
}

/// One F32 tensor of 8 elements, of a model that talks ChatML.
std::string gguf(char fill) {
  std::string out = "GGUF";
  put_number(out, 3, 4);
  put_number(out, 1, 8);
  put_number(out, 2, 8);
  for (const auto& [key, value] :
       {std::pair("general.architecture", "qwen2"),
        std::pair("tokenizer.chat_template", "{{ '<|im_start|>' + role }}")}) {
    put_text(out, key);
    put_number(out, 8, 4);
    put_text(out, value);
  }
  put_text(out, "t");
  put_number(out, 1, 4);
  put_number(out, 8, 8);
  put_number(out, 0, 4);
  put_number(out, 0, 8);
  out.resize((out.size() + 31) / 32 * 32, '\0');
  return out + std::string(32, fill);
}

struct Hub : HubFixture {
  const std::string q4 = gguf('4'), q8 = gguf('8');

  void make_models(const std::string& repo = "ada/tiny-GGUF", bool hidden = false) {
    make_repo(repo, hidden);
    upload(repo, q4);
    upload(repo, q8);
    committed(repo, lfs_line("tiny-Q4_K_M.gguf", q4) + lfs_line("tiny-Q8_0.gguf", q8) +
                        lfs_line("big-F16-00001-of-00002.gguf", q4) +
                        lfs_line("big-F16-00002-of-00002.gguf", q8) +
                        file_line("system", "Be brief."));
  }
  Reply manifest(const std::string& tag, const std::string& headers = "") {
    return get("/v2/ada/tiny-GGUF/manifests/" + tag, ada, headers);
  }
  Reply blob(std::string_view digest, const std::string& headers = "") {
    return get("/v2/ada/tiny-GGUF/blobs/" + std::string(digest), ada, headers);
  }
};

constexpr const char* llama = "User-Agent: llama-cpp\r\n";

}  // namespace

TEST_CASE_METHOD(Hub, "v2: a pull as Ollama does it", "[daemon][v2]") {
  make_models();
  const auto reply = manifest("latest");
  INFO(reply.body);
  REQUIRE(reply.status == 200);
  CHECK(reply.header("Content-Type") == "application/vnd.docker.distribution.manifest.v2+json");
  const auto& layers = reply.json().at("layers").as_array();
  REQUIRE(layers.size() == 4);
  CHECK(layers[0].at("digest").as_string() == "sha256:" + oid(q4).hex());
  CHECK(layers[0].at("mediaType") == "application/vnd.ollama.image.model");
  std::vector<std::string> bodies;
  std::vector<boost::json::value> all(layers.begin(), layers.end());
  all.push_back(reply.json().at("config"));
  for (const auto& layer : all) {
    const auto digest = std::string(layer.at("digest").as_string());
    const auto size = static_cast<std::uint64_t>(layer.at("size").as_int64());
    const auto head = this->head("/v2/ada/tiny-GGUF/blobs/" + digest, ada);
    CHECK(head.status == 200);
    CHECK(head.content_length == size);
    const auto got = blob(digest);
    REQUIRE(got.status == 200);
    CHECK("sha256:" + oid(got.body).hex() == digest);
    CHECK(got.body.size() == size);
    CHECK_FALSE(got.header("Location").empty());
    bodies.push_back(got.body);
  }
  CHECK(bodies[0] == q4);
  CHECK(bodies[1] == known_chat_template("<|im_start|>")->text);
  CHECK(bodies[2] == "Be brief.");
  CHECK(bodies[4].find(R"("model_family":"qwen2")") != std::string::npos);
}

TEST_CASE_METHOD(Hub, "v2: bytes by the Location, in parts", "[daemon][v2]") {
  make_models("ada/tiny-GGUF", /*hidden=*/true);
  const auto digest = "sha256:" + oid(q8).hex();
  const auto part = blob(digest, "Range: bytes=10-19\r\n");
  CHECK(part.status == 206);
  CHECK(part.body == q8.substr(10, 10));
  // Signed: without a token.
  const auto there = get(path_of(part.header("Location")), "", "Range: bytes=0-3\r\n");
  CHECK(there.status == 206);
  CHECK(there.body == "GGUF");
}

TEST_CASE_METHOD(Hub, "v2: tags", "[daemon][v2]") {
  make_models();
  const auto model_of = [](const Reply& reply) {
    INFO(reply.body);
    REQUIRE(reply.status == 200);
    return std::string(reply.json().at("layers").at(0).at("digest").as_string());
  };
  CHECK(model_of(manifest("q8_0")) == "sha256:" + oid(q8).hex());
  CHECK(model_of(manifest("tiny-Q8_0.gguf")) == "sha256:" + oid(q8).hex());
  // In parts: not for Ollama.
  const auto split = manifest("F16");
  CHECK(split.status == 400);
  CHECK(split.error().find("not a valid quantization scheme") != std::string::npos);
  CHECK(split.error().find("Q4_K_M") != std::string::npos);
  make_repo("ada/parts");
  committed("ada/parts", lfs_line("big-F16-00001-of-00002.gguf", q4));
  CHECK(get("/v2/ada/parts/manifests/latest", ada).error().find("in parts") != std::string::npos);
}

TEST_CASE_METHOD(Hub, "v2: as older llama.cpp asks", "[daemon][v2]") {
  make_models();
  const auto reply = manifest("latest", llama);
  REQUIRE(reply.status == 200);
  const auto& file = reply.json().at("ggufFile");
  CHECK(file.at("rfilename") == "tiny-Q4_K_M.gguf");
  CHECK(file.at("size") == q4.size());
  CHECK(file.at("lfs").at("sha256").as_string() == oid(q4).hex());
  CHECK_FALSE(reply.json().as_object().contains("mmprojFile"));
  CHECK(manifest("f16", llama).json().at("ggufFile").at("rfilename") ==
        "big-F16-00001-of-00002.gguf");
  CHECK(reply.header("Vary").find("User-Agent") != std::string::npos);
}

TEST_CASE_METHOD(Hub, "v2: who gets what", "[daemon][v2]") {
  make_models("ada/tiny-GGUF", /*hidden=*/true);
  CHECK(get("/v2/ada/tiny-GGUF/manifests/latest", bob).status == 404);
  CHECK(get("/v2/ada/tiny-GGUF/blobs/sha256:" + oid(q4).hex(), bob).status == 404);
  // Another repo's blob is none of this one's.
  make_repo("bob/other", false, bob);
  CHECK(get("/v2/bob/other/blobs/sha256:" + oid(q4).hex(), bob).status == 404);
  CHECK(get("/v2/bob/other/manifests/latest", bob).status == 400);
  CHECK(blob("sha256:" + std::string(64, '0')).status == 404);
  CHECK(blob("sha256:abc").status == 400);
}

TEST_CASE_METHOD(Hub, "v2: Ollama is told why, not sent for a token", "[daemon][v2]") {
  make_models("ada/tiny-GGUF", /*hidden=*/true);
  constexpr const char* agent = "User-Agent: ollama/0.17.4 (amd64 linux) Go/go1.24.1\r\n";
  const std::string path = "/v2/ada/tiny-GGUF/manifests/latest";
  const auto hidden = get(path, "", agent);
  CHECK(hidden.status == 403);
  CHECK(hidden.header("WWW-Authenticate").empty());
  CHECK(hidden.error().find("Ollama has no token") != std::string::npos);
  // What is hidden looks like what is not there.
  const auto none = get("/v2/ada/none/manifests/latest", "", agent);
  CHECK(none.status == 403);
  CHECK(none.error() == hidden.error());
  CHECK(get(path, ada, agent).status == 200);  // by a proxy that adds one
  // llama.cpp has a token to give, and says what to do after a 401.
  CHECK(get(path, "", llama).status == 401);
  CHECK(get("/api/models/ada/tiny-GGUF", "", agent).status == 401);
  config.auth.anonymous_read = false;
  CHECK(get(path, "", agent).status == 403);
}
