#include "daemon/auth/secrets/hub_key.h"

#include <cstdlib>
#include <fstream>
#include <limits>
#include <sstream>

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "tests/daemon/hub_fixture.h"
#include "tests/protocol/certificate/sample.h"

using namespace waag;
using namespace waag::daemon;
using waag::certificate::testing::sample_certificate;
using waag::daemon::testing::HubFixture;
using waag::testing::SeededRandom;
using waag::testing::TempFolder;

namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("hub_key: drawn at first need, and kept", "[daemon][hub_key]") {
  TempFolder folder;
  const auto path = folder.path() / "hub.key";
  SeededRandom random{3};
  HubKey key(folder.path(), random);
  CHECK_FALSE(std::filesystem::exists(path));
  const auto known = key.public_key();
  REQUIRE(known);
  struct stat info{};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0600);
  CHECK_FALSE(std::filesystem::exists(path.string() + ".new"));
  CHECK(public_key_of(*certificate::parse_private_pem(text_of(path))) == *known);

  const auto signature = key.sign(as_bytes("bytes"));
  REQUIRE(signature);
  CHECK(is_signed_by(*known, as_bytes("bytes"), *signature));
  HubKey after_a_restart(folder.path(), random);
  CHECK(*after_a_restart.public_key() == *known);
  SeededRandom another{4};
  TempFolder elsewhere;
  CHECK_FALSE(*HubKey(elsewhere.path(), another).public_key() == *known);
}

TEST_CASE("hub_key: a file that is not right stays as it is", "[daemon][hub_key]") {
  TempFolder folder;
  const auto path = folder.path() / "hub.key";
  SeededRandom random{3};
  REQUIRE(HubKey(folder.path(), random).public_key());
  const auto good = text_of(path);
  HubKey key(folder.path(), random);

  SECTION("damaged") {
    const std::vector<std::string> texts = {
        "", "key", good.substr(0, 80),
        to_pem(public_key_of(*certificate::parse_private_pem(good)))};
    const auto text = texts[GENERATE(0u, 1u, 2u, 3u)];
    std::ofstream(path, std::ios::trunc) << text;
    for (const auto& failed : {key.public_key().error(), key.sign(as_bytes("x")).error()}) {
      CHECK(failed.code == Errc::corrupt);
      CHECK(failed.what.find("hub.key is damaged") != std::string::npos);
      CHECK(failed.what.find("BEGIN") == std::string::npos);
    }
    CHECK(text_of(path) == text);
  }
  SECTION("open to others") {
    const auto mode = GENERATE(0604, 0640, 0620);
    REQUIRE(::chmod(path.c_str(), static_cast<mode_t>(mode)) == 0);
    const auto refused = key.public_key();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::corrupt);
    CHECK(refused.error().what.find("chmod 600") != std::string::npos);
    CHECK(text_of(path) == good);
  }
  // Nothing is remembered of it.
  std::ofstream(path, std::ios::trunc) << good;
  REQUIRE(::chmod(path.c_str(), 0600) == 0);
  CHECK(key.public_key());
}

TEST_CASE("hub_key: a folder that cannot be written", "[daemon][hub_key]") {
  TempFolder folder;
  SeededRandom random{3};
  HubKey key(folder.path() / "none", random);
  CHECK_FALSE(key.public_key());
  std::filesystem::create_directory(folder.path() / "none");
  CHECK(key.public_key());
}

TEST_CASE("hub_key: signs a certificate that is read as what it says", "[daemon][hub_key]") {
  TempFolder folder;
  SeededRandom random{3};
  HubKey key(folder.path(), random);
  const auto made = key.sign(sample_certificate());
  REQUIRE(made);
  const auto signature = certificate::Signature::from(as_bytes(made->signature));
  REQUIRE(signature);
  CHECK(is_signed_by(*key.public_key(), as_bytes(made->text), *signature));
  const auto read = certificate::parse_certificate(made->text);
  REQUIRE(read);
  auto expected = sample_certificate();
  expected.key = *key.public_key();
  CHECK(*read == expected);

  auto wrong = sample_certificate();
  wrong.figures.kld_mean = std::numeric_limits<double>::quiet_NaN();
  CHECK(key.sign(wrong).error().code == Errc::internal);
  wrong = sample_certificate();
  wrong.output_files[0].path = "../x";
  CHECK(key.sign(wrong).error().code == Errc::internal);
  wrong = sample_certificate();
  wrong.cpu = "\xff";
  CHECK(key.sign(wrong).error().code == Errc::internal);
}

TEST_CASE("hub_key: GET key", "[daemon][hub_key]") {
  HubFixture hub;
  const auto reply = hub.get("/api/waag/v1/key");
  REQUIRE(reply.status == 200);
  CHECK(reply.header("Content-Type") == "application/x-pem-file");
  CHECK(*certificate::parse_public_pem(reply.body) == *hub.app->hub_key->public_key());
  CHECK(hub.get("/api/waag/v1/key", hub.bob).body == reply.body);
  hub.config.auth.anonymous_read = false;
  CHECK(hub.get("/api/waag/v1/key").status == 401);
}

TEST_CASE("hub_key: GET key of a damaged file", "[daemon][hub_key]") {
  HubFixture hub;
  const auto path = std::filesystem::path(hub.config.store.data) / HubKey::file_name;
  std::ofstream(path) << "not for everybody";
  REQUIRE(::chmod(path.c_str(), 0600) == 0);
  const auto reply = hub.get("/api/waag/v1/key");
  CHECK(reply.status == 500);
  CHECK(reply.body.find("hub.key") == std::string::npos);
  hub.log.flush();
  CHECK(hub.log_text.find("hub.key is damaged") != std::string::npos);
  CHECK(hub.log_text.find("not for everybody") == std::string::npos);
}

TEST_CASE("hub_key: openssl takes its signatures, and its files", "[daemon][hub_key]") {
  TempFolder folder;
  SeededRandom random{3};
  HubKey key(folder.path(), random);
  const auto made = key.sign(sample_certificate());
  REQUIRE(made);
  const auto write = [&](const char* name, const std::string& text) {
    std::ofstream(folder.path() / name, std::ios::binary) << text;
  };
  write("c.json", made->text);
  write("c.json.sig", made->signature);
  write("hub.pem", to_pem(*key.public_key()));
  const auto openssl = [&](const std::string& arguments) {
    const auto command = "cd '" + folder.path().string() + "' && timeout 20 openssl " + arguments;
    return std::system((command + " >/dev/null 2>&1").c_str());
  };
  const std::string check = "pkeyutl -verify -pubin -inkey hub.pem -rawin -sigfile c.json.sig -in ";
  CHECK(openssl(check + "c.json") == 0);
  CHECK(openssl(check + "hub.pem") != 0);
  CHECK(openssl("pkeyutl -sign -inkey hub.key -rawin -in c.json -out again.sig") == 0);
  CHECK(text_of(folder.path() / "again.sig") == made->signature);
}
