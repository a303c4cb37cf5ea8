#include "protocol/lfs/batch.h"

#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::lfs;

namespace {

const std::string oid(64, 'a');
const std::string object_json = R"({"oid":")" + oid + R"(","size":5})";

std::string batch(const std::string& members) {
  return R"({"operation":"upload","objects":[)" + object_json + "]" + members + "}";
}

}  // namespace

TEST_CASE("lfs batch: a request is read", "[protocol][lfs_batch]") {
  const auto request =
      parse_batch(batch(R"(,"transfers":["basic","multipart","xet"],"hash_algo":"sha_256",)"
                        R"("ref":{"name":"refs/heads/main"},"x":{})"));
  REQUIRE(request);
  CHECK(request->operation == Operation::upload);
  CHECK(request->transfers == std::vector<std::string>{"basic", "multipart", "xet"});
  CHECK(request->accepts("xet"));
  CHECK_FALSE(request->accepts("ssh"));
  CHECK(request->ref == "refs/heads/main");
  REQUIRE(request->objects.size() == 1);
  CHECK(request->objects[0].oid.hex() == oid);
  CHECK(request->objects[0].size_bytes == 5);
  CHECK(parse_batch(batch(""))->transfers == std::vector<std::string>{"basic"});
  CHECK(parse_batch(batch(R"(,"transfers":null,"ref":null,"hash_algo":null)"))->ref.empty());
  CHECK(parse_batch(R"({"operation":"download","objects":[]})")->operation == Operation::download);
}

TEST_CASE("lfs batch: what is refused", "[protocol][lfs_batch]") {
  const auto code = [](const std::string& body) {
    const auto request = parse_batch(body);
    return request ? std::optional<Errc>() : request.error().code;
  };
  for (const std::string body :
       {"", "[]", "{}", R"({"operation":"upload"})", R"({"operation":"verify","objects":[]})",
        R"({"operation":1,"objects":[]})", R"({"operation":"upload","objects":{}})",
        R"({"operation":"upload","objects":[1]})", R"({"operation":"upload","objects":[{}]})"}) {
    CAPTURE(body);
    CHECK(code(body) == Errc::invalid_argument);
  }
  CHECK(code(batch(R"(,"transfers":[1])")) == Errc::invalid_argument);
  CHECK(code(batch(R"(,"hash_algo":"sha1")")) == Errc::conflict);
  for (const auto& object : std::vector<std::string>{
           R"({"oid":"abc","size":5})", R"({"oid":")" + oid + R"("})",
           R"({"oid":")" + oid + R"(","size":-1})", R"({"oid":")" + oid + R"(","size":"5"})",
           R"({"oid":")" + oid + R"(","size":9223372036854775808})"}) {
    CAPTURE(object);
    CHECK(code(R"({"operation":"upload","objects":[)" + object + "]}") == Errc::unprocessable);
  }
  std::string many = R"({"operation":"upload","objects":[)" + object_json;
  for (std::size_t i = 0; i < batch_objects_max; ++i) many += "," + object_json;
  CHECK(code(many + "]}") == Errc::too_large);
}

TEST_CASE("lfs batch: replies hold no null and nothing that is not there",
          "[protocol][lfs_batch]") {
  const Object object{*BlobId::parse(oid), 5};
  const auto expected = [](const std::string& transfer, const std::string& rest) {
    return R"({"transfer":")" + transfer + R"(","objects":[{"oid":")" + oid + R"(","size":5)" +
           rest + R"(}],"hash_algo":"sha256"})";
  };
  BatchObject present{object, {}, {}, {}, {}};
  CHECK(batch_reply("basic", {present}) == expected("basic", ""));
  BatchObject upload = present;
  upload.upload = Action{"http://hub/u?sig=1", {{"X-A", "b"}}, 86400};
  upload.verify = Action{"http://hub/v", {}, 0};
  CHECK(batch_reply("basic", {upload}) ==
        expected("basic",
                 R"(,"actions":{"upload":{"href":"http://hub/u?sig=1","header":{"X-A":"b"},)"
                 R"("expires_in":86400},"verify":{"href":"http://hub/v"}})"));
  BatchObject download = present;
  download.download = Action{"http://hub/d", {}, 60};
  CHECK(batch_reply("basic", {download}) ==
        expected("basic", R"(,"actions":{"download":{"href":"http://hub/d","expires_in":60}})"));
  BatchObject missing = present;
  missing.error = ObjectError{404, "Object does not exist"};
  CHECK(batch_reply("basic", {missing}) ==
        expected("basic", R"(,"error":{"code":404,"message":"Object does not exist"})"));
}

TEST_CASE("lfs batch: parts of a multipart upload", "[protocol][lfs_batch]") {
  CHECK(part_bytes(0) == part_bytes_min);
  CHECK(part_bytes(part_bytes_min * part_count_max) == part_bytes_min);
  CHECK(part_bytes(part_bytes_min * part_count_max + 1) == part_bytes_min + 1);
  CHECK(part_count(0, part_bytes_min) == 1);
  CHECK(part_count(part_bytes_min, part_bytes_min) == 1);
  CHECK(part_count(part_bytes_min + 1, part_bytes_min) == 2);
  for (const std::uint64_t size :
       {std::uint64_t{1}, std::uint64_t{1} << 40, (std::uint64_t{1} << 63) - 1})
    CHECK(part_count(size, part_bytes(size)) <= part_count_max);
  const auto action =
      multipart_upload("http://hub/done", part_bytes_min, {"http://hub/1", "http://hub/2"});
  CHECK(action.href == "http://hub/done");
  const std::vector<std::pair<std::string, std::string>> header = {
      {"chunk_size", "33554432"}, {"00001", "http://hub/1"}, {"00002", "http://hub/2"}};
  CHECK(action.header == header);
  CHECK(multipart_upload("", 1, std::vector<std::string>(10'000)).header.back().first == "10000");
}

TEST_CASE("lfs batch: completion", "[protocol][lfs_batch]") {
  const auto with = [](const std::string& parts) {
    return parse_completion(R"({"oid":")" + oid + R"(","parts":)" + parts + "}");
  };
  const auto done = with(R"([{"partNumber":2,"etag":"b"},{"partNumber":1,"etag":"\"a\""}])");
  REQUIRE(done);
  REQUIRE(done->parts.size() == 2);
  CHECK(done->parts[0].number == 1);
  CHECK(done->parts[0].etag == "\"a\"");
  CHECK(done->oid.hex() == oid);
  for (const std::string parts :
       {"[]", "{}", "null", "[1]", R"([{"partNumber":0,"etag":"a"}])",
        R"([{"partNumber":2,"etag":"a"}])",
        R"([{"partNumber":1,"etag":"a"},{"partNumber":1,"etag":"a"}])", R"([{"partNumber":1}])",
        R"([{"etag":"a"}])", R"([{"partNumber":"1","etag":"a"}])",
        R"([{"partNumber":10001,"etag":"a"}])"}) {
    CAPTURE(parts);
    CHECK_FALSE(with(parts));
  }
  CHECK_FALSE(parse_completion(R"({"oid":"x","parts":[{"partNumber":1,"etag":"a"}]})"));
}

TEST_CASE("lfs batch: verify and errors", "[protocol][lfs_batch]") {
  const auto object = parse_verify(object_json);
  REQUIRE(object);
  CHECK(*object == Object{*BlobId::parse(oid), 5});
  CHECK_FALSE(parse_verify("{}"));
  CHECK_FALSE(parse_verify(R"({"oid":")" + oid + "\"}"));
  CHECK(error_body("no \"x\"") == R"({"message":"no \"x\""})");
}
