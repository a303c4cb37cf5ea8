#pragma once

#include <string>
#include <utility>
#include <vector>

/// Raw request heads (and what follows them) with the verdict that our guard owes them. The guard's
/// unit test runs them in memory, the daemon's through a socket: an accepted one may be answered by
/// anything but a refusal of the guard, a refused one by exactly `status` and a closed connection.
/// None of the accepted ones needs a body that is not there. Sources: RELIABILITY 3.3 (32 shapes
/// measured against Beast 1.81), RFC 9112.
namespace waag::tests {

struct RawRequest {
  std::string name, bytes;
  bool accepted = false;
  int status = 0;  // of the refusal; 0 if accepted
};

class RawRequestTable {
 public:
  void add(std::string name, std::string bytes, int status) {
    rows.push_back({std::move(name), std::move(bytes), status == 0, status});
  }
  /// GET / with these header lines besides Host; each line with its CRLF.
  void headers(std::string name, const std::string& lines, int status) {
    add(std::move(name), "GET /healthz HTTP/1.1\r\nHost: hub\r\n" + lines + "\r\n", status);
  }
  void post(std::string name, const std::string& lines, const std::string& body, int status) {
    add(std::move(name), "POST /healthz HTTP/1.1\r\nHost: hub\r\n" + lines + "\r\n" + body, status);
  }
  void line(std::string name, const std::string& request_line, int status) {
    add(std::move(name), request_line + "\r\nHost: hub\r\n\r\n", status);
  }
  void target(std::string name, const std::string& target, int status) {
    line(std::move(name), "GET " + target + " HTTP/1.1", status);
  }

