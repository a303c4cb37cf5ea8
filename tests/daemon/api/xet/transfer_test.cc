#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include "tests/daemon/api/xet/xet_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::decoded;
using waag::daemon::testing::Reply;
using waag::daemon::testing::varied;
using waag::daemon::testing::XetHub;
using waag::daemon::testing::XetSample;

namespace {

const XetSample sample(varied(330'000, 11));  // seven chunks

struct Hub : XetHub {
  Hub() {
    make_repo("tiny");
    write = token("ada/tiny", "write", ada);
  }
  std::string write;
};

/// The lines of an NDJSON body.
std::vector<boost::json::value> frames(const std::string& body) {
  std::vector<boost::json::value> out;
  for (std::size_t at = 0; at < body.size();) {
    const auto end = body.find('\n', at);
    REQUIRE(end != std::string::npos);
    out.push_back(boost::json::parse(body.substr(at, end - at)));
    at = end + 1;
  }
  return out;
}

}  // namespace

TEST_CASE("xet upload: xorb, shard, commit, and back by both ways", "[daemon][xet]") {
  Hub hub;
  const auto first = hub.send_xorb(sample, hub.write);
  CHECK(first.json().at("was_inserted") == true);
  CHECK(hub.send_xorb(sample, hub.write).json().at("was_inserted") == false);
  CHECK(hub.post(hub.cas + "/v1/shards", hub.write, sample.shard()).json().at("result") == 1);
  CHECK(hub.post(hub.cas + "/v1/shards", hub.write, sample.shard()).json().at("result") == 0);
  hub.committed("ada/tiny", Hub::lfs_line("w.bin", sample.content));
  CHECK((hub.get("/ada/tiny/resolve/main/w.bin").body == sample.content));
  const auto read = hub.token("ada/tiny", "read", "");
  const auto data = hub.get(hub.data_path(sample, read));
  CHECK(data.status == 206);
  CHECK((decoded(data.body) == sample.content));
}

TEST_CASE("xet upload: old clients' routes", "[daemon][xet]") {
  Hub hub;
  const auto hash = xet::xet_string(sample.xorb);
  CHECK(hub.post(hub.cas + "/xorb/default/" + hash, hub.write, sample.body()).status == 200);
  CHECK(hub.post(hub.cas + "/xorbs/default/" + hash, hub.write, sample.body()).status == 200);
  const auto zeros = std::string(64, '0');
  for (const auto& [method, path] : {std::pair<std::string, std::string>{"POST", "/shards"},
                                     {"POST", "/shard/default/" + zeros},
                                     {"PUT", "/shard/default/" + zeros}}) {
    CAPTURE(method, path);
    CHECK(hub.ask({method, hub.cas + path, hub.write, sample.shard(), "", nullptr}).status == 200);
  }
  const auto file = xet::xet_string(sample.file);
  for (const auto* path : {"/v1/reconstructions/", "/reconstructions/", "/reconstruction/"})
    CHECK(hub.get(hub.cas + path + file, hub.write).status == 200);
  const auto chunk = xet::xet_string(sample.chunks[0]);
  for (const auto* path : {"/v1/chunks/default/", "/chunks/default-merkledb/", "/chunk/default/"})
    CHECK(hub.get(hub.cas + path + chunk, hub.write).status == 200);
  CHECK(hub.get(hub.cas + "/chunks/other/" + chunk, hub.write).status == 404);
}

TEST_CASE("xet upload: a shard told of step by step", "[daemon][xet]") {
  Hub hub;
  REQUIRE(hub.send_xorb(sample, hub.write).status == 200);
  const auto reply = hub.post(hub.cas + "/v2/shards", hub.write, sample.shard());
  CHECK(reply.status == 200);
  CHECK(reply.header("Content-Type") == "application/x-ndjson");
  const auto lines = frames(reply.body);
  REQUIRE(lines.size() >= 3);
  CHECK(lines.front().at("type") == "validating");
  CHECK(lines.front().at("total") == sample.content.size());
  CHECK(lines[lines.size() - 2].at("type") == "committing");
  CHECK(lines.back().at("type") == "result");
  hub.committed("ada/tiny", Hub::lfs_line("w.bin", sample.content));
}

TEST_CASE("xet upload: a wrong SHA-256 ends in an error, and publishes nothing", "[daemon][xet]") {
  Hub hub;
  REQUIRE(hub.send_xorb(sample, hub.write).status == 200);
  auto lie = sample.shard_file();
  lie.sha256 = Hub::oid("other");
  const auto bytes = xet::serialize_shard({{lie}, {sample.listed}}, true);
  const auto lines =
      frames(hub.post(hub.cas + "/v2/shards", hub.write, std::string(as_text(bytes))).body);
  CHECK(lines.back().at("type") == "error");
  CHECK(lines.back().at("retryable") == false);
  CHECK(hub.post(hub.cas + "/v1/shards", hub.write, std::string(as_text(bytes))).status == 400);
  CHECK(hub.commit("ada/tiny", Hub::lfs_line("w.bin", "other")).status == 400);
  CHECK(hub.plan(sample, hub.write).status == 404);
}

TEST_CASE("xet upload: bad input is 400, and never a 422", "[daemon][xet]") {
  Hub hub;
  const auto zeros = std::string(64, '0');
  CHECK(hub.post(hub.cas + "/v1/xorbs/default/" + zeros, hub.write, sample.body()).status == 400);
  CHECK(hub.post(hub.cas + "/v1/xorbs/other/" + zeros, hub.write, sample.body()).status == 400);
  CHECK(hub.post(hub.cas + "/v1/xorbs/default/xyz", hub.write, sample.body()).status == 400);
  CHECK(hub.post(hub.cas + "/v1/xorbs/default/" + zeros, hub.write, "no xorb").status == 400);
  CHECK(hub.post(hub.cas + "/v1/shards", hub.write, "no shard").status == 400);
  CHECK(hub.post(hub.cas + "/v2/shards", hub.write, "no shard").status == 400);
  CHECK(hub.post(hub.cas + "/v1/shards", hub.write, sample.shard()).status == 400);  // no xorb yet
  const auto read = hub.token("ada/tiny", "read", hub.ada);
  CHECK(hub.send_xorb(sample, read).status == 403);
  CHECK(hub.post(hub.cas + "/v1/shards", read, sample.shard()).status == 403);
}

TEST_CASE("xet upload: HEAD of xorbs and files", "[daemon][xet]") {
  Hub hub;
  hub.publish("ada/tiny", sample);
  const auto xorb = hub.cas + "/v1/xorbs/default/" + xet::xet_string(sample.xorb);
  const auto file = hub.cas + "/v1/files/" + xet::xet_string(sample.file);
  const auto read = hub.token("ada/tiny", "read", "");
  CHECK(hub.head(xorb, hub.write).content_length == sample.content.size() + 7 * 8);
  CHECK(hub.head(xorb, read).status == 403);
  CHECK(hub.head(file, read).content_length == sample.content.size());
  CHECK(hub.head(hub.cas + "/v1/files/" + std::string(64, '1'), read).status == 404);
  CHECK(hub.get(xorb, hub.write).status == 405);
}

TEST_CASE("xet download: ranges, versions, the end", "[daemon][xet]") {
  Hub hub;
  hub.publish("ada/tiny", sample);
  const auto read = hub.token("ada/tiny", "read", "");
  const auto part = hub.plan(sample, read, "Range: bytes=120000-130000\r\n");
  CHECK(part.json().at("offset_into_first_range") == 20'000);
  CHECK(part.json().at("terms").as_array().size() == 1);
  CHECK(hub.plan(sample, read, "Range: bytes=100-18446744073709551614\r\n").status == 200);
  CHECK(hub.plan(sample, read, "Range: bytes=330000-\r\n").status == 416);
  CHECK(hub.plan(sample, read, "Range: lines=1-2\r\n").status == 400);
  const auto two = hub.plan(sample, read, "", "v2");
  CHECK(two.json().at("xorbs").at(xet::xet_string(sample.xorb)).as_array().size() == 1);
  CHECK(hub.get(hub.cas + "/v1/reconstructions/xyz", read).status == 400);
  const auto empty = hub.cas + "/v1/reconstructions/" + std::string(64, '0');
  CHECK(hub.get(empty, read, "Range: bytes=0-1023\r\n").json().at("terms").as_array().empty());
  CHECK(hub.get(empty, read, "Range: bytes=1-1023\r\n").status == 416);
}

TEST_CASE("xet download: several files at once", "[daemon][xet]") {
  Hub hub;
  const XetSample other(varied(90'000, 12));
  hub.publish("ada/tiny", sample, "a.bin");
  hub.publish("ada/tiny", other, "b.bin");
  const auto read = hub.token("ada/tiny", "read", "");
  const auto a = xet::xet_string(sample.file), b = xet::xet_string(other.file);
  const auto query = "?file_id=" + a + "&file_id=" + b + "&file_id=" + std::string(64, '7');
  const auto body = R"([{"prefix":"default","hash":")" + a + R"("},{"hash":")" + b + R"("}])";
  for (const auto& reply : {hub.get(hub.cas + "/reconstructions" + query, read),
                            hub.post(hub.cas + "/v1/reconstructions", read, body)}) {
    REQUIRE(reply.status == 200);
    CHECK(reply.json().at("files").as_object().size() == 2);
    CHECK(reply.json().at("files").at(a).as_array().size() == 1);
    CHECK(reply.json().at("fetch_info").as_object().size() == 2);
  }
  CHECK(hub.post(hub.cas + "/v1/reconstructions", read, "{}").status == 400);
  CHECK(hub.post(hub.cas + "/v1/reconstructions", read, "[1]").status == 400);
}

TEST_CASE("xet download: naming a hash grants nothing", "[daemon][xet]") {
  Hub hub;
  hub.make_repo("secret", /*hidden=*/true);
  hub.publish("ada/secret", sample);
  // Not even to ada through a repo that does not hold it; far less to bob.
  CHECK(hub.plan(sample, hub.token("ada/tiny", "read", hub.ada)).status == 404);
  CHECK(hub.plan(sample, hub.token("ada/tiny", "read", hub.bob)).status == 404);
  CHECK(hub.plan(sample, hub.token("ada/secret", "read", hub.ada)).status == 200);
  // Who has uploaded the same bytes for a repo may read them there before any commit.
  const auto pull = hub.get("/api/models/ada/tiny/xet-write-token/None?create_pr=1", hub.bob);
  const auto bobs = std::string(pull.json().at("accessToken").as_string());
  CHECK(hub.plan(sample, bobs).status == 404);
  hub.send(sample, bobs);
  CHECK(hub.plan(sample, bobs).status == 200);
  CHECK(hub.plan(sample, hub.token("ada/tiny", "read", hub.ada)).status == 404);
  CHECK(hub.plan(sample, hub.token("ada/tiny", "read", "")).status == 404);
}

TEST_CASE("xet: telemetry becomes metrics, whatever it says", "[daemon][xet]") {
  Hub hub;
  const auto body =
      R"({"time":"t","event":"xet_upload_summary","session_id":"s","userAgent":"u","metrics":{)"
      R"("outcome":"ok","n_files":2,"total_bytes":300,"transfer_bytes_completed":120,)"
      R"("dedup_bytes":180,"duration_ms":1500,"endpoint_host":"h"}})";
  CHECK(hub.post("/v1/telemetry", hub.write, body).status == 200);  // as hf_xet 1.8 does
  CHECK(hub.post(hub.cas + "/v1/telemetry", hub.write, R"({"event":"xet_transfer_heartbeat"})")
            .status == 200);
  const auto odd = R"({"event":"xet_upload_summary","metrics":{"outcome":"\"}","n_files":-1,)"
                   R"("total_bytes":1e300,"dedup_bytes":"9"}})";
  CHECK(hub.post(hub.cas + "/v1/telemetry", hub.write, odd).status == 200);
  CHECK(hub.post(hub.cas + "/v1/telemetry", hub.write, "[").status == 400);
  const auto text = hub.get("/metrics").body;
  for (const auto* line :
       {R"(waag_xet_client_transfers_total{direction="upload",outcome="ok"} 1)",
        R"(waag_xet_client_transfers_total{direction="upload",outcome="other"} 1)",
        R"(waag_xet_client_files_total{direction="upload"} 2)",
        R"(waag_xet_client_file_bytes_total{direction="upload"} 300)",
        R"(waag_xet_client_transfer_bytes_total{direction="upload"} 120)",
        R"(waag_xet_client_dedup_bytes_total{direction="upload"} 180)",
        R"(waag_xet_client_seconds_total{direction="upload"} 1.5)"}) {
    CAPTURE(line);
    CHECK(text.find(line) != std::string::npos);
  }
}
