#include "protocol/hub/commit_request.h"

#include <catch2/catch.hpp>
#include <malloc.h>

#include "protocol/base64.h"

using namespace waag;
using namespace waag::hub;

namespace {

const std::string oid(64, 'a');
const std::string header = R"({"key":"header","value":{"summary":"s","description":"d"}})";

/// One event a line; the pieces of a file's bytes are joined.
std::string shown(const std::vector<CommitEvent>& events) {
  std::string out;
  bool bytes_open = false;
  for (const auto& event : events) {
    if (const auto* bytes = std::get_if<FileBytes>(&event)) {
      out += (bytes_open ? "" : "bytes ") + bytes->bytes;
      bytes_open = true;
      continue;
    }
    if (std::exchange(bytes_open, false)) out += '\n';
    if (const auto* head = std::get_if<CommitHeader>(&event))
      out += "header " + head->summary + "|" + head->description + "|" + head->parent_commit;
    if (std::holds_alternative<FileBegin>(event)) out += "begin";
    if (const auto* end = std::get_if<FileEnd>(&event))
      out += "end " + end->path + " " + std::to_string(end->size_bytes);
    if (const auto* lfs = std::get_if<LfsFileOperation>(&event))
      out += "lfs " + lfs->path + " " + lfs->oid.hex().substr(0, 4) + " " +
             (lfs->size_bytes ? std::to_string(*lfs->size_bytes) : "-");
    if (const auto* gone = std::get_if<DeleteOperation>(&event))
      out += (gone->folder ? "rmdir " : "rm ") + gone->path;
    out += '\n';
  }
  return out;
}

Result<std::string> parse(const std::vector<std::string>& pieces) {
  CommitRequestParser parser;
  std::vector<CommitEvent> events;
  for (const auto& piece : pieces) WAAG_CHECK(parser.feed(as_bytes(piece), events));
  WAAG_CHECK(parser.finish(events));
  return shown(events);
}

std::string file_line(const std::string& value) {
  return R"({"key":"file","value":{)" + value + "}}";
}

const std::string sample =
    R"({"key":"header","value":{"summary":"Add \"w\" \u00e9\ud83d\ude00",)"
    R"("description":"a\nb\/c","parentCommit":"5BE1b0c"}})"
    "\n"
    R"({"key":"file","value":{"content":"eyJhIjoxfQ==","path":"a dir/config.json",)"
    R"("encoding":"base64"}})"
    "\n\r\n \t\n"
    R"({ "key" : "file" , "value" : { "path":"n.txt", "encoding":"utf-8", )"
    R"("content":"l1\n\u00e9\\\t\u4f60" } , "x":[1,{"key":"y"}] })"
    "\r\n"
    R"({"key":"file","value":{"encoding":"base64","extra":{"path":"no","deep":[[["q"]]]},)"
    R"("content":"","path":"empty"}})"
    "\n"
    R"({"key":"lfsFile","value":{"path":"m.bin","algo":"sha256","oid":")" +
    oid + R"(","size":988097824,"content":"ignored"}})" + "\n" +
    R"({"key":"lfsFile","value":{"path":"copy.bin","oid":")" + oid + R"("}})" + "\n" +
    R"({"key":"deletedFolder","value":{"path":"old/"}})"
    "\n"
    R"({"key":"deletedFile","value":{"path":"gone","size":-1.5e3}})";

const std::string sample_events =
    "header Add \"w\" \xC3\xA9\xF0\x9F\x98\x80|a\nb/c|5be1b0c\n"
    "begin\nbytes {\"a\":1}\nend a dir/config.json 7\n"
    "begin\nbytes l1\n\xC3\xA9\\\t\xE4\xBD\xA0\nend n.txt 10\n"
    "begin\nend empty 0\n"
    "lfs m.bin aaaa 988097824\nlfs copy.bin aaaa -\nrmdir old\nrm gone\n";

}  // namespace

TEST_CASE("commit_request: a whole body", "[protocol][commit_request]") {
  const auto events = parse({sample});
  REQUIRE(events);
  CHECK(*events == sample_events);
  CHECK(*parse({sample + "\n"}) == sample_events);
}

TEST_CASE("commit_request: every split position", "[protocol][commit_request]") {
  for (std::size_t cut = 0; cut <= sample.size(); ++cut) {
    CAPTURE(cut);
    const auto events = parse({sample.substr(0, cut), sample.substr(cut)});
    REQUIRE(events);
    CHECK(*events == sample_events);
  }
  std::vector<std::string> bytes;
  for (const char c : sample) bytes.emplace_back(1, c);
  CHECK(*parse(bytes) == sample_events);
}

TEST_CASE("commit_request: every cut body is refused or shorter", "[protocol][commit_request]") {
  const auto whole = *parse({sample});
  for (std::size_t size = 0; size < sample.size(); ++size) {
    CAPTURE(size);
    const auto events = parse({sample.substr(0, size)});
    if (events) CHECK(whole.starts_with(*events));
    if (events) CHECK(*events != whole);
  }
}

