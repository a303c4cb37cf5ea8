#include <algorithm>

#include "daemon/api/common/pump.h"
#include "daemon/api/common/target.h"
#include "daemon/api/git/wire.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "daemon/http/errors.h"
#include "protocol/git/pkt_line.h"
#include "protocol/git/push_request.h"
#include "protocol/hub/card/front_matter.h"
#include "protocol/hub/preupload.h"

/// POST git-receive-pack: commands, then a pack. Whatever is wrong with them is reported in the
/// reply's body, as git expects. Source: git, gitprotocol-pack(5); rules: HUB_API 7.2.
namespace waag::daemon::api {
namespace {

using storage::GitPush;

/// Pointers to missing LFS files that one refusal names.
constexpr std::size_t named_files_max = 10;
constexpr std::string_view main_ref = "refs/heads/main";
constexpr std::string_view pulls = "refs/pr/";

/// One push on its way in. After an error the rest of the body is read and forgotten: git does not
/// look at the reply before it has sent everything.
class PushIntake {
 public:
  PushIntake(std::unique_ptr<GitPush> push, git_wire::BodyDecoder decoder)
      : push_(std::move(push)), decoder_(std::move(decoder)) {}

  Status feed(ByteView bytes) {
    if (!error_.empty()) return ok();
    return note(decoder_.feed(bytes, [this](ByteView decoded) { return take(decoded); }));
  }
  /// After the last byte. @return Errc::invalid_argument if there are not even whole commands
  Result<git::PushRequest> finish() {
    WAAG_CHECK(note(decoder_.finish()));
    if (!request_) return fail(Errc::invalid_argument, "the commands of the push are cut short");
    return *request_;
  }
  /// What was wrong with the pack; "" if nothing.
  [[nodiscard]] const std::string& error() const { return error_; }
  GitPush& push() { return *push_; }
  /// An error of the pusher is kept for the report; others are the hub's.
  Status note(Status status) {
    if (status || !request_) return status;
    const auto code = status.error().code;
    const bool pushers = code == Errc::unprocessable || code == Errc::invalid_argument;
    if (!pushers) return status;
    error_ = status.error().what;
    return ok();
  }

 private:
  Status take(ByteView bytes) {
    if (request_) return push_->feed(bytes);
    head_ += as_text(bytes);
    while (true) {
      WAAG_TRY(const auto next, git::pkt_bytes(std::string_view(head_).substr(scanned_)));
      if (!next || scanned_ + *next > head_.size()) break;
      const bool flush = std::string_view(head_).substr(scanned_).starts_with(git::pkt_flush);
      scanned_ += *next;
      if (!flush) continue;
      WAAG_TRY(request_, git::parse_push(std::string_view(head_).substr(0, scanned_)));
      const auto rest = as_bytes(head_).subspan(scanned_);
      return rest.empty() ? ok() : push_->feed(rest);
    }
    if (head_.size() > git::push_head_bytes_max)
      return fail(Errc::too_large, "too many commands in one push");
    return ok();
  }

