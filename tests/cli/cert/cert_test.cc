#include <fstream>

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "protocol/hash.h"
#include "tests/cli/cert/signed_sample.h"
#include "tests/cli/fake_http.h"
#include "tests/support/temp_folder.h"

using namespace waag;
using namespace waag::cli;
using namespace waag::cli::testing;
using waag::certificate::testing::sample_certificate;
using waag::testing::TempFolder;

namespace {

namespace json = boost::json;

const std::string weights = "the weights";
const HttpReply info{200, R"({"sha":")" + std::string(40, 'c') + R"("})", ""};
const HttpReply key{200, to_pem(public_key_of(hub_seed)), ""};

certificate::Certificate of_weights(const std::string& target = "gguf:Q4_K_M") {
  auto of = sample_certificate();
  of.target = target;
  of.output_files = {{"m.gguf", sha256(as_bytes(weights)), weights.size()}};
  return of;
}

std::string file_row(const std::string& path) {
  return R"({"type":"file","path":")" + path + R"(","size":1})";
}

/// Of a repo with a certificate for each target.
HttpReply tree(const std::vector<std::string>& targets = {"Q4_K_M"},
               const std::string& content = weights) {
  std::string rows = R"([{"type":"file","path":"m.gguf","size":)" + std::to_string(content.size()) +
                     R"(,"lfs":{"size":)" + std::to_string(content.size()) + R"(,"oid":")" +
                     sha256(as_bytes(content)).hex() + "\"}}";
  for (const auto& target : targets)
    rows += "," + file_row("certificates/" + target + ".json") + "," +
            file_row("certificates/" + target + ".json.sig");
  return {200, rows + "]", ""};
}

std::deque<HttpReply> verified(const SignedText& made, const HttpReply& files = tree()) {
  return {info, files, key, {200, made.text, ""}, {200, made.signature, ""}};
}

}  // namespace

TEST_CASE("cert verify: one that holds", "[cli][cert]") {
  const auto made = signed_by(hub_seed, of_weights());
  const auto ran = run_with({"cert", "verify", "ada/tiny-GGUF"}, verified(made));
  CHECK(ran.err == "");
  CHECK(ran.code == exit_ok);
  CHECK(ran.out ==
        "certificates/Q4_K_M.json: gguf:Q4_K_M of ada/tiny at "
        "0123456789abcdef0123456789abcdef01234567, verdict warn\n  m.gguf  11 B  " +
            sha256(as_bytes(weights)).hex() +
            "\nsigned by ed25519:" + public_key_of(hub_seed).hex() +
            ", the key of http://127.0.0.1:8080; all files are as certified, at " +
            std::string(40, 'c') + "\n");
  CHECK(ran.seen.at(2).url == "http://127.0.0.1:8080/api/waag/v1/key");
  CHECK(ran.seen.at(4).url.ends_with("/certificates/Q4_K_M.json.sig"));

  const auto told =
      json::parse(run_with({"--json", "cert", "verify", "ada/tiny-GGUF@v1"}, verified(made)).out);
  CHECK(told.at("ok") == true);
  CHECK(told.at("repo") == "ada/tiny-GGUF");
  CHECK(told.at("commit").as_string() == std::string(40, 'c'));
  const auto& row = told.at("certificates").at(0);
  CHECK(row.at("target") == "gguf:Q4_K_M");
  CHECK(row.at("verdict") == "warn");
  CHECK(row.at("problems").as_array().empty());
  CHECK(row.at("files").at(0).at("path") == "m.gguf");
  CHECK(told.at("uncertified").as_array().empty());
}

TEST_CASE("cert verify: one that does not hold", "[cli][cert]") {
  const auto made = signed_by(hub_seed, of_weights());
  const auto refused = [](const std::deque<HttpReply>& replies, const std::string& why) {
    const auto ran = run_with({"cert", "verify", "ada/tiny-GGUF"}, replies);
    CHECK(ran.code == exit_refused);
    CHECK(ran.out == "");
    CHECK_THAT(ran.err, Catch::Contains("waag: certificates/Q4_K_M.json: ") &&
                            Catch::Contains(why) &&
                            Catch::Contains("note: m.gguf is of no certificate that holds"));
    const auto told = json::parse(run_with({"--json", "cert", "verify", "ada/b"}, replies).out);
    CHECK(told.at("ok") == false);
    CHECK(told.at("certificates").at(0).at("ok") == false);
    CHECK(told.at("certificates").at(0).at("problems").as_array().size() == 1);
    CHECK(told.at("uncertified").at(0) == "m.gguf");
  };
  refused(verified(made, tree({"Q4_K_M"}, "the Weights")), "m.gguf: its SHA-256 is");
  refused(verified(made, tree({"Q4_K_M"}, "more weights")), "m.gguf: has 12 bytes, not 11");
  refused(verified(signed_by(other_seed, of_weights())), "it is by another key");
  auto changed = made;
  changed.text.replace(changed.text.find("\"warn\""), 6, "\"pass\"");
  refused(verified(changed), "its signature is not that of");
  refused({info,
           {200,
            tree({}).body.substr(0, tree({}).body.size() - 1) + "," +
                file_row("certificates/Q4_K_M.json") + "]",
            ""},
           key,
           {200, made.text, ""}},
          "there is no signature beside it");
}

