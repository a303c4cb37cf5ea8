#include "daemon/config_load.h"

#include <catch2/catch.hpp>

namespace waag::daemon {

TEST_CASE("config_load: file, then environment, then flag; origins are kept", "[daemon][config]") {
  LoadedConfig loaded;
  REQUIRE(
      loaded.apply_file("[server]\nlisten = \"127.0.0.1:1\"\nthreads = 3\n[auth]\n"
                        "anonymous_read = false\n",
                        "waag.toml"));
  CHECK(loaded.config.server.listen == "127.0.0.1:1");
  CHECK_FALSE(loaded.config.auth.anonymous_read);
  REQUIRE(loaded.apply_environment({{"WAAG_SERVER__LISTEN", "127.0.0.1:2"}, {"HOME", "x"}}));
  CHECK(loaded.config.server.listen == "127.0.0.1:2");
  REQUIRE(loaded.set("server.listen", "127.0.0.1:3", "--listen"));
  CHECK(loaded.config.server.listen == "127.0.0.1:3");
  const auto text = print_config(loaded);
  CHECK(text.find("listen = \"127.0.0.1:3\"  # --listen\n") != std::string::npos);
  CHECK(text.find("threads = 3  # waag.toml:3\n") != std::string::npos);
  CHECK(text.find("drain_s = 30  # default\n") != std::string::npos);
}

TEST_CASE("config_load: what --print-config shows can be read back", "[daemon][config]") {
  LoadedConfig loaded;
  CHECK(loaded.apply_file(print_config({}), "again.toml"));
  CHECK(print_config(loaded).find("# default") == std::string::npos);
}

TEST_CASE("config_load: unknown keys name the line and the nearest key", "[daemon][config]") {
  LoadedConfig loaded;
  const auto file = loaded.apply_file("[server]\n\nlistn = \"a\"\n", "waag.toml");
  REQUIRE_FALSE(file);
  CHECK(file.error().what == "waag.toml:3: unknown key server.listn; did you mean server.listen?");
  const auto variable = loaded.apply_environment({{"WAAG_LOG__LEVL", "info"}});
  REQUIRE_FALSE(variable);
  CHECK(variable.error().what == "WAAG_LOG__LEVL: unknown key log.levl; did you mean log.level?");
  CHECK(loaded.apply_environment({{"WAAG_ENDPOINT", "x"}, {"WAAG_TOKEN", "x"}}));
}

TEST_CASE("config_load: values of the wrong kind are refused", "[daemon][config]") {
  const std::string toml =
      GENERATE("[server]\nthreads = \"2\"", "[server]\nthreads = -1", "[server]\nthreads = 1.5",
               "[server]\ninsecure = 1", "[server]\nlisten = 8080", "server = 1", "[server\n");
  CAPTURE(toml);
  LoadedConfig loaded;
  const auto done = loaded.apply_file(toml, "waag.toml");
  REQUIRE_FALSE(done);
  CHECK(done.error().code == Errc::invalid_argument);
  CHECK(done.error().what.find("waag.toml:") == 0);
}

TEST_CASE("config_load: decimals", "[daemon][config]") {
  LoadedConfig loaded;
  CHECK(print_config(loaded).find("limits_factor = 1.0  #") != std::string::npos);
  for (const auto* value : {"2", "1.5", "1e1"}) {
    REQUIRE(loaded.apply_file("[convert]\nlimits_factor = " + std::string(value), "x.toml"));
    CHECK(loaded.config.convert.limits_factor == std::stod(value));
    CHECK(loaded.check());
  }
  for (const auto* value : {"inf", "nan", "-1.0", "-0.0", "\"1\"", "true"})
    CHECK_FALSE(loaded.apply_file("[convert]\nlimits_factor = " + std::string(value), "x.toml"));
  for (const auto* value : {"0", "0.009", "101"}) {
    REQUIRE(loaded.set("convert.limits_factor", value, "--x"));
    CHECK_FALSE(loaded.check());
  }
  REQUIRE(loaded.set("convert.limits_factor", "1", "--x"));
  for (const auto* value : {"0", "2049"}) {
    REQUIRE(loaded.set("convert.validate_chunks", value, "--x"));
    CHECK_FALSE(loaded.check());
  }
}

TEST_CASE("config_load: a public address needs TLS or insecure", "[daemon][config]") {
  LoadedConfig loaded;
  CHECK(loaded.check());
  loaded.config.server.listen = "0.0.0.0:8080";
  CHECK_FALSE(loaded.check());
  loaded.config.server.insecure = true;
  CHECK(loaded.check());
  loaded.config.server.insecure = false;
  loaded.config.server.tls_certificate = "cert.pem";
  CHECK_FALSE(loaded.check());
  loaded.config.server.tls_key = "key.pem";
  CHECK(loaded.check());
  loaded.config.log.level = "loud";
  CHECK_FALSE(loaded.check());
}

TEST_CASE("config_load: every setting is in the document", "[daemon][config]") {
  const auto text = config_document();
  for (const Setting& row : settings()) {
    CHECK(text.find("| `" + std::string(row.key) + "` |") != std::string::npos);
    CHECK(text.find(environment_name(row.key)) != std::string::npos);
  }
  CHECK(environment_name("server.tls_key") == "WAAG_SERVER__TLS_KEY");
}

TEST_CASE("config_load: what is made by conversions needs a name of its own", "[daemon][config]") {
  LoadedConfig loaded;
  CHECK(loaded.check());
  for (const auto* suffix : {"", "-", " x", "/x", ".git"}) {
    CAPTURE(suffix);
    REQUIRE(loaded.set("convert.gguf_suffix", suffix, "flag"));
    CHECK_FALSE(loaded.check());
  }
  REQUIRE(loaded.set("convert.gguf_suffix", "-gguf", "flag"));
  CHECK(loaded.check());
  REQUIRE(loaded.set("convert.time_max_s", "0", "flag"));
  CHECK_FALSE(loaded.check());
  REQUIRE(loaded.set("convert.time_max_s", "60", "flag"));
  REQUIRE(loaded.set("convert.device", "tpu", "flag"));
  CHECK_FALSE(loaded.check());
}

}  // namespace waag::daemon
