#include "tests/daemon/hub_fixture.h"

#include <boost/json/parse.hpp>

#include "daemon/auth/gate.h"
#include "daemon/http/request_context.h"
#include "protocol/git/object.h"
#include "protocol/xet/merkle.h"
#include "storage/meta/accounts/orgs.h"
#include "storage/meta/damage.h"
#include "storage/meta/tables/table.h"
#include "tests/daemon/run_task.h"

namespace waag::daemon::testing {
namespace {

/// On one thread from the beginning to the end, as a session reads it.
Task<Result<std::string>> read_all(StreamBody stream) {
  std::string text;
  std::vector<std::byte> block(4096);
  for (;;) {
    Result<std::size_t> read = std::size_t{0};
    if (stream.async)
      read = co_await stream.async->read(block);
    else
      read = stream.source->read(block);
    if (!read) co_return read.error();
    if (*read == 0) co_return text;
    text += as_text(ByteView(block).first(*read));
  }
}

Reply take(Response response) {
  Reply reply;
  reply.status = response.status;
  reply.headers = std::move(response.headers);
  reply.content_length = response.content_length;
  if (auto* text = std::get_if<std::string>(&response.body)) reply.body = std::move(*text);
  if (auto* blob = std::get_if<BlobBody>(&response.body)) {
    reply.body.resize(blob->bytes);
    std::size_t at = 0;
    while (at < reply.body.size()) {
      const auto rest = std::as_writable_bytes(std::span(reply.body)).subspan(at);
      const auto got = blob->blob->read(blob->offset + at, rest);
      if (!got) FAIL("read: " << got.error().what);
      REQUIRE(*got > 0);
      at += *got;
    }
  }
  if (auto* stream = std::get_if<StreamBody>(&response.body)) {
    auto body = run_task(read_all(*stream));
    if (!body) FAIL("read: " << body.error().what);
    reply.body = *std::move(body);
  }
  return reply;
}

}  // namespace

const boost::json::value& Reply::json() const {
  if (parsed) return *parsed;
  boost::system::error_code bad;
  parsed = std::make_shared<boost::json::value>(boost::json::parse(body, bad));
  INFO(body);
  REQUIRE_FALSE(bad);
  return *parsed;
}

HubFixture::HubFixture()
    : metrics(routes()),
      log(clock, {LogLevel::debug, false}, [this](auto text) { log_text += text; }) {
  files = storage::make_posix_file_system();
  config.store.data = (folder.path() / "data").string();
  auto opened =
      storage::Store::open(*files, clock, random, waag::testing::small_store(config.store.data));
  if (!opened) FAIL("open: " << opened.error().what);
  store = *std::move(opened);
  auth = std::make_unique<Authenticator>(*store, pool, clock);
  app = std::make_unique<App>(
      App{config, *store, pool, clock, random, *auth, metrics, log, href_key});
  make_user("ada");
  make_user("bob");
  make_user("root", /*admin=*/true);
  ada = make_token("ada", storage::TokenRole::write);
  ada_read = make_token("ada", storage::TokenRole::read);
  bob = make_token("bob", storage::TokenRole::write);
  root = make_token("root", storage::TokenRole::admin);
}

HubFixture::~HubFixture() {
  pool.join();
  app.reset();
  const auto closed = store->close();
  (void)closed;
}

void HubFixture::make_user(const std::string& name, bool admin) {
  storage::UserRow user;
  user.name = name;
  user.full_name = name + " Example";
  user.email = name + "@example.test";
  user.hub_admin = admin;
  user.created = clock.now();
  REQUIRE(store->add_user(user));
}

void HubFixture::make_service(const std::string& name) {
  storage::UserRow user;
  user.name = name;
  user.service = true;
  user.created = clock.now();
  REQUIRE(store->add_user(user));
}

void HubFixture::make_org(const std::string& name, const std::string& admin) {
  REQUIRE(store->orgs().add({name, "", storage::Visibility::open, clock.now()}, admin));
  auth->forget_all();
}

std::string HubFixture::make_token(const std::string& user, storage::TokenRole role,
                                   std::optional<storage::TimeMs> expires) {
  storage::TokenRow row;
  row.role = role;
  row.expires = expires;
  return put_token(user, row);
}

std::string HubFixture::make_fine_token(const std::string& user,
                                        std::vector<storage::TokenScope> scopes) {
  storage::TokenRow row;
  row.role = storage::TokenRole::fine_grained;
  row.scopes = std::move(scopes);
  return put_token(user, row);
}

std::string HubFixture::put_token(const std::string& user, storage::TokenRow row) {
  const auto minted = mint_token(random);
  row.public_id = minted.parts.public_id;
  row.secret_sha256 = minted.parts.secret_sha256;
  row.user = user;
  row.display_name = "test";
  row.created = clock.now();
  REQUIRE(store->put_token(row));
  return minted.text;
}

Reply HubFixture::ask(Ask ask) {
  auto text = ask.method + " " + ask.target + " HTTP/1.1\r\nHost: hub:8080\r\n" + ask.headers;
  if (!ask.token.empty()) text += "Authorization: Bearer " + ask.token + "\r\n";
  auto verdict = http::guard_request_head(text + "\r\n");
  if (!verdict) FAIL("guard: " << verdict.why << " in " << text);
  static const Router router(routes());
  auto inbound = make_request(router, *std::move(verdict.head), Peer{"127.0.0.1", false}, "");
  if (inbound.reply) return take(*std::move(inbound.reply));
  auto body = ask.stream;
  if (!body) {
    body = std::make_shared<FakeBody>(ask.body);
    body->declared = ask.body.size();
  }
  inbound.request.body = body;
  inbound.request.request_id = "test";
  return take(run_task(answer(*app, *inbound.route, std::move(inbound.request))));
}

void HubFixture::make_repo(const std::string& name, bool hidden, const std::string& token) {
  const auto body = R"({"name":")" + name + R"(","private":)" + (hidden ? "true" : "false") + "}";
  const auto reply = post("/api/repos/create", token.empty() ? ada : token, body);
  INFO(reply.body);
  REQUIRE(reply.status == 200);
}

Reply HubFixture::commit(const std::string& repo, const std::string& lines, const std::string& rev,
                         const std::string& token) {
  return post("/api/models/" + repo + "/commit/" + rev, token.empty() ? ada : token,
              header_line("Change files") + lines, "Content-Type: application/x-ndjson\r\n");
}

std::string HubFixture::committed(const std::string& repo, const std::string& lines,
                                  const std::string& rev) {
  const auto reply = commit(repo, lines, rev);
  INFO(reply.body);
  REQUIRE(reply.status == 200);
  return std::string(reply.json().at("commitOid").as_string());
}

void HubFixture::upload(const std::string& repo, const std::string& content,
                        const std::string& token) {
  const auto reply = batch(repo, "upload", content, token.empty() ? ada : token);
  INFO(reply.body);
  REQUIRE(reply.status == 200);
  const auto action = reply.json().at("objects").at(0).as_object();
  if (!action.contains("actions")) return;
  const auto href = std::string(action.at("actions").at("upload").at("href").as_string());
  const auto put = ask({"PUT", path_of(href), "", content, "", nullptr});
  INFO(put.body);
  REQUIRE(put.status == 200);
}

Reply HubFixture::batch(const std::string& repo, const std::string& operation,
                        const std::string& content, const std::string& token,
                        const std::string& transfers) {
  const auto body = R"({"operation":")" + operation + R"(","transfers":)" + transfers +
                    R"(,"objects":[{"oid":")" + oid(content).hex() + R"(","size":)" +
                    std::to_string(content.size()) + R"(}],"hash_algo":"sha256"})";
  return post("/" + repo + ".git/info/lfs/objects/batch", token, body,
              "Content-Type: application/vnd.git-lfs+json\r\n");
}

void HubFixture::note_damage(const std::string& content) {
  const auto bytes = as_bytes(content);
  for (const auto& key : {storage::keys::chunk(xet::chunk_hash(bytes)),
                          storage::keys::git_object(git::blob_id(bytes))}) {
    const auto at = storage::get_row(store->rows(), key, storage::decode_location);
    REQUIRE(at);
    if (*at) storage::note_damage(store->rows(), store->packs(), place_of(**at));
  }
  REQUIRE_FALSE(store->packs().damaged().empty());
}

std::string HubFixture::path_of(const std::string& href) {
  const std::string base = "http://hub:8080";
  INFO(href);
  REQUIRE(href.starts_with(base));
  return href.substr(base.size());
}

std::string HubFixture::header_line(const std::string& summary, const std::string& parent) {
  return R"({"key":"header","value":{"summary":")" + summary + R"(","description":"")" +
         (parent.empty() ? "" : R"(,"parentCommit":")" + parent + "\"") + "}}\n";
}

std::string HubFixture::file_line(const std::string& path, const std::string& content) {
  // "encoding" first: behind a long content base64 is taken for granted.
  return R"({"key":"file","value":{"path":")" + path + R"(","encoding":"utf-8","content":")" +
         content + "\"}}\n";
}

std::string HubFixture::lfs_line(const std::string& path, const std::string& content) {
  return R"({"key":"lfsFile","value":{"path":")" + path + R"(","algo":"sha256","oid":")" +
         oid(content).hex() + R"(","size":)" + std::to_string(content.size()) + "}}\n";
}

}  // namespace waag::daemon::testing
