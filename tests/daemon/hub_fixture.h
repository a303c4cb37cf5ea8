#pragma once

#include <map>
#include <memory>
#include <string>

#include <boost/json/value.hpp>
#include <catch2/catch.hpp>

#include "daemon/app.h"
#include "daemon/auth/authenticator.h"
#include "daemon/auth/token.h"
#include "daemon/observe/log.h"
#include "daemon/observe/metrics.h"
#include "tests/support/store_workload.h"
#include "tests/support/temp_folder.h"

/// A whole hub without sockets: a real store in a folder of its own, the real guard, router and
/// gate; only the connection is missing. What must work is REQUIREd here.
namespace waag::daemon::testing {

using waag::testing::SeededRandom;
using waag::testing::TempFolder;
using waag::testing::TestClock;

/// A body that comes in pieces, and may end too early.
class FakeBody final : public BodyReader {
 public:
  explicit FakeBody(std::string text, std::size_t piece_bytes = 64 * 1024)
      : text_(std::move(text)), piece_bytes_(piece_bytes) {}
  std::optional<std::uint64_t> declared;  // Content-Length
  std::size_t cut_at = std::string::npos;

  [[nodiscard]] std::optional<std::uint64_t> length() const override { return declared; }
  Task<Result<std::size_t>> read(std::span<std::byte> buffer) override {
    if (at_ >= cut_at) co_return fail(Errc::invalid_argument, "the connection ended");
    const auto size = std::min({buffer.size(), piece_bytes_, text_.size() - at_});
    std::memcpy(buffer.data(), text_.data() + at_, size);
    at_ += size;
    co_return size;
  }
  Task<Result<std::string>> read_all(std::size_t bytes_max) override {
    if (text_.size() > bytes_max) co_return fail(Errc::too_large, "body too large");
    co_return text_;
  }

 private:
  std::string text_;
  std::size_t piece_bytes_;
  std::size_t at_ = 0;
};

struct Reply {
  unsigned status = 0;
  Headers headers;
  std::string body;
  std::optional<std::uint64_t> content_length;
  mutable std::shared_ptr<boost::json::value> parsed;  // by json()

  [[nodiscard]] std::string header(std::string_view name) const {
    return std::string(headers.get(name).value_or(""));
  }
  /// Lives as long as the reply.
  [[nodiscard]] const boost::json::value& json() const;
  [[nodiscard]] std::string error() const { return std::string(json().at("error").as_string()); }
};

/// One request; headers as "Name: value\r\n" lines.
struct Ask {
  std::string method = "GET";
  std::string target;
  std::string token;
  std::string body;
  std::string headers;
  std::shared_ptr<FakeBody> stream;  // instead of `body`
};

class HubFixture {
 public:
  HubFixture();
  ~HubFixture();
  HubFixture(const HubFixture&) = delete;
  HubFixture& operator=(const HubFixture&) = delete;

  void make_user(const std::string& name, bool admin = false);
  void make_service(const std::string& name);
  std::string make_token(const std::string& user, storage::TokenRole role,
                         std::optional<storage::TimeMs> expires = std::nullopt);
  std::string make_fine_token(const std::string& user, std::vector<storage::TokenScope> scopes);
  void make_org(const std::string& name, const std::string& admin);

  /// Through guard, router and gate, as a session would.
  Reply ask(Ask ask);
  Reply get(std::string target, std::string token = "", std::string headers = "") {
    return ask({"GET", std::move(target), std::move(token), "", std::move(headers), nullptr});
  }
  Reply head(std::string target, std::string token = "", std::string headers = "") {
    return ask({"HEAD", std::move(target), std::move(token), "", std::move(headers), nullptr});
  }
  Reply post(std::string target, std::string token, std::string body, std::string headers = "") {
    return ask({"POST", std::move(target), std::move(token), std::move(body), std::move(headers),
                nullptr});
  }

  /// POST repos/create by ada, unless told otherwise.
  void make_repo(const std::string& name, bool hidden = false, const std::string& token = "");
  static std::string header_line(const std::string& summary, const std::string& parent = "");
  static std::string file_line(const std::string& path, const std::string& content);
  static std::string lfs_line(const std::string& path, const std::string& content);
  static BlobId oid(const std::string& content) { return sha256(as_bytes(content)); }

  Reply commit(const std::string& repo, const std::string& lines, const std::string& rev = "main",
               const std::string& token = "");
  /// A commit that must work. @return its id
  std::string committed(const std::string& repo, const std::string& lines,
                        const std::string& rev = "main");
  /// Through batch and PUT, by `token`, as clients do.
  void upload(const std::string& repo, const std::string& content, const std::string& token = "");
  Reply batch(const std::string& repo, const std::string& operation, const std::string& content,
              const std::string& token, const std::string& transfers = R"(["basic"])");
  /// The store is told that it cannot read a file of one chunk, or a small regular file, any more.
  void note_damage(const std::string& content);
  /// Without "http://hub:8080", which every URL of a reply must begin with.
  static std::string path_of(const std::string& href);

  inline static const std::string href_key = std::string(32, 'k');

  TempFolder folder;
  TestClock clock;
  SeededRandom random{7};
  std::unique_ptr<storage::FileSystem> files;
  std::unique_ptr<storage::Store> store;
  Config config;
  asio::thread_pool pool{2};
  std::unique_ptr<Authenticator> auth;
  std::string log_text;
  Metrics metrics;
  Log log;
  std::unique_ptr<App> app;
  std::string ada, ada_read, bob, root;  // tokens

 private:
  std::string put_token(const std::string& user, storage::TokenRow row);
};

}  // namespace waag::daemon::testing