TEST_CASE("commit_request: malformed lines name themselves", "[protocol][commit_request]") {
  const auto line = GENERATE(
      R"({"key":"file","value":{"content":"Zg==","encoding":"base64"}})",
      R"({"key":"file","value":{"path":"a","encoding":"base64"}})",
      R"({"key":"file","value":{"path":"a","content":"Zg=="}})",
      R"({"key":"file","value":{"path":"a","content":"Zg=","encoding":"base64"}})",
      R"({"key":"file","value":{"path":"a","encoding":"base64","content":"Zg"}})",
      R"({"key":"file","value":{"path":"a","encoding":"base64","content":"Z!=="}})",
      R"({"key":"file","value":{"path":"a","encoding":"hex","content":"00"}})",
      R"({"key":"file","value":{"path":"a","path":"b","content":"","encoding":"base64"}})",
      R"({"key":"file","value":{"path":"a","content":"","content":"","encoding":"base64"}})",
      R"({"key":"file","value":{"path":"a","content":"","encoding":"utf-8","encoding":"base64"}})",
      R"({"key":"file","key":"file","value":{"path":"a","content":"","encoding":"utf-8"}})",
      R"({"key":"file","value":{"path":"a"},"value":{"content":"","encoding":"utf-8"}})",
      R"({"key":"file","value":{"path":["a"],"content":"","encoding":"utf-8"}})",
      R"({"key":"file","value":{"path":{"a":"b"},"content":"","encoding":"utf-8"}})",
      R"({"key":"file","value":{"path":null,"content":"","encoding":"utf-8"}})",
      R"({"key":"file","value":{"path":"a","content":1,"encoding":"utf-8"}})",
      R"({"key":"file","value":{"path":"a","content":true,"encoding":"utf-8"}})",
      R"({"key":"file","value":{"path":"a","content":"\ud800","encoding":"utf-8"}})",
      "{\"key\":\"file\",\"value\":{\"path\":\"a\",\"content\":\"\xFF\",\"encoding\":\"utf-8\"}}",
      "{\"key\":\"file\",\"value\":{\"path\":\"a\",\"content\":\"a\tb\",\"encoding\":\"utf-8\"}}",
      R"({"key":"file","value":"x"})", R"({"key":"file","value":[]})", R"({"key":"file"})",
      R"({"key":"file","value":null})", R"({"value":{"path":"a"},"key":"deletedFile"})",
      R"({"key":7,"value":{}})", R"({"key":null,"value":{}})", R"({"key":{},"value":{}})",
      R"({"key":"files","value":{}})", R"({"key":"","value":{}})", R"({"value":{}})", "{}", "[]",
      "7", "null", "\"x\"", "{", "}", "{\"key\"", "nonsense", "{\"key\":\"file\",}",
      R"({"key":"deletedFile","value":{"path":"a"}} x)",
      R"({"key":"deletedFile","value":{"path":"a"}}{})",
      R"({'key':'deletedFile','value':{'path':'a'}})", R"({"key":"deletedFile","value":{}})",
      R"({"key":"lfsFile","value":{"path":"a"}})",
      R"({"key":"lfsFile","value":{"path":"a","oid":"abc"}})",
      R"({"key":"lfsFile","value":{"path":"a","oid":null}})",
      R"({"key":"header","value":{"summary":"again"}})");
  CAPTURE(line);
  const auto body = header + "\n" + line + "\n" + R"({"key":"deletedFile","value":{"path":"a"}})";
  const auto events = parse({body});
  REQUIRE_FALSE(events);
  CHECK(events.error().code == Errc::invalid_argument);
  CHECK_THAT(events.error().what, Catch::StartsWith("line 2: "));
  std::vector<std::string> bytes;
  for (const char c : body) bytes.emplace_back(1, c);
  CHECK_FALSE(parse(bytes));
}

TEST_CASE("commit_request: lfsFile members of the wrong kind", "[protocol][commit_request]") {
  const auto member =
      GENERATE(R"("size":-1)", R"("size":1.5)", R"("size":"5")", R"("size":18446744073709551616)",
               R"("size":[5])", R"("size":true)", R"("algo":"md5")", R"("size":1,"size":2)");
  CAPTURE(member);
  CHECK_FALSE(parse({header + "\n" + R"({"key":"lfsFile","value":{"path":"a","oid":")" + oid +
                     "\"," + member + "}}"}));
}

