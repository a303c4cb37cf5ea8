#include "daemon/api/xet/shard_session.h"

#include <algorithm>
#include <cstring>

#include "daemon/api/xet/access.h"
#include "daemon/http/errors.h"
#include "daemon/observe/log.h"
#include "protocol/hub/errors.h"
#include "protocol/hub/json_writer.h"

namespace waag::daemon {
namespace {

/// A tenth of a second at 1.9 GB/s, a few seconds from a slow disk: clients want a sign of life
/// every 20 s (XET 5.7).
constexpr std::uint64_t slice_bytes = 256ull << 20;

}  // namespace

Result<std::shared_ptr<ShardSession>> begin_shard_session(App& app, Request request) {
  WAAG_TRY(const auto repo, open_xet_repo(app.store, request, XetNeed::write));
  storage::ShardOwner owner{request.who.user, repo.uid};
  WAAG_TRY(auto ingest, app.store.xet().ingest_shard(std::move(owner)));
  return std::make_shared<ShardSession>(app, std::move(request), std::move(ingest));
}

Status ShardSession::end() {
  WAAG_TRY(progress_, ingest_->end());
  return ok();
}

Result<bool> ShardSession::verify() {
  if (progress_.done()) return true;
  WAAG_TRY(progress_, ingest_->verify(slice_bytes));
  return progress_.done();
}

Status ShardSession::publish() {
  WAAG_CHECK(open_xet_repo(app_.store, request_, XetNeed::write));
  WAAG_TRY(const auto done, ingest_->publish());
  new_files_ = done.new_files;
  return ok();
}

Result<std::size_t> ShardFrames::read(std::span<std::byte> out) {
  if (at_ == line_.size()) {
    if (step_ == Step::over) return std::size_t{0};
    line_ = next() + "\n";
    at_ = 0;
  }
  const auto part = std::min(out.size(), line_.size() - at_);
  std::memcpy(out.data(), line_.data() + at_, part);
  at_ += part;
  return part;
}

std::string ShardFrames::next() {
  if (step_ == Step::announce) {
    step_ = Step::verify;
    return validating();
  }
  if (step_ == Step::verify) {
    const auto all = session_->verify();
    if (!all) return failed(all.error());
    if (!*all) return validating();
    step_ = Step::publish;
    return R"({"type":"committing","stage":"syncing"})";
  }
  const auto published = session_->publish();
  if (!published) return failed(published.error());
  step_ = Step::over;
  return session_->new_files() > 0 ? R"({"type":"result","result":1})"
                                   : R"({"type":"result","result":0})";
}

std::string ShardFrames::validating() {
  const auto& progress = session_->progress();
  hub::JsonWriter json;
  json.begin_object().field("type", "validating").field("verified", progress.verified_bytes);
  json.field("total", progress.total_bytes).end_object();
  return json.take();
}

std::string ShardFrames::failed(const Error& error) {
  step_ = Step::over;
  const auto shown = xet_error(error);
  const auto row = hub::error_row(shown.code, hub::Caller::known);
  const bool ours = row.status >= 500;
  hub::JsonWriter json;
  json.begin_object().field("type", "error");
  json.field("message", ours ? row.text : std::string_view(shown.what));
  json.field("retryable", ours).end_object();
  return json.take();
}

}  // namespace waag::daemon
