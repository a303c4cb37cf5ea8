#include "daemon/api/lfs/uploads.h"

#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <optional>
#include <set>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "daemon/api/lfs/upload_parts.h"
#include "protocol/hash.h"

namespace waag::daemon {
namespace {

/// An upload that got no part for so long is dropped: its hrefs have run out.
constexpr std::chrono::hours idle_limit{24};
/// How old the time in a session row may grow: a part costs no row.
constexpr std::chrono::hours touch_every{1};
/// Parts that the request of one part ingests besides: its reply must not wait for all the others.
constexpr int parts_per_call = 2;

Error from_errno(const char* what) {
  const auto code = errno == ENOSPC || errno == EDQUOT ? Errc::no_space : Errc::internal;
  return fail(code, std::string(what) + ": " + std::strerror(errno));
}

/// What a session row holds.
std::string encode_touched(storage::TimeMs at) { return std::to_string(at.count()); }
std::optional<storage::TimeMs> decode_touched(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return storage::TimeMs(count);
}

}  // namespace

struct Uploads::Upload {
  std::filesystem::path folder;
  storage::TimeMs touched{};   // guarded by Uploads::mutex_
  storage::TimeMs recorded{};  // likewise; what its row says

  std::mutex received_mutex;
  std::map<std::uint32_t, std::uint32_t> received;  // part -> CRC-32C of its file

  std::mutex ingest_mutex;  // held while bytes are read and stored
  std::unique_ptr<storage::Ingest> ingest;
  std::vector<std::uint32_t> ingested;  // CRC-32C of parts 1, 2, ...

  std::optional<std::uint32_t> crc_of(std::uint32_t part) {
    const std::lock_guard lock(received_mutex);
    const auto found = received.find(part);
    if (found == received.end()) return std::nullopt;
    return found->second;
  }

  std::optional<std::uint32_t> first_missing(std::uint32_t part_count) {
    const std::lock_guard lock(received_mutex);
    for (std::uint32_t number = 1; number <= part_count; ++number)
      if (!received.contains(number)) return number;
    return std::nullopt;
  }

  /// A part that was ingested and then sent again with other bytes makes all start over.
  void drop_stale_ingest() {
    for (std::uint32_t i = 0; i < ingested.size(); ++i) {
      if (crc_of(i + 1) == ingested[i]) continue;
      ingest.reset();
      ingested.clear();
      return;
    }
  }

