#include "daemon/http/body_writer.h"

#include <filesystem>
#include <fstream>

#include <unistd.h>

#include "tests/daemon/http/test_server.h"

namespace waag::daemon {
namespace {

using testing::get;
using testing::TestServer;

constexpr std::uint64_t whole_bytes = 10'000'000;

/// Bytes that differ from place to place, so that a shifted or repeated block shows.
std::string pattern(std::uint64_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < text.size(); ++i)
    text[i] = static_cast<char>((i * 2654435761u) >> 13);
  return text;
}

class PlainFile final : public storage::File {
 public:
  explicit PlainFile(const std::string& content) : file_(std::tmpfile()) {
    REQUIRE(file_);
    REQUIRE(std::fwrite(content.data(), 1, content.size(), file_.get()) == content.size());
    REQUIRE(std::fflush(file_.get()) == 0);
  }
  Result<std::size_t> read(std::uint64_t, std::span<std::byte>) const override {
    return fail(Errc::internal, "not asked for");
  }
  Status write(std::uint64_t, ByteView) override { return fail(Errc::internal, "read only"); }
  Status sync() override { return ok(); }
  Status truncate(std::uint64_t) override { return fail(Errc::internal, "read only"); }
  Result<std::uint64_t> size() const override { return whole_bytes; }
  int descriptor() const override { return ::fileno(file_.get()); }

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Closer> file_;
};

struct BlobPlan {
  bool raw = false;                     // has runs
  std::uint64_t encoded_from = ~0ull;   // no runs from here on
  std::uint64_t corrupt_from = ~0ull;   // reads beyond fail
  std::uint64_t run_bytes = 3'000'000;  // longest run
};

class FakeBlob final : public storage::BlobReader {
 public:
  FakeBlob(const std::string& content, std::shared_ptr<const storage::File> file, BlobPlan plan)
      : content_(content), file_(std::move(file)), plan_(plan) {}
  std::uint64_t size_bytes() const override { return content_.size(); }
  Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> out) override {
    if (offset + out.size() > plan_.corrupt_from)
      return fail(Errc::corrupt, "bad record in a pack");
    const auto part = content_.substr(offset, out.size());
    std::memcpy(out.data(), part.data(), part.size());
    return part.size();
  }
  Result<std::optional<storage::RawRun>> raw_run(std::uint64_t offset,
                                                 std::uint64_t bytes_max) override {
    if (!plan_.raw || offset >= plan_.encoded_from) return std::optional<storage::RawRun>();
    const auto end = std::min({offset + std::min(bytes_max, plan_.run_bytes), plan_.encoded_from,
                               static_cast<std::uint64_t>(content_.size())});
    if (end > plan_.corrupt_from) return fail(Errc::corrupt, "bad record in a pack");
    return std::optional(storage::RawRun{file_, offset, end - offset});
  }

 private:
  const std::string& content_;
  std::shared_ptr<const storage::File> file_;
  const BlobPlan plan_;
};

/// A server with one blob under /blob; ?first=..&bytes=.. asks for a part.
class BlobHost {
 public:
  BlobHost(BlobPlan plan, SendPath path)
      : content_(pattern(whole_bytes)),
        file_(std::make_shared<PlainFile>(content_)),
        host_(table(), answer(plan), options(path)) {}

  static std::span<const Route> table() {
    static const std::vector<Route> rows = {
        {Method::get, "/blob", "blob", Policy::none, {}, nullptr, ""}};
    return rows;
  }
  static Server::Options options(SendPath path) {
    Server::Options options;
    options.send_path = path;
    return options;
  }
  Answer answer(BlobPlan plan) {
    return [this, plan](const Route&, Request request) -> Task<Response> {
      Response response;
      BlobBody body;
      body.blob = std::make_shared<FakeBlob>(content_, file_, plan);
      body.offset = std::stoull(std::string(request.query.get("first").value_or("0")));
      body.bytes = whole_bytes - body.offset;
      if (const auto bytes = request.query.get("bytes"))
        body.bytes = std::stoull(std::string(*bytes));
      response.body = body;
      co_return response;
    };
  }
  [[nodiscard]] const std::string& content() const { return content_; }
  TestServer& host() { return host_; }

