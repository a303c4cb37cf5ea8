#include "daemon/command_line.h"

#include <catch2/catch.hpp>

namespace waag::daemon {

TEST_CASE("command_line: flags win over the environment", "[daemon][command_line]") {
  const auto line =
      parse_command_line({"--data", "here", "--listen", "127.0.0.1:0"},
                         {{"WAAG_STORE__DATA", "there"}, {"WAAG_LOG__LEVEL", "warn"}});
  REQUIRE(line);
  CHECK(line->command == Command::serve);
  CHECK(line->loaded.config.store.data == "here");
  CHECK(line->loaded.config.log.level == "warn");
  CHECK(line->loaded.origins.at("store.data") == "--data");
}

TEST_CASE("command_line: commands", "[daemon][command_line]") {
  const auto repair = parse_command_line({"fsck", "--repair", "--data", "d"}, {});
  REQUIRE(repair);
  CHECK(repair->command == Command::fsck);
  CHECK(repair->repair);
  CHECK(repair->loaded.config.store.data == "d");
  CHECK(parse_command_line({"--data", "d", "rebuild-index"}, {})->command ==
        Command::rebuild_index);
  CHECK(parse_command_line({"--print-api"}, {})->command == Command::print_api);
  CHECK(parse_command_line({"--print-config-doc"}, {})->command == Command::print_config_doc);
  const auto help = parse_command_line({"--help"}, {});
  CHECK(help->command == Command::done);
  CHECK(help->text.find("--listen") != std::string::npos);
}

TEST_CASE("command_line: what is refused", "[daemon][command_line]") {
  CHECK_FALSE(parse_command_line({"--no-such-flag"}, {}));
  CHECK_FALSE(parse_command_line({"--config", "no/such/file.toml"}, {}));
  CHECK_FALSE(parse_command_line({"--listen", "0.0.0.0:80"}, {}));
  CHECK(parse_command_line({"--listen", "0.0.0.0:80", "--insecure"}, {}));
  CHECK_FALSE(parse_command_line({"fsck", "rebuild-index"}, {}));
}

}  // namespace waag::daemon