TEST_CASE("cert verify: of one target, of none", "[cli][cert]") {
  const auto of_q8 = signed_by(hub_seed, of_weights("gguf:Q8_0"));
  const auto files = tree({"Q4_K_M", "Q8_0"});
  const auto one = run_with({"cert", "verify", "ada/b", "gguf:q8_0"}, verified(of_q8, files));
  CHECK(one.code == exit_ok);
  CHECK(one.seen.size() == 5);
  CHECK(one.seen.at(3).url.ends_with("/certificates/Q8_0.json"));

  auto both = verified(signed_by(other_seed, of_weights()), files);
  both.push_back({200, of_q8.text, ""});
  both.push_back({200, of_q8.signature, ""});
  const auto all = run_with({"cert", "verify", "ada/b"}, both);
  CHECK(all.code == exit_refused);
  CHECK_THAT(all.out, Catch::StartsWith("certificates/Q8_0.json: gguf:Q8_0"));
  CHECK_THAT(all.err, Catch::Contains("Q4_K_M.json: it is by another key"));

  // Of the other certificates nothing is known, so of other weights nothing is said.
  auto other = of_weights("gguf:Q8_0");
  other.output_files[0].path = "tiny-Q8_0.gguf";
  const auto of_other = signed_by(hub_seed, other);
  auto rows = tree({"Q4_K_M", "Q8_0"});
  rows.body.insert(1,
                   R"({"type":"file","path":"tiny-Q8_0.gguf","size":11,"lfs":{"size":11,"oid":")" +
                       sha256(as_bytes(weights)).hex() + "\"}},");
  const auto quiet = run_with({"cert", "verify", "ada/b", "Q8_0"}, verified(of_other, rows));
  CHECK(quiet.code == exit_ok);
  CHECK(quiet.err == "");
  const auto named = json::parse(
      run_with({"--json", "cert", "verify", "ada/b", "Q8_0"}, verified(of_other, rows)).out);
  CHECK(named.at("ok") == true);
  CHECK_FALSE(named.as_object().contains("uncertified"));
  const auto no_f16 = run_with({"--json", "cert", "verify", "ada/b", "F16"}, {info, rows});
  CHECK_FALSE(json::parse(no_f16.out).as_object().contains("uncertified"));

  const auto none = run_with({"cert", "verify", "ada/b", "F16"}, {info, files});
  CHECK(none.code == exit_refused);
  CHECK(none.err == "waag: ada/b has no certificate of F16\n");
  const auto told = run_with({"--json", "cert", "verify", "ada/b"}, {info, tree({})});
  CHECK(told.code == exit_refused);
  CHECK(json::parse(told.out).at("ok") == false);
  CHECK(told.err == "waag: ada/b has no certificate\n");
}

TEST_CASE("cert verify: by a key and against a folder of one's own", "[cli][cert]") {
  TempFolder folder;
  const auto pem = (folder.path() / "hub.pem").string();
  std::ofstream(pem) << to_pem(public_key_of(other_seed));
  std::ofstream(folder.path() / "m.gguf") << weights;
  const auto made = signed_by(other_seed, of_weights());
  // What the repo has now does not matter then.
  const std::deque<HttpReply> replies = {
      info, tree({"Q4_K_M"}, "another"), {200, made.text, ""}, {200, made.signature, ""}};
  const std::vector<std::string> args = {
      "cert", "verify", "ada/b", "--key", pem, "--folder", folder.path().string()};
  const auto ran = run_with(args, replies);
  CHECK(ran.err == "");
  CHECK(ran.code == exit_ok);
  CHECK_THAT(ran.out, Catch::Contains("the key in " + pem) &&
                          Catch::EndsWith("as certified, in " + folder.path().string() + "\n"));
  CHECK(ran.seen.size() == 4);
  std::ofstream(folder.path() / "m.gguf") << "the Weights";
  CHECK_THAT(run_with(args, replies).err, Catch::Contains("m.gguf: its SHA-256 is"));
  std::ofstream(pem, std::ios::trunc) << "no key";
  CHECK_THAT(run_with(args, replies).err, Catch::Contains("not an Ed25519 key"));
  std::filesystem::remove(pem);
  CHECK_THAT(run_with(args, replies).err, Catch::Contains("cannot read"));
}

