#include "daemon/api/common/target.h"
#include "daemon/api/git/refs.h"
#include "daemon/api/git/wire.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "protocol/git/pkt_line.h"

/// POST git-upload-pack: negotiation, and the pack of what the client lacks. Each request brings
/// all that was said before: the server keeps nothing between them.
/// Source: git, gitprotocol-http(5), gitprotocol-pack(5), gitprotocol-v2(5).
namespace waag::daemon::api {
namespace {

using storage::GitFetch;

/// Half a million ids of 50 bytes.
constexpr std::size_t body_bytes_max = 32u << 20;

/// What was agreed upon, then the pack in packets of the side band, then a flush.
class PackBody final : public BodySource {
 public:
  PackBody(std::string preamble, std::unique_ptr<storage::ObjectSource> pack, bool side_band)
      : text_(std::move(preamble)), pack_(std::move(pack)), side_band_(side_band) {}

  Result<std::size_t> read(std::span<std::byte> out) override {
    std::size_t size = 0;
    while (size < out.size()) {
      if (at_ == text_.size()) {
        if (ended_) break;
        WAAG_CHECK(make_more());
        continue;
      }
      const auto part = std::min(out.size() - size, text_.size() - at_);
      std::memcpy(out.data() + size, text_.data() + at_, part);
      at_ += part;
      size += part;
    }
    return size;
  }

 private:
  Status make_more() {
    WAAG_TRY(const auto got, pack_->read(block_));
    const auto bytes = as_text(ByteView(block_).first(got));
    text_.clear();
    at_ = 0;
    ended_ = got == 0;
    if (!side_band_)
      text_ += bytes;
    else if (ended_)
      text_ += git::pkt_flush;
    else
      git::append_side_band(text_, git::SideBand::pack, bytes);
    return ok();
  }