 private:
  const std::string content_;
  std::shared_ptr<const storage::File> file_;
  TestServer host_;
};

}  // namespace

TEST_CASE("body_writer: the same bytes by both ways, whole and in part", "[daemon][body_writer]") {
  BlobPlan plan;
  plan.raw = GENERATE(false, true);
  plan.encoded_from = GENERATE(~0ull, 5'000'001ull);
  const auto path = GENERATE(SendPath::automatic, SendPath::sendfile, SendPath::extents);
  CAPTURE(plan.raw, plan.encoded_from, static_cast<int>(path));
  BlobHost blob(plan, path);
  auto client = blob.host().client();
  const auto whole = client.ask(get("/blob"));
  CHECK(whole.status == 200);
  CHECK(whole.body == blob.content());  // CHECK shows 10 MB at most once, and only on failure
  struct Part {
    std::uint64_t first, bytes;
  };
  for (const Part part : {Part{0, 0}, Part{0, 1}, Part{whole_bytes - 1, 1}, Part{7, 1u << 20},
                          Part{4'999'999, 3}, Part{1'048'575, 2'097'153}}) {
    CAPTURE(part.first, part.bytes);
    const auto reply = client.ask(
        get("/blob?first=" + std::to_string(part.first) + "&bytes=" + std::to_string(part.bytes)));
    CHECK(reply.body.size() == part.bytes);
    CHECK(reply.body == blob.content().substr(part.first, part.bytes));
  }
  const auto head = client.ask("HEAD /blob HTTP/1.1\r\nHost: hub\r\n\r\n", true);
  CHECK(head.header("Content-Length") == std::to_string(whole_bytes));
  CHECK(client.ask(get("/blob?bytes=3")).body == blob.content().substr(0, 3));
}

TEST_CASE("body_writer: a blob that fails in mid-body cuts the connection, never padded",
          "[daemon][body_writer]") {
  BlobPlan plan;
  plan.raw = GENERATE(false, true);
  plan.corrupt_from = 8'000'000;
  BlobHost blob(plan, SendPath::automatic);
  auto client = blob.host().client();
  const auto reply = client.ask(get("/blob"));
  CHECK(reply.status == 200);
  CHECK(reply.body.size() < plan.corrupt_from + 1);
  CHECK(reply.body == blob.content().substr(0, reply.body.size()));
  CHECK(client.at_end());
  blob.host().server->stop(std::chrono::milliseconds(0));
  blob.host().log.flush();
  CHECK(blob.host().log_text.find("bad record in a pack") != std::string::npos);
}

TEST_CASE("body_writer: a blob that fails at its start is a 500 on a live connection",
          "[daemon][body_writer]") {
  BlobPlan plan;
  plan.raw = GENERATE(false, true);
  plan.corrupt_from = 0;
  BlobHost blob(plan, SendPath::automatic);
  auto client = blob.host().client();
  CHECK(client.ask(get("/blob")).status == 500);
  CHECK(client.ask(get("/blob?bytes=0")).status == 200);
}

TEST_CASE("body_writer: a client that stops reading is cut off", "[daemon][body_writer]") {
  BlobPlan plan;
  plan.raw = GENERATE(false, true);
  auto options = BlobHost::options(SendPath::automatic);
  BlobHost blob(plan, SendPath::automatic);
  options.limits.block = std::chrono::milliseconds(50);
  TestServer host(BlobHost::table(), blob.answer(plan), options);
  auto client = host.client();
  // More than the two sockets' buffers hold, so that the server must wait for the reader.
  for (int i = 0; i < 40; ++i) client.send(get("/blob"));
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (host.metrics.text({}).find("\nwaag_http_connections 0\n") == std::string::npos ||
         host.handled == 0)
    REQUIRE(std::chrono::steady_clock::now() < until);
  CHECK(host.handled < 40);
}

}  // namespace waag::daemon