TEST_CASE("cert verify: what else is in the folder", "[cli][cert]") {
  TempFolder folder;
  const auto root = folder.path() / "tiny";
  std::filesystem::create_directories(root / "d");
  std::ofstream(root / "m.gguf") << weights;
  std::ofstream(root / "model-x.safetensors") << "others";
  std::ofstream(root / "d/m.gguf") << weights;
  std::ofstream(root / "README.md") << "words";
  const auto made = signed_by(hub_seed, of_weights());
  // The repo has weights that the folder has not: nobody asked.
  auto files = tree();
  files.body.insert(1, file_row("another.gguf") + ",");
  const std::vector<std::string> args = {"cert", "verify", "ada/b", "--folder",
                                         root.string() + "/"};
  const auto ran = run_with(args, verified(made, files));
  CHECK(ran.code == exit_ok);
  CHECK(ran.err ==
        "note: d/m.gguf is of no certificate that holds\n"
        "note: model-x.safetensors is of no certificate that holds\n");
  const auto told_of = [&](std::vector<std::string> all, const std::deque<HttpReply>& replies) {
    all.insert(all.begin(), "--json");
    return json::parse(run_with(all, replies).out).as_object();
  };
  CHECK(told_of(args, verified(made, files)).at("uncertified") ==
        json::value(json::array{"d/m.gguf", "model-x.safetensors"}));
  CHECK(told_of(args, {info, tree({})}).at("uncertified") ==
        json::value(json::array{"d/m.gguf", "m.gguf", "model-x.safetensors"}));

  auto of_one = args;
  of_one.insert(of_one.begin() + 3, "Q4_K_M");
  CHECK(run_with(of_one, verified(made, files)).err == "");
  CHECK_FALSE(told_of(of_one, verified(made, files)).contains("uncertified"));

  std::filesystem::remove_all(root);
  const auto gone = run_with(args, verified(made, files));
  CHECK(gone.code == exit_refused);
  CHECK_THAT(gone.err, Catch::StartsWith("waag: cannot list " + root.string()));
}

TEST_CASE("cert verify: a hub that does not answer, or knows no key", "[cli][cert]") {
  CHECK(run_with({"cert", "verify", "b"}).code == exit_usage);
  CHECK(run_with({"cert"}).code == exit_usage);
  CHECK(run_with({"cert", "verify", "ada/b"}).code == exit_unreachable);
  CHECK(run_with({"cert", "verify", "ada/b"}, {info, tree()}).code == exit_unreachable);
  const auto old = run_with({"cert", "verify", "ada/b"}, {info, tree(), {404, "", ""}});
  CHECK(old.code == exit_refused);
  const auto made = signed_by(hub_seed, of_weights());
  CHECK(run_with({"cert", "verify", "ada/b"}, {info, tree(), key, {200, made.text, ""}}).code ==
        exit_unreachable);
}

TEST_CASE("cert show: for people and for programs", "[cli][cert]") {
  const auto first = text_of(of_weights());
  const auto second = text_of(of_weights("gguf:Q8_0"));
  const std::deque<HttpReply> replies = {
      info, tree({"Q4_K_M", "Q8_0"}), {200, first, ""}, {200, second, ""}};
  const auto shown = run_with({"cert", "show", "ada/b"}, replies);
  CHECK(shown.code == exit_ok);
  CHECK_THAT(shown.out, Catch::StartsWith("target      gguf:Q4_K_M\n") &&
                            Catch::Contains("\n\ntarget      gguf:Q8_0\n"));
  const auto list = json::parse(run_with({"--json", "cert", "show", "ada/b"}, replies).out);
  CHECK(list.as_array().size() == 2);
  CHECK(list.at(1).at("output").at("target") == "gguf:Q8_0");
  CHECK(run_with({"--json", "cert", "show", "ada/b", "Q4_K_M"}, replies).out == first);
  const auto one = run_with({"--json", "cert", "show", "ada/b", "Q8_0"},
                            {info, tree({"q8_0", "Q8_0"}), {200, second, ""}, {200, first, ""}});
  CHECK(one.out == second);
  CHECK(one.seen.at(2).url.ends_with("/certificates/Q8_0.json"));
  CHECK(run_with({"cert", "show", "ada/b"}, {info, tree({})}).code == exit_refused);
  const auto broken = run_with({"cert", "show", "ada/b"}, {info, tree(), {200, "{}", ""}});
  CHECK(broken.code == exit_refused);
  CHECK_THAT(broken.err, Catch::Contains("certificates/Q4_K_M.json: certificate: no member"));
}
