#include "daemon/convert/submit.h"

#include "tests/daemon/convert/converter_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::ConverterFixture;
using waag::daemon::testing::Reply;

namespace {

/// One whose jobs wait for ever.
struct Hub : ConverterFixture {
  Hub() {
    config.convert.jobs_max = 0;
    end();
    begin();
    make_source("good");
  }
};

constexpr const char* f16 = R"("gguf:F16")";

}  // namespace

TEST_CASE_METHOD(Hub, "submit conversion: the job", "[daemon][convert]") {
  const auto reply = ask_for(R"("gguf:f16","safetensors:int8")", R"(,"revision":"main")");
  INFO(reply.body);
  REQUIRE(reply.status == 202);
  const auto& job = reply.json();
  CHECK(job.at("kind") == "convert");
  CHECK(job.at("state") == "queued");
  const auto& spec = job.at("spec");
  CHECK(spec.at("source") == "ada/tiny");
  CHECK(spec.at("commit").as_string().size() == 40);
  CHECK(spec.at("source_url") == "http://hub:8080/ada/tiny");
  CHECK(spec.at("outputs").at(0).at("repo") == "ada/tiny-GGUF");
  CHECK(spec.at("outputs").at(1).at("repo") == "ada/tiny-INT8");
  // The same again is the same job.
  CHECK(ask_for(R"("gguf:f16","safetensors:int8")").json().at("id") == job.at("id"));
  CHECK(ask_for(f16).json().at("id") != job.at("id"));
}

TEST_CASE_METHOD(Hub, "submit conversion: whether it is validated", "[daemon][convert]") {
  const auto is_validated = [](const Reply& reply) {
    INFO(reply.body);
    REQUIRE(reply.status == 202);
    return reply.json().at("spec").as_object().contains("validate");
  };
  CHECK_FALSE(is_validated(ask_for(f16)));
  CHECK(is_validated(ask_for(f16, R"(,"validate":true)")));
  CHECK(ask_for(f16, R"(,"validate":"yes")").status == 400);
  config.convert.validate = true;
  CHECK(is_validated(ask_for(f16)));
  CHECK_FALSE(is_validated(ask_for(f16, R"(,"validate":false)")));
  // A mirror's rule says nothing of it.
  const RepoId source{RepoType::model, "ada", "tiny"};
  const auto commit = store->resolve(store->find_repo(source)->uid, "refs/heads/main");
  REQUIRE(commit);
  const auto job = convert_mirrored(*app, {"ada", ""}, source, *commit, {"gguf:Q8_0"});
  REQUIRE(job);
  CHECK(app->jobs->find(*job)->spec.find(R"("validate":true)") != std::string::npos);
}

TEST_CASE_METHOD(Hub, "submit conversion: where it goes", "[daemon][convert]") {
  const auto repo_of = [](const Reply& reply) {
    INFO(reply.body);
    REQUIRE(reply.status == 202);
    return reply.json().at("spec").at("outputs").at(0).at("repo").as_string();
  };
  // Bob may not write to ada's namespace.
  CHECK(repo_of(ask_for(f16, "", bob)) == "bob/tiny-GGUF");
  CHECK(repo_of(ask_for(f16, R"(,"name":"small")", bob)) == "bob/small-GGUF");
  CHECK(ask_for(f16, R"(,"name":"ada/small")", bob).status == 403);
  CHECK(ask_for(f16, R"(,"name":"ada/small")").status == 202);
  CHECK(ask_for(f16, "", ada_read).status == 403);
  CHECK(ask_for(f16, "", "hf_x").status == 401);
  CHECK(repo_of(ask_for(f16, "", root)) == "ada/tiny-GGUF");
}

TEST_CASE_METHOD(Hub, "submit conversion: by a former name", "[daemon][convert]") {
  const auto moved = post("/api/repos/move", ada,
                          R"({"fromRepo":"ada/tiny","toRepo":"ada/renamed","type":"model"})");
  REQUIRE(moved.status == 200);
  const auto& reply = ask_for(f16);
  INFO(reply.body);
  REQUIRE(reply.status == 202);
  CHECK(reply.json().at("spec").at("source") == "ada/renamed");
}

TEST_CASE_METHOD(Hub, "submit conversion: what is refused", "[daemon][convert]") {
  CHECK(ask_for("").status == 400);
  CHECK(ask_for(R"("gguf:Q9")").status == 400);
  CHECK(ask_for(f16, R"(,"revision":"absent")").status == 404);
  CHECK(ask_for(f16, "", "", "ada/absent").status == 404);
  CHECK(ask_for(f16, "", "", "tiny").status == 400);
  // Both would be the one model of a repo.
  CHECK(ask_for(R"("safetensors:fp8-block","safetensors:fp8-dynamic")").status == 400);
  CHECK(ask_for(f16, R"(,"name":")" + std::string(95, 'x') + "\"").status == 400);
}

TEST_CASE_METHOD(Hub, "submit conversion: nothing private becomes public", "[daemon][convert]") {
  make_source("good", "ada/secret", /*hidden=*/true);
  CHECK(ask_for(f16, "", bob, "ada/secret").status == 404);
  make_repo("ada/secret-GGUF");
  CHECK(ask_for(f16, "", "", "ada/secret").status == 409);
  make_repo("ada/other-GGUF", /*hidden=*/true);
  CHECK(ask_for(f16, R"(,"name":"other")", "", "ada/secret").status == 202);
  CHECK(ask_for(f16, R"(,"name":"other")").status == 202);
}
