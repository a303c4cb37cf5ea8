#include "daemon/api/git/wire.h"

#include <vector>

#include "daemon/auth/file_access.h"
#include "protocol/git/pkt_line.h"

namespace waag::daemon::git_wire {
namespace {

constexpr std::size_t block_bytes = 64 * 1024;

}  // namespace

int protocol_version(const Request& request) {
  // "version=2", or a list of such keys parted by colons; the highest that we know wins.
  std::string_view rest = request.headers.get("Git-Protocol").value_or("");
  int version = 0;
  while (!rest.empty()) {
    const auto key = rest.substr(0, rest.find(':'));
    if (key == "version=1") version = std::max(version, 1);
    if (key == "version=2") version = 2;
    rest.remove_prefix(std::min(key.size() + 1, rest.size()));
  }
  return version;
}

Result<storage::RepoRow> fetchable_repo(storage::Store& store, const Identity& who,
                                        const RepoId& id) {
  WAAG_TRY(auto repo, authorised_repo(store, who, id, Action::read));
  WAAG_CHECK(need_files(store, who, repo));
  return repo;
}

Result<BodyDecoder> BodyDecoder::of(const Request& request) {
  const auto encoding = request.headers.get("Content-Encoding").value_or("identity");
  BodyDecoder decoder;
  if (encoding == "gzip" || encoding == "x-gzip")
    decoder.inflater_.emplace(git::ZlibFormat::gzip);
  else if (encoding != "identity")
    return fail(Errc::invalid_argument, "the body's encoding is not supported");
  return decoder;
}

Status BodyDecoder::feed(ByteView bytes, const Sink& sink) {
  if (!inflater_) return bytes.empty() ? ok() : sink(bytes);
  std::vector<std::byte> block(block_bytes);
  while (true) {
    if (done_ && !bytes.empty())
      return fail(Errc::invalid_argument, "bytes after the end of the body's encoding");
    if (done_) return ok();
    const auto step = inflater_->next(bytes, block);
    if (!step) return fail(Errc::invalid_argument, "the body's encoding is damaged");
    done_ = step->done;
    bytes = bytes.subspan(step->consumed_bytes);
    if (step->produced_bytes == 0 && bytes.empty()) return ok();
    if (step->produced_bytes > 0) WAAG_CHECK(sink(ByteView(block).first(step->produced_bytes)));
  }
}

Status BodyDecoder::finish() const {
  if (inflater_ && !done_) return fail(Errc::invalid_argument, "the body's encoding is cut short");
  return ok();
}

Result<std::string> decode_body(const Request& request, std::string_view body,
                                std::size_t bytes_max) {
  WAAG_TRY(auto decoder, BodyDecoder::of(request));
  std::string text;
  const auto append = [&](ByteView bytes) -> Status {
    if (bytes.size() > bytes_max - text.size())
      return fail(Errc::too_large, "Request body too large");
    text += as_text(bytes);
    return ok();
  };
  WAAG_CHECK(decoder.feed(as_bytes(body), append));
  WAAG_CHECK(decoder.finish());
  return text;
}

Response reply(std::string_view content_type) {
  Response response;
  response.headers.set("Content-Type", std::string(content_type));
  response.headers.set("Cache-Control", "no-cache, max-age=0, must-revalidate");
  return response;
}

std::string error_line(const Error& error) {
  std::string line;
  git::append_pkt(line, "ERR " + error.what.substr(0, 1000) + "\n");
  return line;
}

}  // namespace waag::daemon::git_wire