  /// Feeds the next part's file. @return false if it has not come yet, or is damaged
  Result<bool> ingest_next(storage::Store& store) {
    const auto number = static_cast<std::uint32_t>(ingested.size()) + 1;
    const auto expected = crc_of(number);
    if (!expected) return false;
    if (!ingest) {
      WAAG_TRY(ingest, store.ingest());
    }
    const auto take = [this](ByteView bytes) { return ingest->write(bytes); };
    const auto crc = upload_parts::read(folder, number, take);
    if (crc && *crc == *expected) {
      ingested.push_back(*crc);
      return true;
    }
    ingest.reset();  // it has taken wrong bytes, or a piece of the right ones
    ingested.clear();
    if (!crc) return crc.error();
    // Replaced meanwhile, or a power cut has left less of it than came.
    const std::lock_guard lock(received_mutex);
    const auto found = received.find(number);
    if (found != received.end() && found->second == *expected) received.erase(found);
    return false;
  }
};

Uploads::Part::Part(std::filesystem::path folder, std::uint32_t number)
    : folder_(std::move(folder)), number_(number) {
  static std::atomic<std::uint64_t> drafts{0};  // only makes names differ
  draft_ = folder_ / ("draft-" + std::to_string(++drafts));
  fd_ = ::open(draft_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

Uploads::Part::~Part() {
  if (fd_ >= 0) ::close(fd_);
  if (!draft_.empty()) ::unlink(draft_.c_str());
}

Status Uploads::Part::write(ByteView bytes) {
  crc_ = crc32c(bytes, crc_);
  return put(bytes);
}

Status Uploads::Part::put(ByteView bytes) {
  if (fd_ < 0) return fail(Errc::internal, "cannot create a part");
  while (!bytes.empty()) {
    const auto wrote = ::write(fd_, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return from_errno("cannot write a part");
    bytes = bytes.subspan(static_cast<std::size_t>(wrote));
  }
  return ok();
}

Status Uploads::Part::seal() { return put(upload_parts::trailer(crc_)); }

std::string Uploads::id_of(std::string_view key, const HrefGrant& whole) {
  const auto text = "waag-upload-1\n" + whole.user + "\n" + std::to_string(whole.repo_uid) + "\n" +
                    whole.oid.hex() + "\n" + std::to_string(whole.size_bytes);
  return hmac_sha256(as_bytes(key), as_bytes(text)).hex().substr(0, 40);
}

Status Uploads::resume(storage::Store& store, storage::TimeMs now) {
  std::set<std::string> kept;
  WAAG_TRY(const auto sessions, store.list_sessions());
  for (const auto& [id, value] : sessions) {
    const auto touched = decode_touched(value);
    const auto folder = store.scratch() / id;
    std::error_code ignored;
    const bool alive = touched && *touched + idle_limit >= now;
    if (!alive || !std::filesystem::is_directory(folder, ignored)) {
      (void)store.delete_session(id);  // on a full disk it stays until the next start
      continue;
    }
    auto upload = std::make_shared<Upload>();
    upload->folder = folder;
    upload->touched = upload->recorded = *touched;
    upload->received = upload_parts::find(folder);
    kept.insert(id);
    const std::lock_guard lock(mutex_);
    uploads_[id] = std::move(upload);
  }
  std::vector<std::filesystem::path> strays;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(store.scratch(), ignored))
    if (!kept.contains(entry.path().filename().string())) strays.push_back(entry.path());
  for (const auto& stray : strays) std::filesystem::remove_all(stray, ignored);
  return ok();
}

std::map<std::string, std::shared_ptr<Uploads::Upload>> Uploads::take_idle(std::string_view but,
                                                                           storage::TimeMs now) {
  std::map<std::string, std::shared_ptr<Upload>> idle;
  const std::lock_guard lock(mutex_);
  for (auto at = uploads_.begin(); at != uploads_.end();) {
    const bool old = at->first != but && at->second->touched + idle_limit < now;
    if (old) idle.insert(*at);
    at = old ? uploads_.erase(at) : std::next(at);
  }
  return idle;
}

Result<std::shared_ptr<Uploads::Upload>> Uploads::find(storage::Store& store, std::string_view id,
                                                       storage::TimeMs now) {
  for (const auto& [old, upload] : take_idle(id, now)) drop(store, old, *upload);
  std::shared_ptr<Upload> upload;
  bool record = false;
  {
    const std::lock_guard lock(mutex_);
    auto& slot = uploads_[std::string(id)];
    if (!slot) slot = std::make_shared<Upload>();
    // Once: parts that are under way read it without the lock.
    if (slot->folder.empty()) slot->folder = store.scratch() / std::string(id);
    slot->touched = now;
    record = slot->recorded + touch_every < now;
    upload = slot;
  }
  if (record) {
    WAAG_CHECK(store.put_session(id, encode_touched(now)));
    const std::lock_guard lock(mutex_);
    upload->recorded = now;
  }
  std::error_code error;
  std::filesystem::create_directories(upload->folder, error);
  if (error) return fail(Errc::internal, "cannot create a scratch folder: " + error.message());
  return upload;
}

/// A folder or row that stays is swept at the next start.
void Uploads::drop(storage::Store& store, std::string_view id, const Upload& upload) {
  std::error_code ignored;
  std::filesystem::remove_all(upload.folder, ignored);
  (void)store.delete_session(id);
}

void Uploads::forget(std::string_view id) {
  const std::lock_guard lock(mutex_);
  if (const auto found = uploads_.find(id); found != uploads_.end()) uploads_.erase(found);
}

Result<std::unique_ptr<Uploads::Part>> Uploads::open_part(storage::Store& store,
                                                          std::string_view id, std::uint32_t number,
                                                          storage::TimeMs now) {
  WAAG_CHECK(store.writable());
  WAAG_TRY(auto upload, find(store, id, now));
  auto part = std::make_unique<Part>(upload->folder, number);
  if (part->fd_ < 0) return from_errno("cannot create a part");
  part->upload_ = std::move(upload);
  return part;
}

Result<std::string> Uploads::finish_part(storage::Store& store, std::unique_ptr<Part> part) {
  WAAG_CHECK(part->seal());
  const auto path = upload_parts::path_of(part->folder_, part->number_);
  auto& upload = *part->upload_;
  {
    const std::lock_guard lock(upload.received_mutex);
    if (::rename(part->draft_.c_str(), path.c_str()) != 0) return from_errno("cannot keep a part");
    part->draft_.clear();
    upload.received[part->number_] = part->crc_;
  }
  // Whoever holds the lock goes on by itself; what is left over then, the completion takes.
  if (const std::unique_lock lock(upload.ingest_mutex, std::try_to_lock); lock) {
    upload.drop_stale_ingest();
    for (int i = 0; i < parts_per_call; ++i) {
      WAAG_TRY(const bool more, upload.ingest_next(store));
      if (!more) break;
    }
  }
  return "part-" + std::to_string(part->number_) + "-" + std::to_string(part->crc_);
}

namespace {

/// A completion that is sent again after it has succeeded finds the work done.
Result<bool> is_done(storage::Store& store, const HrefGrant& whole) {
  WAAG_TRY(const auto held, store.blob_size(whole.oid));
  WAAG_TRY(const bool known, store.has_uploaded(whole.user, whole.repo_uid, whole.oid));
  WAAG_TRY(const bool damaged, store.is_damaged(whole.oid));
  return held == whole.size_bytes && known && !damaged;
}

}  // namespace

Status Uploads::complete(storage::Store& store, std::string_view id, const HrefGrant& whole,
                         std::uint32_t part_count) {
  WAAG_TRY(const bool done_before, is_done(store, whole));
  if (done_before) return ok();
  std::shared_ptr<Upload> upload;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = uploads_.find(id); found != uploads_.end()) upload = found->second;
  }
  if (!upload) return fail(Errc::invalid_argument, "no part of this upload has come");
  const std::lock_guard lock(upload->ingest_mutex);
  WAAG_TRY(const bool meanwhile, is_done(store, whole));
  if (meanwhile) return ok();
  upload->drop_stale_ingest();
  while (upload->ingested.size() < part_count) {
    WAAG_TRY(const bool more, upload->ingest_next(store));
    const auto missing = more ? std::nullopt : upload->first_missing(part_count);
    if (missing)
      return fail(Errc::invalid_argument, "part " + std::to_string(*missing) + " is missing");
  }
  upload->drop_stale_ingest();
  if (upload->ingested.size() != part_count)
    return fail(Errc::invalid_argument, "a part changed during the completion");
  storage::IngestExpect expect;
  expect.id = whole.oid;
  expect.size_bytes = whole.size_bytes;
  const auto done =
      upload->ingest->finish(expect, store.possession(whole.user, whole.repo_uid, whole.oid));
  upload->ingest.reset();
  upload->ingested.clear();
  if (!done && done.error().code != Errc::unprocessable) return done.error();
  forget(id);
  drop(store, id, *upload);
  if (!done) return done.error();
  return ok();
}

std::shared_ptr<Uploads> make_uploads() { return std::make_shared<Uploads>(); }

}  // namespace waag::daemon