TEST_CASE("commit_request: paths that may not be are 422", "[protocol][commit_request]") {
  const auto path = GENERATE("", "/a", "a/../b", ".git/config", "a//b", "C:/a", "a\\\\b", "a/");
  CAPTURE(path);
  const auto value = std::string(R"("path":")") + path + R"(","content":"","encoding":"utf-8")";
  const auto events = parse({header + "\n" + file_line(value)});
  REQUIRE_FALSE(events);
  CHECK(events.error().code == Errc::unprocessable);
  CHECK_THAT(events.error().what, Catch::StartsWith("line 2: "));
}

TEST_CASE("commit_request: the header", "[protocol][commit_request]") {
  const auto head = [](const std::string& value) {
    return parse({R"({"key":"header","value":{)" + value + "}}"});
  };
  CHECK(*head(R"("summary":"s","description":null,"parentCommit":null)") == "header s||\n");
  CHECK(*head(R"("summary":"","parentCommit":"")") == "header ||\n");
  CHECK(head(R"("summary":"s","parentCommit":"0123456789abcdef0123456789abcdef01234567")"));
  CHECK_FALSE(head(R"("description":"s")"));
  CHECK_FALSE(head(R"("summary":null)"));
  CHECK_FALSE(head(R"("summary":"s","parentCommit":"main")"));
  CHECK_FALSE(head(R"("summary":"s","parentCommit":"0123")"));
  CHECK_FALSE(head(R"("summary":"s","parentCommit":"0123456789abcdef0123456789abcdef012345678")"));
  CHECK_FALSE(head(R"("summary":")" + std::string(commit_summary_bytes_max + 1, 'x') + "\""));
  CHECK_FALSE(head(R"("summary":"","description":")" +
                   std::string(commit_description_bytes_max + 1, 'x') + "\""));
  CHECK_FALSE(parse({""}));
  CHECK_FALSE(parse({"\n\n"}));
  const auto late =
      parse({file_line(R"("path":"a","content":"","encoding":"utf-8")") + "\n" + header});
  REQUIRE_FALSE(late);
  CHECK_THAT(late.error().what, Catch::StartsWith("line 1: "));
}

TEST_CASE("commit_request: depth and count have limits", "[protocol][commit_request]") {
  const auto nested = [](std::size_t depth) {
    return parse({header + "\n" + R"({"key":"deletedFile","value":{"path":"a","x":)" +
                  std::string(depth, '[') + std::string(depth, ']') + "}}"});
  };
  CHECK(nested(60));
  CHECK_FALSE(nested(70));
  CHECK_FALSE(nested(1'000'000));
  std::string body = header;
  for (std::size_t i = 0; i < commit_operations_max; ++i)
    body += "\n{\"key\":\"deletedFile\",\"value\":{\"path\":\"a\"}}";
  CHECK(parse({body}));
  const auto many = parse({body + "\n{\"key\":\"deletedFile\",\"value\":{\"path\":\"a\"}}"});
  REQUIRE_FALSE(many);
  CHECK(many.error().code == Errc::too_large);
}

TEST_CASE("commit_request: content before its encoding", "[protocol][commit_request]") {
  const std::string bytes(commit_held_bytes_max, 'x');
  const auto with = [](const std::string& content, const std::string& encoding) {
    return parse(
        {header + "\n" +
         file_line(R"("content":")" + content + R"(","path":"a","encoding":")" + encoding + "\"")});
  };
  const auto expected = [](const std::string& content) {
    return "header s|d|\nbegin\nbytes " + content + "\nend a " + std::to_string(content.size()) +
           "\n";
  };
  CHECK(*with(bytes, "utf-8") == expected(bytes));
  CHECK(*with(encode_base64(bytes), "base64") == expected(bytes));
  CHECK_FALSE(with(bytes + "xxxx", "utf-8"));
  CHECK(*with("Zm9v", "utf-8") == expected("Zm9v"));
}

TEST_CASE("commit_request: a line of 13 MB takes little memory", "[protocol][commit_request]") {
  const std::string piece = encode_base64(std::string(48 * 1024, '\x5A'));
  CommitRequestParser parser;
  std::vector<CommitEvent> events;
  REQUIRE(parser.feed(as_bytes(header + "\n" + R"({"key":"file","value":{"content":")"), events));
  const auto before = mallinfo2().uordblks;
  std::uint64_t bytes = 0;
  constexpr std::size_t pieces = 210;
  std::size_t grown = 0;
  for (std::size_t i = 0; i < pieces; ++i) {
    events.clear();
    REQUIRE(parser.feed(as_bytes(piece), events));
    for (const auto& event : events)
      if (const auto* part = std::get_if<FileBytes>(&event)) bytes += part->bytes.size();
    events = {};
    const auto now = mallinfo2().uordblks;
    if (now > before) grown = std::max<std::size_t>(grown, now - before);
  }
  REQUIRE(parser.feed(as_bytes(R"(","path":"big.bin","encoding":"base64"}})"), events));
  REQUIRE(parser.finish(events));
  CHECK(bytes == pieces * 48 * 1024);
  CHECK(std::get<FileEnd>(events.back()).size_bytes == bytes);
  CHECK(grown <= 64 * 1024);
}