  std::unique_ptr<GitPush> push_;
  git_wire::BodyDecoder decoder_;
  std::string head_;  // the commands' lines
  std::size_t scanned_ = 0;
  std::optional<git::PushRequest> request_;
  std::string error_;
};

/// A pull request's commits may be pushed until it is merged.
Status check_pulls(storage::Store& store, const Identity& who, const storage::RepoRow& repo,
                   const git::PushRequest& request) {
  for (const auto& command : request.commands) {
    if (!command.name.starts_with(pulls)) continue;
    const auto allowed = authorised_ref(store, who, repo.id, command.name);
    if (allowed) continue;
    const auto& error = allowed.error();
    if (error.code != Errc::conflict && error.code != Errc::forbidden) return error;
    return fail(Errc::unprocessable, command.name + ": " + error.what);
  }
  return ok();
}

/// A pointer stands for its file: who may not have the file may not push the pointer.
Status check_pointers(storage::Store& store, const Identity& who, const storage::RepoRow& repo,
                      const GitPush& push) {
  std::string missing;
  std::size_t count = 0;
  for (const auto& [blob, named] : push.pointers()) {
    const auto& pointer = named.pointer;
    WAAG_TRY(const bool allowed, may_name_blob(store, who, repo, pointer.oid));
    WAAG_TRY(const auto size_bytes, store.blob_size(pointer.oid));
    if (allowed && size_bytes != pointer.size_bytes)
      return fail(Errc::unprocessable,
                  "\"" + named.path + "\" is an LFS pointer with a wrong size");
    if (allowed || ++count > named_files_max) continue;
    missing += "\n  " + named.path + " (" + pointer.oid.hex() + ")";
  }
  if (count == 0) return ok();
  if (count > named_files_max) missing += "\n  and others";
  return fail(Errc::unprocessable,
              "LFS files were not uploaded to this repository (git lfs push):" + missing);
}

/// What is wrong with the card that main has now: the pusher is told, nothing is refused.
Result<std::string> card_warnings(storage::Store& store, std::uint64_t uid,
                                  const std::vector<git::RefReport>& refs) {
  const auto pushed = [](const auto& ref) { return ref.name == main_ref && ref.reason.empty(); };
  if (std::ranges::none_of(refs, pushed)) return std::string();
  WAAG_TRY(const auto head, store.resolve(uid, main_ref));
  WAAG_TRY(const auto snapshot, store.snapshot(uid, head));
  const auto entry = snapshot->stat("README.md");
  const bool card = entry && entry->type == storage::TreeEntry::Type::file && !entry->lfs;
  if (!card) return std::string();
  WAAG_TRY(const auto reader, store.open_git_blob(entry->oid));
  Bytes text(std::min<std::uint64_t>(reader->size_bytes(), 2 * hub::front_matter_bytes_max));
  WAAG_TRY(const auto size, reader->read(0, text));
  std::string warnings;
  for (const auto& error : hub::check_card(as_text(ByteView(text).first(size))).errors)
    warnings += "warning: README.md: " + error + "\n";
  return warnings;
}

/// The reply's body: what git prints after "remote:", then the report.
std::string spell_reply(const git::PushRequest& request, const std::string& message,
                        const std::vector<git::RefReport>& refs) {
  std::string text;
  if (request.side_band_64k) git::append_side_band(text, git::SideBand::progress, message);
  if (request.report_status) {
    const auto report = git::push_report("", refs);
    if (request.side_band_64k)
      git::append_side_band(text, git::SideBand::pack, report);
    else
      text += report;
  }
  if (request.side_band_64k) text += git::pkt_flush;
  return text;
}

Result<std::string> land(storage::Store& store, const Identity& who, const storage::RepoRow& repo,
                         PushIntake& intake) {
  WAAG_TRY(const auto request, intake.finish());
  if (request.commands.empty()) return std::string();  // git asks so whether it may push
  if (intake.error().empty()) WAAG_CHECK(intake.note(check_pulls(store, who, repo, request)));
  if (intake.error().empty()) WAAG_CHECK(intake.note(intake.push().check(request)));
  if (intake.error().empty())
    WAAG_CHECK(intake.note(check_pointers(store, who, repo, intake.push())));
  std::vector<git::RefReport> refs;
  if (!intake.error().empty()) {
    for (const auto& command : request.commands) refs.push_back({command.name, intake.error()});
    return spell_reply(request, "error: " + intake.error() + "\n", refs);
  }
  WAAG_TRY(refs, intake.push().land(request));
  // The refs have moved: whatever happens now, the report says so.
  const auto warnings = card_warnings(store, repo.uid, refs);
  return spell_reply(request, warnings ? *warnings : "", refs);
}

Result<std::shared_ptr<PushIntake>> open_push(storage::Store& store, const Request& request,
                                              const storage::RepoRow& repo) {
  WAAG_TRY(auto decoder, git_wire::BodyDecoder::of(request));
  storage::PushOptions options;
  options.repo_uid = repo.uid;
  options.user = request.who.user;
  options.blob_bytes_max = hub::regular_file_bytes_max;
  WAAG_TRY(auto push, store.git_push(std::move(options)));
  return std::make_shared<PushIntake>(std::move(push), std::move(decoder));
}

}  // namespace

Reply post_git_receive_pack(App& app, Request request) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  auto check = [&store = app.store, who = request.who, id] {
    return authorised_repo(store, who, id, Action::write);
  };
  WAAG_CO_TRY(auto repo, co_await offload(app.blocking, std::move(check)));
  if (!request.body) co_return fail(Errc::invalid_argument, "the request has no body");
  // A form of another site could not send this type with a browser's kept credentials.
  if (request.headers.get("Content-Type") != "application/x-git-receive-pack-request")
    co_return refusal(415, "This is not a git push");
  auto open = [&store = app.store, &request, &repo] { return open_push(store, request, repo); };
  WAAG_CO_TRY(const auto intake, co_await offload(app.blocking, std::move(open)));
  Sink sink = [intake](ByteView bytes) { return intake->feed(bytes); };
  WAAG_CO_CHECK(co_await pump(request.body, app.blocking, std::move(sink)));
  auto work = [&store = app.store, who = request.who, repo = std::move(repo),
               intake]() -> Result<Response> {
    auto response = git_wire::reply("application/x-git-receive-pack-result");
    WAAG_TRY(response.body, land(store, who, repo, *intake));
    return response;
  };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