  std::vector<RawRequest> rows;
};

/// "0x1f" for names of generated rows.
inline std::string hex_name(int byte) {
  const char* digits = "0123456789abcdef";
  return {'0', 'x', digits[(byte >> 4) & 15], digits[byte & 15]};
}

/// The 32 shapes of RELIABILITY 3.3, in its order.
inline void add_measured_shapes(RawRequestTable& t) {
  t.add("shape 1: chunked in HTTP/1.0",
        "POST / HTTP/1.0\r\nHost: hub\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400);
  t.post("shape 2: TE gzip then CL", "Transfer-Encoding: gzip\r\nContent-Length: 5\r\n", "hello",
         400);
  t.post("shape 3: CL then TE gzip", "Content-Length: 5\r\nTransfer-Encoding: gzip\r\n", "hello",
         400);
  t.post("shape 4: TE chunked, identity", "Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n",
         400);
  t.post("shape 5: TE xchunked", "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n", 400);
  t.post("shape 6: TE gzip alone", "Transfer-Encoding: gzip\r\n", "GET /x HTTP/1.1\r\n\r\n", 400);
  t.post("shape 7: two TE", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
         "0\r\n\r\n", 400);
  t.post("shape 8: TE chunked and CL", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
         "0\r\n\r\n", 400);
  t.post("shape 9: CL and TE chunked", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
         "0\r\n\r\n", 400);
  t.headers("shape 10: two Host", "Host: hub\r\n", 400);
  t.add("shape 11: no Host", "GET / HTTP/1.1\r\nAccept: */*\r\n\r\n", 400);
  t.headers("shape 12: obs-fold", "X-A: one\r\n two\r\n", 400);
  t.target("shape 13: %00 in target", "/a%00b", 400);
  t.target("shape 14: .. in target", "/a/../b", 400);
  t.target("shape 15: raw 8-bit in target", "/a\xC3\xA9", 400);
  t.post("shape 16: equal CL twice", "Content-Length: 5\r\nContent-Length: 5\r\n", "hello", 400);
  t.post("shape 17: CL list", "Content-Length: 5, 5\r\n", "hello", 400);
  t.line("shape 18: lower-case method", "get / HTTP/1.1", 400);
  t.post("shape 19: differing CL", "Content-Length: 5\r\nContent-Length: 6\r\n", "hello", 400);
  t.post("shape 20: CL +5", "Content-Length: +5\r\n", "hello", 400);
  t.post("shape 21: CL 2^64", "Content-Length: 18446744073709551616\r\n", "", 413);
  t.headers("shape 22: space before colon", "X-A : 1\r\n", 400);
  t.add("shape 23: bare LF", "GET / HTTP/1.1\nHost: hub\n\n", 400);
  t.headers("shape 24: NUL in a value", std::string("X-A: a\0b\r\n", 10), 400);
  t.line("shape 25: raw space in target", "GET /a b HTTP/1.1", 400);
  t.line("shape 26: HTTP/1.2", "GET / HTTP/1.2", 505);
  t.add("shape 27: HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);
  t.add("shape 28: leading CRLF", "\r\nGET / HTTP/1.1\r\nHost: hub\r\n\r\n", 400);
  t.target("shape 29: absolute form, other host", "http://other/a", 400);
  t.line("shape 30: authority form", "CONNECT hub:443 HTTP/1.1", 501);
  t.target("shape 31: fragment", "/a#b", 400);
  t.headers("shape 32: header over 16 KiB", "X-A: " + std::string(17 * 1024, 'a') + "\r\n", 431);
}

inline void add_request_lines(RawRequestTable& t) {
  for (const std::string method : {"GET", "HEAD", "OPTIONS"})
    t.line("method " + method, method + " /healthz HTTP/1.1", 0);
  for (const std::string method : {"POST", "PUT", "DELETE", "PATCH"})
    t.add("method " + method,
          method + " /healthz HTTP/1.1\r\nHost: hub\r\nContent-Length: 0\r\n\r\n", 0);
  for (const std::string method :
       {"TRACE", "CONNECT", "PROPFIND", "LOCK", "MKCOL", "BREW", "GETS", "SPACEJUMP", "GE T", "G"})
    t.line("unknown method " + method, method + " / HTTP/1.1", 501);
  for (const std::string method : {"Get", "gET", "post", "G@T", "GET\t", "", "GET,POST", "(GET)",
                                   "GET/", "\"GET\"", "GET\x7F", "G\xC3\x89T"})
    t.line("malformed method " + method, method + " / HTTP/1.1", 400);
  t.line("HTTP/1.0", "GET /healthz HTTP/1.0", 0);
  for (const std::string version : {"HTTP/0.9", "HTTP/2.0", "HTTP/1.2", "HTTP/1.9", "HTTP/3.0"})
    t.line("version " + version, "GET / " + version, 505);
  for (const std::string version :
       {"http/1.1", "HTTP/1", "HTTP/11", "HTTP/1.10", "HTTP/01.1", "HTTP/1.1 ", "HTTP/1,1",
        "HTTP 1.1", "HTTP/+1.1", "HTTP/1.x", "ICY/1.1", "HTTPS/1.1", "HTTP/", "HTTP/1.1\t"})
    t.line("malformed version " + version, "GET / " + version, 400);
  t.line("no version", "GET /", 400);
  t.line("no target", "GET  HTTP/1.1", 400);
  t.line("only a method", "GET", 400);
  t.line("two spaces before the target", "GET  / HTTP/1.1", 400);
  t.line("two spaces before the version", "GET /  HTTP/1.1", 400);
  t.line("tab as separator", "GET\t/\tHTTP/1.1", 400);
  t.line("leading space", " GET / HTTP/1.1", 400);
  t.line("empty request line", "", 400);
  t.add("second CR", "GET / HTTP/1.1\r\r\nHost: hub\r\n\r\n", 400);
  t.add("bare CR as line end", "GET / HTTP/1.1\rHost: hub\r\n\r\n", 400);
  t.add("LF only between headers", "GET / HTTP/1.1\r\nHost: hub\nX-A: 1\r\n\r\n", 400);
  t.add("LF only at the end", "GET / HTTP/1.1\r\nHost: hub\r\n\n", 400);
  t.add("TLS hello", std::string("\x16\x03\x01\x02\x00\x01\x00\n", 8), 400);
  t.add("LF alone", "\n", 400);
  t.line("target of 8 KiB", "GET /" + std::string(8191, 'a') + " HTTP/1.1", 0);
  t.line("target over 8 KiB", "GET /" + std::string(8192, 'a') + " HTTP/1.1", 414);
  t.line("target of 20 KiB", "GET /" + std::string(20480, 'a') + " HTTP/1.1", 414);
}

inline void add_targets(RawRequestTable& t) {
  for (const std::string target : {"/",
                                   "/healthz",
                                   "/acme/tiny/resolve/refs%2Fpr%2F1/a%20dir/e%3Fx%25.txt",
                                   "/api/models?expand[]=sha",
                                   "/a+b",
                                   "/a:b@c",
                                   "/a,b;c=d",
                                   "/a?q=%20&r=a+b",
                                   "/a?x=/../y",
                                   "/a?url=http://x/y",
                                   "/%E4%BD%A0",
                                   "/a/b/",
                                   "/a//b",
                                   "/a%2Fb",
                                   "/~user",
                                   "/a!$&'()*",
                                   "/...",
                                   "/a..b/.c",
                                   "/.well-known",
                                   "/a?%C3%A9",
                                   "/a|b",
                                   "/a{b}",
                                   "/a[0]",
                                   "/a^b"})
    t.target("good target " + target, target, 0);
}

inline void add_bad_targets(RawRequestTable& t) {
  for (const std::string target : {"/..",
                                   "/.",
                                   "/../a",
                                   "/a/..",
                                   "/a/.",
                                   "/./a",
                                   "/%2e%2e/a",
                                   "/%2E%2e",
                                   "/%2e",
                                   "/.%2e",
                                   "/a/%2e./b",
                                   "/a%2F..%2Fb",
                                   "/..%2Fa",
                                   "/a%2F",
                                   "/%2Fa",
                                   "/a%2F%2Fb",
                                   "/a%2F.",
                                   "/%2e%2e%2f",
                                   "/a%5Cb",
                                   "/..%5Ca",
                                   "/a\\b",
                                   "/a%",
                                   "/a%2",
                                   "/a%g1",
                                   "/a%1g",
                                   "/a%%41",
                                   "/a% 41",
                                   "/a%0a",
                                   "/a%0d%0a",
                                   "/a%7f",
                                   "/a%1f",
                                   "/%00",
                                   "/a%c0%af",
                                   "/%c0%ae%c0%ae",
                                   "/%ff",
                                   "/%ed%a0%80",
                                   "/%f4%90%80%80",
                                   "/%e4%bd",
                                   "/a<b",
                                   "/a>b",
                                   "/a\"b",
                                   "/a`b",
                                   "/a#",
                                   "#",
                                   "/a?b#c",
                                   "/a?b=%00",
                                   "a",
                                   "a/b",
                                   "?a",
                                   "%2F",
                                   "\\a",
                                   "*",
                                   "hub:80",
                                   "hub",
                                   "http:/a",
                                   "http//hub/a",
                                   "ftp://hub/a",
                                   "HTTP://hub/",
                                   "http://",
                                   "http:///a",
                                   "http://user@hub/",
                                   "http://hub:80x/",
                                   "http://hub/../a",
                                   "http://hub#a",
                                   "javascript:alert(1)",
                                   "http://hub\\@other/"})
    t.target("bad target " + target, target, 400);
}

inline void add_absolute_targets(RawRequestTable& t) {
  t.target("absolute form, same host", "http://hub/healthz", 0);
  t.target("absolute form, host in capitals", "http://HUB/healthz", 0);
  t.target("absolute form without path", "http://hub", 0);
  t.target("absolute form with query only", "http://hub?a=b", 0);
  t.target("absolute form, other port", "http://hub:81/", 400);
  t.line("asterisk with OPTIONS", "OPTIONS * HTTP/1.1", 0);
  for (int byte = 0; byte <= 0x20; ++byte) {
    if (byte == '\n' || byte == '\r') continue;
    t.target("byte in target " + hex_name(byte), std::string("/a") + static_cast<char>(byte) + "b",
             400);
  }
  for (int byte = 0x7F; byte <= 0xFF; byte += 8)
    t.target("byte in target " + hex_name(byte), std::string("/a") + static_cast<char>(byte) + "b",
             400);
}

inline void add_header_shapes(RawRequestTable& t) {
  for (int byte = 0; byte < 0x20; ++byte) {
    if (byte == '\n' || byte == '\r') continue;
    const std::string value = std::string("X-A: a") + static_cast<char>(byte) + "b\r\n";
    t.headers("byte in value " + hex_name(byte), value, byte == '\t' ? 0 : 400);
    t.headers("byte in name " + hex_name(byte),
              std::string("X") + static_cast<char>(byte) + "A: b\r\n", 400);
  }
  t.headers("DEL in value", "X-A: a\x7F\r\n", 400);
  t.headers("8-bit in value", "X-A: caf\xC3\xA9\r\n", 0);
  for (const char c : std::string("()<>@,;\\\"/[]?={} \x7F\xC3"))
    t.headers(std::string("name with ") + c, std::string("X") + c + "A: 1\r\n", 400);
  for (const char c : std::string("!#$%&'*+-.^_`|~09aZ"))
    t.headers(std::string("name with ") + c, std::string("X") + c + "A: 1\r\n", 0);
  t.headers("no colon", "X-A\r\n", 400);
  t.headers("empty name", ": a\r\n", 400);
  t.headers("empty value", "X-A:\r\n", 0);
  t.headers("no blank after colon", "X-A:1\r\n", 0);
  t.headers("tab before colon", "X-A\t: 1\r\n", 400);
  t.headers("fold with tab", "X-A: 1\r\n\t2\r\n", 400);
  t.add("fold in the first header", "GET / HTTP/1.1\r\n Host: hub\r\n\r\n", 400);
  t.headers("CR in a value", "X-A: a\rb\r\n", 400);
  t.headers("CR before CRLF", "X-A: a\r\r\n", 400);
  std::string many;
  for (int i = 0; i < 99; ++i) many += "X-A: 1\r\n";
  t.headers("100 headers", many, 0);
  t.headers("101 headers", many + "X-A: 1\r\n", 431);
  t.headers("head of about 15 KiB", "X-A: " + std::string(15 * 1024, 'a') + "\r\n", 0);
  t.headers("Expect 100-continue on GET", "Expect: 100-continue\r\n", 0);
  t.headers("Expect other", "Expect: 200-ok\r\n", 417);
  for (const std::string name : {"Authorization", "Content-Type", "Range", "If-Range", "Expect"})
    t.headers("two " + name, name + ": a\r\n" + name + ": a\r\n", 400);
  t.headers("two Accept", "Accept: a\r\nAccept: b\r\n", 0);
  for (const std::string name :
       {"Host", "content-length", "Transfer-Encoding", "Authorization", "RANGE"})
    t.headers("Connection names " + name, "Connection: keep-alive, " + name + "\r\n", 400);
  for (const std::string value :
       {"close", "keep-alive", "Keep-Alive, TE", "Upgrade", "close, x", ""})
    t.headers("Connection " + value, "Connection: " + value + "\r\n", 0);
}

inline void add_hosts(RawRequestTable& t) {
  const auto with = [&t](const std::string& host, int status) {
    t.add("Host '" + host + "'", "GET /healthz HTTP/1.1\r\nHost: " + host + "\r\n\r\n", status);
  };
  for (const std::string host :
       {"hub", "hub:8080", "127.0.0.1:80", "[::1]", "[::1]:8080", "a-b.c_d.e", "HUB"})
    with(host, 0);
  for (const std::string host : {"",
                                 "hub, other",
                                 "hub other",
                                 "hub/",
                                 "user@hub",
                                 "hub:",
                                 "hub:80x",
                                 "hub:+80",
                                 "hub:800000",
                                 ":80",
                                 "[::1",
                                 "::1",
                                 "[]",
                                 "[::1]x",
                                 "[g]",
                                 "http://hub",
                                 "hub?a",
                                 "hub#a",
                                 "h\xC3\xBC"
                                 "b",
                                 "hub\\a",
                                 "hub%00",
                                 "h,ub",
                                 "<hub>",
                                 "\"hub\"",
                                 "hub:80:80"})
    with(host, 400);
  t.add("Host in two spellings", "GET / HTTP/1.1\r\nHost: hub\r\nhOST: other\r\n\r\n", 400);
  t.add("no Host in HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", 400);
}

inline void add_framing(RawRequestTable& t) {
  t.post("CL 5", "Content-Length: 5\r\n", "hello", 0);
  t.post("CL 0", "Content-Length: 0\r\n", "", 0);
  t.post("chunked", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n", 0);
  t.post("TE in small letters", "transfer-encoding: chunked\r\n", "0\r\n\r\n", 0);
  for (const std::string value :
       {"-5", "+0",  " 5 5", "5;",  "0x5",  "5.0",      "5e1",   "five", "\"5\"", "",   "05",
        "00", "5,6", "5 ",   "\t5", "5\t;", "\xD9\xA5", "1_000", "5-",   "--5",   "5%", "'5'"}) {
    const bool good = value == "5 " || value == "\t5";  // outer blanks are not part of the value
    t.post("CL '" + value + "'", "Content-Length: " + value + "\r\n", "hello", good ? 0 : 400);
  }
  for (const std::string value :
       {"9223372036854775808", "18446744073709551615", "99999999999999999999999"})
    t.post("CL " + value, "Content-Length: " + value + "\r\n", "", 413);
  for (const std::string value : {"Chunked",
                                  "CHUNKED",
                                  "chunked,",
                                  ",chunked",
                                  "chunked, chunked",
                                  "gzip, chunked",
                                  "identity",
                                  "chunked;q=1",
                                  "\"chunked\"",
                                  "chunked chunked",
                                  "chun ked",
                                  "",
                                  "trailers",
                                  "x",
                                  "deflate",
                                  "chunked\x0B",
                                  "\x0B"
                                  "chunked",
                                  "chunked\xA0",
                                  "compress",
                                  "chunked, gzip",
                                  "identity, chunked"})
    t.post("TE '" + value + "'", "Transfer-Encoding: " + value + "\r\n", "0\r\n\r\n", 400);
  t.post("TE chunked in two fields", "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
         "", 400);
  t.post("TE with space before colon", "Transfer-Encoding : chunked\r\n", "0\r\n\r\n", 400);
  t.post("TE folded", "Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n", 400);
  t.post("TE hidden behind CR", "X: a\rTransfer-Encoding: chunked\r\n", "0\r\n\r\n", 400);
  t.post("CL and TE in mixed case", "content-LENGTH: 5\r\nTRANSFER-encoding: chunked\r\n",
         "0\r\n\r\n", 400);
  t.post("CL twice in mixed case", "Content-Length: 5\r\ncontent-length: 5\r\n", "hello", 400);
  t.add("CL in HTTP/1.0", "POST /healthz HTTP/1.0\r\nHost: hub\r\nContent-Length: 2\r\n\r\nok", 0);
}

/// At least 300 rows.
inline std::vector<RawRequest> raw_requests() {
  RawRequestTable table;
  add_measured_shapes(table);
  add_request_lines(table);
  add_targets(table);
  add_bad_targets(table);
  add_absolute_targets(table);
  add_header_shapes(table);
  add_hosts(table);
  add_framing(table);
  return std::move(table.rows);
}

}  // namespace waag::tests