  std::string text_;
  std::size_t at_ = 0;
  std::unique_ptr<storage::ObjectSource> pack_;
  const bool side_band_;
  bool ended_ = false;
  Bytes block_ = Bytes(git::side_band_bytes_max);
};

void append_shallow(std::string& text, const storage::ShallowCut& cut) {
  for (const auto& id : cut.shallow) git::append_pkt(text, "shallow " + id.hex());
  for (const auto& id : cut.unshallow) git::append_pkt(text, "unshallow " + id.hex());
}

/// The acknowledgements of versions 0 and 1. @return whether the pack follows
Result<bool> acknowledge_v0(std::string& text, const GitFetch& fetch) {
  const auto& request = fetch.request();
  const auto& common = fetch.common();
  if (!request.multi_ack_detailed) {
    git::append_pkt(text, common.empty() ? "NAK\n" : "ACK " + common.front().hex() + "\n");
    return request.done;
  }
  for (const auto& id : common) git::append_pkt(text, "ACK " + id.hex() + " common\n");
  bool ready = false;
  if (!request.done) {
    WAAG_TRY(ready, fetch.ready());
    if (ready) git::append_pkt(text, "ACK " + common.back().hex() + " ready\n");
    git::append_pkt(text, "NAK\n");
    if (!ready || !request.no_done) return false;
  }
  git::append_pkt(text, common.empty() ? "NAK\n" : "ACK " + common.back().hex() + "\n");
  return true;
}

/// The acknowledgements of version 2. @return whether the pack follows
Result<bool> acknowledge_v2(std::string& text, const GitFetch& fetch) {
  const auto& request = fetch.request();
  if (request.done || request.haves.empty()) return true;
  git::append_pkt(text, "acknowledgments\n");
  if (fetch.common().empty()) git::append_pkt(text, "NAK\n");
  for (const auto& id : fetch.common()) git::append_pkt(text, "ACK " + id.hex() + "\n");
  bool ready = false;
  if (!request.wait_for_done) {
    WAAG_TRY(ready, fetch.ready());
  }
  if (ready) git::append_pkt(text, "ready\n");
  text += ready ? git::pkt_delimiter : git::pkt_flush;
  return ready;
}

Result<Response> send_pack(Response response, std::string text, const GitFetch& fetch) {
  const auto& request = fetch.request();
  WAAG_TRY(auto pack, fetch.pack());
  if (request.side_band_64k && !request.no_progress)
    git::append_side_band(text, git::SideBand::progress,
                          "Total " + std::to_string(pack->objects()) + " objects\n");
  StreamBody body;
  body.source = std::make_shared<PackBody>(std::move(text), std::move(pack), request.side_band_64k);
  response.body = std::move(body);
  return response;
}

Result<Response> answer_v0(const GitFetch& fetch, Response response) {
  const auto& request = fetch.request();
  std::string text;
  if (request.deepen.asked()) {
    append_shallow(text, fetch.shallow());
    text += git::pkt_flush;
  }
  bool pack = false;
  if (request.negotiates) {
    WAAG_TRY(pack, acknowledge_v0(text, fetch));
  }
  if (pack) return send_pack(std::move(response), std::move(text), fetch);
  response.body = std::move(text);
  return response;
}

Result<Response> answer_v2(const GitFetch& fetch, Response response) {
  std::string text;
  WAAG_TRY(const bool pack, acknowledge_v2(text, fetch));
  if (!pack) {
    response.body = std::move(text);
    return response;
  }
  if (fetch.request().deepen.asked()) {
    git::append_pkt(text, "shallow-info\n");
    append_shallow(text, fetch.shallow());
    text += git::pkt_delimiter;
  }
  git::append_pkt(text, "packfile\n");
  return send_pack(std::move(response), std::move(text), fetch);
}

Result<Response> answer_fetch(storage::Store& store, std::uint64_t uid, git::FetchRequest request,
                              bool v2, Response response) {
  response.body = std::string();
  if (request.wants.empty()) return response;
  WAAG_TRY(const auto fetch, store.git_fetch(uid, std::move(request)));
  return v2 ? answer_v2(*fetch, std::move(response)) : answer_v0(*fetch, std::move(response));
}

Result<Response> answer_body(storage::Store& store, std::uint64_t uid, bool v2,
                             std::string_view body, Response response) {
  if (!v2) {
    WAAG_TRY(auto asked, git::parse_fetch_v0(body));
    return answer_fetch(store, uid, std::move(asked), v2, std::move(response));
  }
  WAAG_TRY(const auto command, git::parse_command(body));
  if (command.name == "fetch") {
    WAAG_TRY(auto asked, git::parse_fetch_v2(command.arguments));
    return answer_fetch(store, uid, std::move(asked), v2, std::move(response));
  }
  if (command.name != "ls-refs")
    return fail(Errc::invalid_argument, "unknown command of git's protocol");
  WAAG_TRY(const auto asked, git::parse_ls_refs(command.arguments));
  WAAG_TRY(response.body, list_refs_v2(store, uid, asked));
  return response;
}

/// What is wrong with a fetch is told in git's own words: the reply itself is a good one.
Result<Response> answer_upload_pack(storage::Store& store, const Request& request, const RepoId& id,
                                    std::string_view raw) {
  WAAG_TRY(const auto repo, git_wire::fetchable_repo(store, request.who, id));
  WAAG_TRY(const auto body, git_wire::decode_body(request, raw, body_bytes_max));
  auto response = git_wire::reply("application/x-git-upload-pack-result");
  const bool v2 = git_wire::protocol_version(request) == 2;
  auto answered = answer_body(store, repo.uid, v2, body, response);
  if (answered) return answered;
  const auto code = answered.error().code;
  if (code != Errc::not_found && code != Errc::invalid_argument && code != Errc::too_large)
    return answered;
  response.body = git_wire::error_line(answered.error());
  return response;
}

}  // namespace

Reply post_git_upload_pack(App& app, Request request) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  if (!request.body) co_return fail(Errc::invalid_argument, "the request has no body");
  auto check = [&store = app.store, who = request.who, id]() -> Status {
    WAAG_CHECK(git_wire::fetchable_repo(store, who, id));
    return ok();
  };
  WAAG_CO_CHECK(co_await offload(app.blocking, std::move(check)));
  WAAG_CO_TRY(auto body, co_await request.body->read_all(body_bytes_max));
  auto work = [&store = app.store, request = std::move(request), id, body = std::move(body)] {
    return answer_upload_pack(store, request, id, body);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
