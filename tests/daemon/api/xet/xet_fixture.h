#pragma once

#include <string>
#include <vector>

#include "daemon/auth/secrets/xet_token.h"
#include "protocol/xet/shard.h"
#include "protocol/xet/xorb.h"
#include "tests/daemon/hub_fixture.h"

namespace waag::daemon::testing {

/// A file as a Xet client sends it: cut into chunks of a fixed size, which servers take too, in one
/// xorb.
struct XetSample {
  explicit XetSample(const std::string& text, std::size_t chunk_bytes = 50'000) : content(text) {
    std::vector<xet::HashedLength> leaves;
    std::uint32_t at = 0;
    for (std::size_t from = 0; from < text.size(); from += chunk_bytes) {
      const auto bytes = as_bytes(text).subspan(from, std::min(chunk_bytes, text.size() - from));
      const auto size = static_cast<std::uint32_t>(bytes.size());
      chunks.push_back(xet::chunk_hash(bytes));
      leaves.push_back({chunks.back(), size});
      xet::append_chunk(bytes, xet::Scheme::lz4, serialized);
      listed.chunks.push_back({chunks.back(), at, size, false});
      at += size;
    }
    xorb = xet::xorb_hash(leaves);
    file = xet::file_hash(leaves);
    listed.hash = xorb;
    listed.raw_bytes = at;
  }

  [[nodiscard]] std::string body() const { return std::string(as_text(serialized)); }
  [[nodiscard]] xet::ShardFile shard_file() const {
    const auto count = static_cast<std::uint32_t>(chunks.size());
    xet::ShardFile out;
    out.hash = file;
    out.terms = {{xorb, listed.raw_bytes, 0, count}};
    out.range_hashes = {xet::range_hash(chunks)};
    out.sha256 = sha256(as_bytes(content));
    return out;
  }
  [[nodiscard]] std::string shard() const {
    const auto bytes = xet::serialize_shard({{shard_file()}, {listed}}, /*with_footer=*/false);
    return std::string(as_text(bytes));
  }

  std::string content;
  std::vector<ChunkHash> chunks;
  Bytes serialized;
  XorbHash xorb;
  FileHash file;
  xet::ShardXorb listed;
};

/// Bytes that no chunk repeats.
inline std::string varied(std::size_t bytes, std::uint64_t seed) {
  std::string text(bytes, '\0');
  for (auto& c : text) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    c = static_cast<char>(seed >> 56);
  }
  return text;
}

struct XetHub : HubFixture {
  XetHub() : cas("/xet/" + xet_generation(app->href_key)) {}

  /// A Xet token; REQUIREd.
  std::string token(const std::string& repo, const std::string& kind, const std::string& hub_token,
                    const std::string& revision = "main") {
    const auto reply =
        get("/api/models/" + repo + "/xet-" + kind + "-token/" + revision, hub_token);
    INFO(reply.body);
    REQUIRE(reply.status == 200);
    return std::string(reply.json().at("accessToken").as_string());
  }

  Reply send_xorb(const XetSample& sample, const std::string& xet_token) {
    return post(cas + "/v1/xorbs/default/" + xet::xet_string(sample.xorb), xet_token,
                sample.body());
  }

  /// Xorb and shard; must work.
  void send(const XetSample& sample, const std::string& xet_token) {
    REQUIRE(send_xorb(sample, xet_token).status == 200);
    const auto reply = post(cas + "/v1/shards", xet_token, sample.shard());
    INFO(reply.body);
    REQUIRE(reply.status == 200);
  }

  /// By ada, into a commit.
  void publish(const std::string& repo, const XetSample& sample,
               const std::string& path = "w.bin") {
    send(sample, token(repo, "write", ada));
    committed(repo, lfs_line(path, sample.content));
  }

  Reply plan(const XetSample& sample, const std::string& xet_token, const std::string& headers = "",
             const std::string& version = "v1") {
    return get(cas + "/" + version + "/reconstructions/" + xet::xet_string(sample.file), xet_token,
               headers);
  }

  /// The first URL of a reconstruction, without the base.
  std::string data_path(const XetSample& sample, const std::string& xet_token) {
    const auto reply = plan(sample, xet_token);
    INFO(reply.body);
    REQUIRE(reply.status == 200);
    const auto& fetch = reply.json().at("fetch_info").at(xet::xet_string(sample.xorb)).at(0);
    return path_of(std::string(fetch.at("url").as_string()));
  }

  Reply query(const ChunkHash& chunk, const std::string& xet_token) {
    return get(cas + "/v1/chunks/default/" + xet::xet_string(chunk), xet_token);
  }

  std::string cas;  // path of the Xet server
};

/// Raw bytes of what a data URL gave.
inline std::string decoded(const std::string& body) {
  std::string text;
  const auto take = [&text](const xet::XorbChunk&, ByteView raw) {
    text += as_text(raw);
    return ok();
  };
  REQUIRE(xet::read_xorb(as_bytes(body), take));
  return text;
}

}  // namespace waag::daemon::testing
