#include "cli/http.h"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <mutex>

#include <curl/curl.h>

namespace waag::cli {
namespace {

constexpr std::size_t reply_bytes_max = 64u << 20;
constexpr long connect_limit_ms = 10'000;
constexpr long stall_limit_s = 60;  // no byte for so long: give up

struct SlistFree {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
using Slist = std::unique_ptr<curl_slist, SlistFree>;

void start_curl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

/// A transfer on its way.
struct Transfer {
  CURL* easy = nullptr;
  HttpReply reply;
  const Http::Take* take = nullptr;
  bool ended_by_us = false;
};

bool is_good(CURL* easy) {
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  return status >= 200 && status < 300;
}

std::size_t take_body(char* data, std::size_t, std::size_t bytes, void* transfer) {
  auto& now = *static_cast<Transfer*>(transfer);
  if (now.take != nullptr && is_good(now.easy)) {
    now.ended_by_us = !(*now.take)(std::string_view(data, bytes));
    return now.ended_by_us ? CURL_WRITEFUNC_ERROR : bytes;
  }
  auto& body = now.reply.body;
  if (body.size() + bytes > reply_bytes_max) return 0;
  body.append(data, bytes);
  return bytes;
}

std::size_t take_header(char* data, std::size_t, std::size_t bytes, void* transfer) {
  const std::string_view line(data, bytes);
  constexpr std::string_view link = "link:";
  bool is_link = line.size() > link.size();
  for (std::size_t i = 0; is_link && i < link.size(); ++i)
    is_link = (line[i] | 0x20) == (link[i] | 0x20);
  if (is_link)
    static_cast<Transfer*>(transfer)->reply.next = next_of_link(line.substr(link.size()));
  return bytes;
}

Slist headers_of(const HttpRequest& request) {
  Slist list;
  const auto add = [&list](const std::string& line) {
    list.reset(curl_slist_append(list.release(), line.c_str()));
  };
  add("Accept: application/json");
  add("Expect:");  // our bodies are small: no 100-continue round trip
  if (!request.body.empty()) add("Content-Type: " + request.content_type);
  for (const auto& [name, value] : request.headers) add(name + ": " + value);
  if (!request.token.empty()) add("Authorization: Bearer " + request.token);
  return list;
}

struct FileClose {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using OpenFile = std::unique_ptr<std::FILE, FileClose>;

/// The body is read from the file while it is sent.
Result<OpenFile> send_from_file(CURL* easy, const std::string& path) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(path, error);
  OpenFile file(error ? nullptr : std::fopen(path.c_str(), "rbe"));
  if (!file) return fail(Errc::not_found, "cannot read " + path);
  curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(easy, CURLOPT_READDATA, file.get());  // with fread, as is the default
  curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(bytes));
  return file;
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

}  // namespace

CurlHttp::CurlHttp() : easy_(nullptr) {
  start_curl();
  easy_ = curl_easy_init();
}

CurlHttp::~CurlHttp() { curl_easy_cleanup(static_cast<CURL*>(easy_)); }

Result<HttpReply> CurlHttp::send(const HttpRequest& request) { return perform(request, nullptr); }

Result<HttpReply> CurlHttp::stream(const HttpRequest& request, const Take& take) {
  return perform(request, &take);
}

Result<HttpReply> CurlHttp::perform(const HttpRequest& request, const Take* take) {
  auto* easy = static_cast<CURL*>(easy_);
  if (easy == nullptr) return fail(Errc::unavailable, "cannot start curl");
  curl_easy_reset(easy);
  Transfer transfer{easy, {}, take, false};
  const auto headers = headers_of(request);
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  OpenFile file;
  if (!request.file.empty()) {
    WAAG_TRY(file, send_from_file(easy, request.file));
  } else if (!request.body.empty()) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.c_str());
  } else if (request.method == "POST" || request.method == "PUT") {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t{0});
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "");
  }
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "waag/0.1.0");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_limit_ms);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, stall_limit_s);
  if (request.method == "GET") {
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, request.token.empty() ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, 5L);
  }
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  const auto code = curl_easy_perform(easy);
  if (code != CURLE_OK && !transfer.ended_by_us)
    return fail(Errc::unavailable, curl_easy_strerror(code));
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  transfer.reply.status = static_cast<unsigned>(status);
  return std::move(transfer.reply);
}

std::string next_of_link(std::string_view link) {
  while (true) {
    const auto open = link.find('<');
    const auto close = link.find('>', open == std::string_view::npos ? 0 : open);
    if (open == std::string_view::npos || close == std::string_view::npos) return "";
    const auto target = link.substr(open + 1, close - open - 1);
    const auto end = link.find('<', close);
    const auto params = link.substr(close, end == std::string_view::npos ? end : end - close);
    if (params.find("rel=\"next\"") != std::string_view::npos) return std::string(target);
    if (end == std::string_view::npos) return "";
    link.remove_prefix(end);
  }
}

std::string encode_segment(std::string_view text) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += hex[byte >> 4];
    out += hex[byte & 15];
  }
  return out;
}

}  // namespace waag::cli
