#include "daemon/convert/child/converter_run.h"

#include <fstream>

#include <catch2/catch.hpp>

#include "tests/support/temp_folder.h"

using namespace waag;
using namespace waag::daemon;

namespace {

struct Converter {
  waag::testing::TempFolder folder;
  Config::Convert config;
  ConverterSaid said;
  std::vector<std::string> lines;
  std::stop_source stop;

  Status run(const std::string& script) {
    config.program = (folder.path() / "program").string();
    std::ofstream(config.program) << "#!/bin/sh\n" << script << '\n';
    std::filesystem::permissions(config.program, std::filesystem::perms::owner_all);
    ChildOptions options;
    options.folder = folder.path();
    options.arguments = {"--fast"};
    const auto take = [this](std::string_view line) {
      said.done = said.done || line == "done";
      if (line.starts_with("no: ")) said.refusal = line.substr(4);
      lines.emplace_back(line);
      return ok();
    };
    return run_converter_program(config, options, stop.get_token(), take, said);
  }
};

}  // namespace

TEST_CASE_METHOD(Converter, "converter run: done", "[daemon][convert]") {
  REQUIRE(run("echo $1; echo done"));
  CHECK(lines == std::vector<std::string>{"--fast", "done"});
}

TEST_CASE_METHOD(Converter, "converter run: how else it ends", "[daemon][convert]") {
  const auto [script, code, what] = GENERATE(table<const char*, Errc, const char*>(
      {{"exit 0", Errc::unprocessable, "the converter ended before it was done"},
       {"echo done; exit 2", Errc::internal, "the converter does not take the job: "},
       {"echo no: never; exit 3", Errc::unprocessable, "never"},
       {"exit 3", Errc::unprocessable, "the converter refused the source"},
       {"echo no: full; exit 4", Errc::unavailable, "the converter could not read or write: full"},
       {"echo oops >&2; exit 9", Errc::internal, "the converter crashed with code 9: oops"},
       {"kill -9 $$", Errc::internal, "the converter crashed by signal 9"}}));
  CAPTURE(script);
  const auto end = run(script);
  REQUIRE_FALSE(end);
  CHECK(end.error().code == code);
  CHECK(end.error().what == what);
}

TEST_CASE_METHOD(Converter, "converter run: without a program, or time", "[daemon][convert]") {
  config.time_max_s = 0;
  CHECK(run("exec sleep 1000").error().what.find("convert.time_max_s") != std::string::npos);
  config.program = (folder.path() / "absent").string();
  const auto end = run_converter_program(
      config, {}, stop.get_token(), [](std::string_view) { return ok(); }, said);
  CHECK(end.error().code == Errc::internal);
  CHECK(end.error().what.starts_with("there is no converter: "));
  config.threads = 3;
  CHECK(converter_threads(config) == 3);
  config.threads = 0;
  CHECK(converter_threads(config) > 0);
}
