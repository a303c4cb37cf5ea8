#include "convert/pipeline/companions.h"

#include <filesystem>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "protocol/hash.h"
#include "tests/convert/io/faulty_output_folder.h"
#include "tests/convert/source/model_folder.h"

namespace waag::convert::testing {
namespace {

using waag::testing::ModelFolder;
using Texts = std::map<std::string, std::string>;

struct Written {
  Result<std::vector<std::string>> names;
  std::vector<std::string> lines;
};

Written write(const ModelFolder& source, const Texts& texts, FaultyOutputFolder& output) {
  Written written;
  Progress progress([&](std::string_view line) { written.lines.emplace_back(line); });
  written.names = write_companions("out/int8", source.path(), texts, output, progress);
  return written;
}

Texts contents(const FaultyOutputFolder& output) {
  Texts found;
  for (const auto& [name, content] : output.files) found[name] = content->durable;
  return found;
}

}  // namespace

TEST_CASE("companions: made texts, and the source's files beside them", "[convert][pipeline]") {
  ModelFolder source;
  source.write("tokenizer.json", "{}").write("merges.txt", std::string("a\0b", 3));
  source.write("generation_config.json", "").write("model.safetensors", "weights");
  source.write("README.md", "of the source").write("modeling_x.py", "import os");
  FaultyOutputFolder output;
  output.files["out/int8/merges.txt.part"] = std::make_shared<FaultyOutputFolder::Content>();
  output.files["out/int8/merges.txt.part"]->now = "longer, of an earlier run";
  const auto written = write(source, {{"config.json", "made"}}, output);
  REQUIRE(written.names);
  CHECK(contents(output) == Texts{{"out/int8/config.json", "made"},
                                  {"out/int8/generation_config.json", ""},
                                  {"out/int8/merges.txt", std::string("a\0b", 3)},
                                  {"out/int8/tokenizer.json", "{}"}});
  CHECK(*written.names ==
        std::vector<std::string>{"out/int8/config.json", "out/int8/generation_config.json",
                                 "out/int8/merges.txt", "out/int8/tokenizer.json"});
  REQUIRE(written.lines.size() == 4);
  const auto event = boost::json::parse(written.lines[0]).as_object();
  CHECK(event.at("event") == "file");
  CHECK(event.at("path") == "out/int8/config.json");
  CHECK(event.at("size") == 4);
  const auto expected = sha256(as_bytes(std::string_view("made"))).hex();
  CHECK(std::string_view(event.at("sha256").as_string()) == expected);
}

TEST_CASE("companions: a made text goes before the source's", "[convert][pipeline]") {
  ModelFolder source;
  source.write("generation_config.json", "source's");
  FaultyOutputFolder output;
  REQUIRE(write(source, {{"generation_config.json", "made"}}, output).names);
  CHECK(contents(output) == Texts{{"out/int8/generation_config.json", "made"}});
}

TEST_CASE("companions: a folder of a tokenizer's name is none", "[convert][pipeline]") {
  const ModelFolder source;
  std::filesystem::create_directory(source.path() / "tokenizer.json");
  FaultyOutputFolder output;
  const auto written = write(source, {}, output);
  REQUIRE(written.names);
  CHECK(written.names->empty());
}

TEST_CASE("companions: one that is too large is refused", "[convert][pipeline]") {
  ModelFolder source;
  source.write("vocab.json", "");
  std::filesystem::resize_file(source.path() / "vocab.json", (256 << 20) + 1);
  FaultyOutputFolder output;
  const auto written = write(source, {}, output);
  REQUIRE_FALSE(written.names);
  CHECK(written.names.error().code == Errc::unprocessable);
  CHECK(written.names.error().what.find("vocab.json") != std::string::npos);
  CHECK(output.files.empty());
}

TEST_CASE("companions: a disk that fails at any operation", "[convert][pipeline]") {
  ModelFolder source;
  source.write("tokenizer.json", "{}");
  const Texts texts{{"config.json", "made"}};
  FaultyOutputFolder whole;
  REQUIRE(write(source, texts, whole).names);
  for (std::uint64_t at = 0; at < whole.operations; ++at) {
    CAPTURE(at);
    FaultyOutputFolder output;
    output.fail_at = at;
    output.code = Errc::no_space;
    const auto written = write(source, texts, output);
    REQUIRE_FALSE(written.names);
    CHECK(written.names.error().code == Errc::no_space);
    output.lose_power();
    REQUIRE(write(source, texts, output).names);
    CHECK(contents(output) == contents(whole));
  }
}

}  // namespace waag::convert::testing
