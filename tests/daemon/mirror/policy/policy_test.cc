#include "daemon/mirror/policy/policy.h"

#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::daemon;

namespace {

MirrorPolicy policy_of(std::string_view toml) {
  auto made = MirrorPolicy::parse(toml, "policy.toml");
  if (!made) FAIL(made.error().what);
  return *std::move(made);
}

MirrorPolicy::Repo repo(const std::string& ns,
                        std::vector<MirrorPolicy::File> files = {{"README.md", 10}}) {
  return {{RepoType::model, ns, "tiny"}, std::move(files)};
}

struct Card {
  std::vector<std::string> licences;
  unsigned asked = 0;
  MirrorPolicy::Licences fn() {
    return [this]() -> Result<std::vector<std::string>> {
      ++asked;
      return licences;
    };
  }
};

std::string why(const Status& status) {
  if (status) return "";
  CHECK(status.error().code == Errc::forbidden);
  return status.error().what;
}

}  // namespace

TEST_CASE("policy: the first rule that fits decides", "[daemon][mirror][policy]") {
  const auto policy = policy_of(R"(
    [[rule]]
    name = "friends"
    action = "allow"
    repos = ["Acme/*"]
    [[rule]]
    name = "no data"
    action = "deny"
    types = ["dataset", "space"]
    [[rule]]
    name = "nobody else"
    action = "deny"
    orgs = ["e*"]
  )");
  Card card;
  CHECK(policy.check(repo("acme"), card.fn()));
  CHECK(policy.check(repo("bob"), card.fn()));
  CHECK(why(policy.check(repo("Eve"), card.fn())) ==
        "The mirror's policy does not let Eve/tiny in: rule \"nobody else\"");
  auto data = repo("bob");
  data.id.type = RepoType::dataset;
  CHECK(why(policy.check(data, card.fn())).find("no data") != std::string::npos);
  CHECK(card.asked == 0);
  CHECK_FALSE(policy.check_file({RepoType::model, "eve", "x"}, {"a", 1}));
  CHECK(MirrorPolicy().check(repo("eve"), card.fn()));
}

TEST_CASE("policy: licences are asked for only where they matter", "[daemon][mirror][policy]") {
  const auto policy = policy_of(R"(
    [[rule]]
    name = "exception"
    action = "allow"
    licences = ["Gemma"]
    orgs = ["acme"]
    [[rule]]
    name = "free alone"
    action = "deny"
    orgs = ["acme"]
    licence_classes = ["conditional", "restricted", "unknown"]
  )");
  Card card;
  CHECK(policy.check(repo("bob"), card.fn()));
  CHECK(card.asked == 0);
  const auto passes = [&](std::vector<std::string> licences) {
    card = {std::move(licences), 0};
    const bool passed = policy.check(repo("acme"), card.fn()).has_value();
    CHECK(card.asked == 1);
    return passed;
  };
  CHECK(passes({"gemma"}));
  CHECK(passes({"mit"}));
  CHECK_FALSE(passes({"llama2"}));
  CHECK_FALSE(passes({"mit", "cc-by-nc-4.0"}));
  CHECK_FALSE(passes({"strange"}));
  CHECK_FALSE(passes({}));
  const auto broken = policy.check(repo("acme"), [] {
    return Result<std::vector<std::string>>(fail(Errc::upstream_failed, "x"));
  });
  REQUIRE_FALSE(broken);
  CHECK(broken.error().code == Errc::upstream_failed);
}

TEST_CASE("policy: formats and sizes", "[daemon][mirror][policy]") {
  const auto policy = policy_of(R"(
    [[rule]]
    name = "no code"
    action = "leave_out"
    pickle = true
    files = ["*.py", "secret/"]
    [[rule]]
    name = "big file"
    action = "deny"
    file_bytes_over = 100
    [[rule]]
    name = "big repo"
    action = "deny"
    repo_bytes_over = 250
  )");
  Card card;
  const RepoId id{RepoType::model, "acme", "tiny"};
  CHECK(policy.check(repo("acme", {{"a.bin", 90}, {"b", 90}}), card.fn()));
  CHECK(why(policy.check(repo("acme", {{"b", 101}}), card.fn())).find("big file") !=
        std::string::npos);
  CHECK(why(policy.check(repo("acme", {{"a", 90}, {"b", 90}, {"c", 90}}), card.fn()))
            .find("big repo") != std::string::npos);
  CHECK(why(policy.check_file(id, {"sub/model.BIN", 1})).find("no code") != std::string::npos);
  CHECK_FALSE(policy.check_file(id, {"sub/run.py", 1}));
  CHECK_FALSE(policy.check_file(id, {"secret/x/y", 1}));
  CHECK_FALSE(policy.check_file(id, {"b", 101}));
  CHECK(policy.check_file(id, {"model.safetensors", 100}));
}

TEST_CASE("policy: files that let a repo in must be all of it", "[daemon][mirror][policy]") {
  const auto policy = policy_of(R"(
    [[rule]]
    name = "weights"
    action = "allow"
    files = ["*.safetensors", "*.json"]
    [[rule]]
    name = "rest"
    action = "deny"
  )");
  Card card;
  CHECK(policy.check(repo("a", {{"x/m.safetensors", 1}, {"c.json", 1}}), card.fn()));
  CHECK_FALSE(policy.check(repo("a", {{"m.safetensors", 1}, {"m.bin", 1}}), card.fn()));
}

TEST_CASE("policy: what is no policy names its line", "[daemon][mirror][policy]") {
  const auto* text =
      GENERATE("rule = 3", "[[rule]]\nname = \"a\"", "[[rule]]\naction = \"deny\"",
               "[[rule]]\nname = \"a\"\naction = \"maybe\"",
               "[[rule]]\nname = \"a\"\naction = \"deny\"\ncolour = 1",
               "[[rule]]\nname = \"a\"\naction = \"deny\"\norgs = \"x\"",
               "[[rule]]\nname = \"a\"\naction = \"deny\"\norgs = []",
               "[[rule]]\nname = \"a\"\naction = \"deny\"\ntypes = [\"car\"]",
               "[[rule]]\nname = \"a\"\naction = \"deny\"\nlicence_classes = [\"x\"]",
               "[[rule]]\nname = \"a\"\naction = \"deny\"\nfile_bytes_over = -1",
               "[[rule]]\nname = \"a\"\naction = \"leave_out\"",
               "[[rule]]\nname = \"a\"\naction = \"leave_out\"\npickle = true\n"
               "licences = [\"mit\"]",
               "[[rule]");
  CAPTURE(text);
  const auto made = MirrorPolicy::parse(text, "policy.toml");
  REQUIRE_FALSE(made);
  CHECK(made.error().code == Errc::invalid_argument);
  CHECK(made.error().what.starts_with("policy.toml:"));
  CHECK_FALSE(MirrorPolicy::load("/no/such/file"));
}

TEST_CASE("policy: what may run code when it is loaded", "[daemon][mirror][policy]") {
  for (const auto* name : {"a.bin", "x/b.PT", "c.ckpt", "d.pkl", "e.joblib", "f.pth"})
    CHECK(is_pickle(name));
  for (const auto* name : {"a.safetensors", "b.gguf", "bin", "c.bin.json"})
    CHECK_FALSE(is_pickle(name));
}
