#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "tests/daemon/hub_fixture.h"
#include "tests/support/weight_files.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;
using waag::daemon::testing::Reply;
using waag::testing::safetensors_file;

namespace {

struct Hub : HubFixture {
  /// A model with a README of this front matter; lines end in "\\n", as JSON wants them.
  void model(const std::string& name, const std::string& yaml, const std::string& more = "") {
    make_repo(name);
    committed("ada/" + name, file_line("README.md", "---\\n" + yaml + "---\\n") + more);
  }
  std::string names(const std::string& query, const std::string& token = "") {
    const auto reply = get("/api/models?sort=id&direction=1&" + query, token);
    INFO(query << " " << reply.body);
    REQUIRE(reply.status == 200);
    std::string names;
    for (const auto& repo : reply.json().as_array())
      names += std::string(repo.at("id").as_string()) + " ";
    return names;
  }
};

bool has(const boost::json::value& texts, std::string_view text) {
  for (const auto& item : texts.as_array())
    if (item.as_string() == boost::json::string_view(text.data(), text.size())) return true;
  return false;
}

}  // namespace

TEST_CASE("lists: filters by what the card says", "[daemon][lists]") {
  Hub hub;
  hub.model("a", "license: mit\\npipeline_tag: fill-mask\\ntags: [x, y]\\n");
  hub.model("b", "license: mit\\ntags: [x]\\n");
  hub.model("c", "base_model: ada/a\\n");
  CHECK(hub.names("filter=license:mit") == "ada/a ada/b ");
  CHECK(hub.names("filter=license:mit&filter=y") == "ada/a ");
  CHECK(hub.names("filter=x,y") == "ada/a ");
  CHECK(hub.names("pipeline_tag=fill-mask") == "ada/a ");
  CHECK(hub.names("filter=base_model:finetune:ada/a") == "ada/c ");
  CHECK(hub.names("filter=license:mit&search=B") == "ada/b ");
  CHECK(hub.names("gated=False") == "ada/a ada/b ada/c ");
  CHECK(hub.names("gated=true").empty());
  CHECK(hub.names("author=nobody").empty());
  CHECK(hub.get("/api/models?sort=nonsense").status == 400);
  CHECK(hub.get("/api/models?num_parameters=6").status == 400);
  CHECK(hub.get("/api/models/ada/a?expand=childrenModelCount").json().at("childrenModelCount") ==
        1);
}

TEST_CASE("lists: parameters, from headers of weight files", "[daemon][lists]") {
  Hub hub;
  const auto weights = safetensors_file(1200);
  hub.make_repo("big");
  hub.upload("ada/big", weights);
  hub.committed("ada/big", HubFixture::lfs_line("model.safetensors", weights));
  hub.make_repo("none");
  CHECK(hub.names("num_parameters=min:1K,max:1.3K") == "ada/big ");
  CHECK(hub.names("num_parameters=min:2K").empty());
  const auto info = hub.get("/api/models/ada/big").json().as_object();
  CHECK(info.at("safetensors").at("parameters").at("BF16") == 1200);
  CHECK(info.at("safetensors").at("total") == 1200);
  CHECK(has(info.at("tags"), "safetensors"));
  const auto first = hub.get("/api/models?sort=num_parameters&limit=1&expand=safetensors");
  CHECK(first.json().at(0).at("safetensors").at("total") == 1200);
}

TEST_CASE("lists: what items hold", "[daemon][lists]") {
  Hub hub;
  hub.model("a", "license: mit\\n", HubFixture::file_line("config.json", "{\\\"model_type\\\":7}"));
  const auto item = [&hub](const std::string& query) {
    return hub.get("/api/models?" + query).json().at(0).as_object();
  };
  const auto light = item("");
  for (const auto* field : {"_id", "id", "modelId", "likes", "downloads", "private", "tags",
                            "createdAt", "trendingScore", "sha", "lastModified", "author"})
    CHECK(light.contains(field));
  for (const auto* field : {"siblings", "cardData", "config", "safetensors", "usedStorage"})
    CHECK_FALSE(light.contains(field));
  CHECK(item("full=True").contains("siblings"));
  CHECK(item("cardData=true").at("cardData").at("license") == "mit");
  CHECK(item("config=true").contains("config"));
  CHECK(item("expand=author&expand=downloadsAllTime").size() == 5);
}

TEST_CASE("lists: stable paging while repos are added", "[daemon][lists]") {
  Hub hub;
  for (const auto* name : {"a", "b", "c", "d", "e"}) {
    hub.make_repo(name);
    hub.clock.advance(std::chrono::seconds(1));
  }
  std::string target = "/api/models?sort=createdAt&limit=2";
  std::string seen;
  for (int page = 0; !target.empty() && page < 10; ++page) {
    const auto reply = hub.get(target);
    for (const auto& repo : reply.json().as_array())
      seen += std::string(repo.at("id").as_string()).substr(4);
    const auto link = reply.header("Link");
    target = link.empty() ? "" : HubFixture::path_of(link.substr(1, link.find('>') - 1));
    hub.make_repo("new" + std::to_string(page));
  }
  CHECK(seen == "edcba");
}

TEST_CASE("lists: private repos are listed to who may read them", "[daemon][lists]") {
  Hub hub;
  hub.make_repo("open");
  hub.make_repo("hidden", true);
  hub.committed("ada/hidden", HubFixture::file_line("README.md", "---\\nlicense: mit\\n---\\n"));
  for (const auto& [token, names] : {std::pair(std::string(), "ada/open "),
                                     {hub.bob, "ada/open "},
                                     {hub.ada_read, "ada/hidden ada/open "},
                                     {hub.root, "ada/hidden ada/open "}}) {
    CHECK(hub.names("search=ada", token) == names);
    const bool sees = hub.names("search=ada", token).starts_with("ada/hidden");
    const auto tags = hub.get("/api/models-tags-by-type", token).json().as_object();
    CHECK(tags.at("license").as_array().empty() == !sees);
    const auto found = hub.get("/api/quicksearch?q=hidden", token).json().as_object();
    CHECK(found.at("models").as_array().empty() == !sees);
  }
}

