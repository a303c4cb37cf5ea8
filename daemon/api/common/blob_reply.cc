#include "daemon/api/common/blob_reply.h"

#include <algorithm>
#include <array>

#include "daemon/http/errors.h"
#include "protocol/http/byte_range.h"

namespace waag::daemon {
namespace {

Response with_headers(const BlobReply& reply, unsigned status) {
  Response response;
  response.status = status;
  response.headers = reply.headers;
  response.headers.set("ETag", "\"" + reply.etag + "\"");
  response.headers.set("Accept-Ranges", "bytes");
  return response;
}

Response not_satisfiable(const BlobReply& reply) {
  auto response =
      error_response(fail(Errc::range_not_satisfiable, "range outside the file"), Identity{});
  for (const auto& [name, value] : reply.headers.all())
    if (name != "Content-Type" && name != "Content-Disposition") response.headers.set(name, value);
  response.headers.set("ETag", "\"" + reply.etag + "\"");
  response.headers.set("Content-Range", http::unsatisfied_content_range(reply.size_bytes));
  return response;
}

}  // namespace

Result<Response> blob_response(const Request& request, BlobReply reply) {
  const auto quoted = "\"" + reply.etag + "\"";
  const auto none_match = request.headers.get("If-None-Match");
  if (none_match && http::if_none_match(*none_match, quoted)) return with_headers(reply, 304);
  std::optional<http::ByteRange> range;
  auto wanted = request.headers.get("Range");
  if (reply.from_the_start && wanted && wanted->ends_with('-')) wanted.reset();
  const auto if_range = request.headers.get("If-Range");
  if (wanted && (!if_range || http::if_range_allows(*if_range, quoted))) {
    const auto parsed = http::parse_byte_range(*wanted, reply.size_bytes);
    if (!parsed) return not_satisfiable(reply);
    range = *parsed;
  }
  auto response = with_headers(reply, range ? 206 : 200);
  if (range) response.headers.set("Content-Range", http::content_range(*range, reply.size_bytes));
  // @huggingface/hub 2.17 asks for bytes=0-0 and reads the size here, also that of an empty file.
  if (wanted && reply.size_bytes == 0)
    response.headers.set("Content-Range", http::unsatisfied_content_range(0));
  const auto bytes = range ? range->size_bytes() : reply.size_bytes;
  if (request.method == Method::head) {
    response.content_length = bytes;
    return response;
  }
  if (bytes == 0) {
    response.body = std::string();
    return response;
  }
  if (reply.follow) {
    const bool rest = !range || wanted->ends_with('-');
    WAAG_TRY(auto source, reply.follow(range.value_or(http::ByteRange{0, bytes - 1}), rest));
    response.body = StreamBody{nullptr, bytes, true, std::move(source)};
    return response;
  }
  WAAG_TRY(auto blob, reply.open());
  response.body = BlobBody{std::move(blob), range ? range->first : 0, bytes};
  return response;
}

std::string_view content_type_of(std::string_view path) {
  constexpr std::array text_endings{".txt",    ".md",   ".json", ".jsonl",         ".yaml",
                                    ".yml",    ".toml", ".cfg",  ".ini",           ".py",
                                    ".sh",     ".c",    ".cc",   ".cpp",           ".h",
                                    ".js",     ".ts",   ".css",  ".html",          ".htm",
                                    ".xml",    ".svg",  ".csv",  ".tsv",           ".jinja",
                                    ".jinja2", ".rst",  ".log",  ".gitattributes", ".gitignore",
                                    ".ipynb",  ".tex",  ".bib"};
  const auto name = path.substr(path.rfind('/') + 1);
  const bool text = std::ranges::any_of(
      text_endings, [name](std::string_view ending) { return name.ends_with(ending); });
  const bool plain =
      name == "LICENSE" || name == "README" || name == "Dockerfile" || name == "Makefile";
  return text || plain ? "text/plain; charset=utf-8" : "application/octet-stream";
}

}  // namespace waag::daemon