TEST_CASE("lists: tags by type", "[daemon][lists]") {
  Hub hub;
  hub.model("a",
            "license: mit\\nlanguage: en\\npipeline_tag: fill-mask\\nlibrary_name: keras\\n"
            "tags: [mine]\\ndatasets: x/y\\n");
  const auto tags = hub.get("/api/models-tags-by-type").json().as_object();
  const auto only = [&tags](const char* type) {
    REQUIRE(tags.at(type).as_array().size() == 1);
    const auto& tag = tags.at(type).at(0);
    CHECK(tag.at("type") == type);
    return std::string(tag.at("id").as_string()) + "=" + std::string(tag.at("label").as_string());
  };
  CHECK(only("license") == "license:mit=mit");
  CHECK(only("language") == "en=en");
  CHECK(only("pipeline_tag") == "fill-mask=fill-mask");
  CHECK(only("library") == "keras=keras");
  CHECK(only("dataset") == "dataset:x/y=x/y");
  CHECK(only("other") == "mine=mine");
  CHECK(hub.get("/api/datasets-tags-by-type").json().as_object().empty());
}

TEST_CASE("lists: spaces by what they use; quick search by type", "[daemon][lists]") {
  Hub hub;
  REQUIRE(hub.post("/api/repos/create", hub.ada, R"({"name":"s","type":"space","sdk":"gradio"})")
              .status == 200);
  const auto card = HubFixture::header_line("card") +
                    HubFixture::file_line("README.md", "---\\nmodels: [ada/m]\\n---\\n");
  REQUIRE(hub.post("/api/spaces/ada/s/commit/main", hub.ada, card).status == 200);
  CHECK(hub.get("/api/spaces?models=ada/m").json().as_array().size() == 1);
  CHECK(hub.get("/api/spaces?models=ada/x").json().as_array().empty());
  const auto info = hub.get("/api/spaces/ada/s").json().as_object();
  CHECK(info.at("sdk") == "gradio");
  CHECK(info.at("models").at(0) == "ada/m");
  CHECK(info.at("runtime").at("stage") == "PAUSED");
  const auto found = hub.get("/api/quicksearch?q=ada&type=space").json().as_object();
  CHECK(found.size() == 1);
  CHECK(found.at("spaces").at(0).at("id") == "ada/s");
}

TEST_CASE("lists: downloads of query files are counted", "[daemon][lists]") {
  Hub hub;
  hub.model("a", "license: mit\\n", HubFixture::file_line("config.json", "{}"));
  const auto count = [&hub] {
    return hub.get("/api/models/ada/a").json().at("downloads").as_int64();
  };
  CHECK(count() == 0);
  CHECK(hub.get("/ada/a/resolve/main/config.json").status == 200);
  CHECK(hub.head("/ada/a/resolve/main/config.json").status == 200);
  CHECK(hub.get("/ada/a/resolve/main/README.md").status == 200);
  CHECK(hub.get("/ada/a/raw/main/config.json").status == 200);
  CHECK(hub.get("/ada/a/resolve/main/config.json", "", "Range: bytes=0-0\r\n").status == 206);
  CHECK(hub.get("/ada/a/resolve/no/config.json").status == 404);
  CHECK(count() == 2);
  hub.make_repo("b");
  CHECK(hub.get("/api/models?sort=downloads").json().at(0).at("id") == "ada/a");
}

TEST_CASE("info: what the card and the files say", "[daemon][info]") {
  Hub hub;
  hub.model(
      "a", "license: mit\\nlanguage: no\\ndate: 2024-01-31\\n",
      HubFixture::file_line("config.json", "{\\\"architectures\\\":[\\\"GPT2LMHeadModel\\\"]}"));
  const auto info = hub.get("/api/models/ada/a?securityStatus=true").json().as_object();
  CHECK(info.at("cardData").at("language") == "no");
  CHECK(info.at("cardData").at("date") == "2024-01-31");
  CHECK(info.at("pipeline_tag") == "text-generation");
  CHECK(info.at("library_name") == "transformers");
  CHECK(info.at("transformersInfo").at("auto_model") == "AutoModelForCausalLM");
  CHECK(info.at("config").at("architectures").at(0) == "GPT2LMHeadModel");
  CHECK(info.at("securityRepoStatus").at("scansDone") == false);
  CHECK(has(info.at("tags"), "license:mit"));
  CHECK(has(info.at("tags"), "no"));
  // Another revision says what its own files say.
  const auto first = hub.committed("ada/a", HubFixture::file_line("x", "y"));
  hub.committed("ada/a", HubFixture::file_line("README.md", "---\\nbroken: [\\n---\\n"));
  CHECK_FALSE(hub.get("/api/models/ada/a").json().as_object().contains("cardData"));
  CHECK(hub.get("/api/models/ada/a/revision/" + first).json().at("cardData").at("license") ==
        "mit");
}

TEST_CASE("front page: 200, says how to use it", "[daemon][lists]") {
  HubFixture hub;
  const auto page = hub.get("/");
  CHECK(page.status == 200);
  CHECK(page.header("Content-Type") == "text/html; charset=utf-8");
  CHECK(page.body.find("HF_ENDPOINT=http://hub:8080\n") != std::string::npos);
  CHECK(hub.head("/").status == 200);
}
