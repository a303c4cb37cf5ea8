#include "daemon/api/lfs/uploads.h"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "protocol/hash.h"

namespace waag::daemon {
namespace {

/// An upload that got no part for so long is dropped: its hrefs have run out.
constexpr std::chrono::hours idle_limit{24};
/// Parts that the request of one part ingests besides: its reply must not wait for all the others.
constexpr int parts_per_call = 2;
constexpr std::size_t read_bytes = 1u << 20;

std::string part_name(std::uint32_t number) { return "part-" + std::to_string(number); }

Error from_errno(const char* what) {
  const auto code = errno == ENOSPC || errno == EDQUOT ? Errc::no_space : Errc::internal;
  return fail(code, std::string(what) + ": " + std::strerror(errno));
}

class ReadFd {
 public:
  explicit ReadFd(const std::filesystem::path& path)
      : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~ReadFd() {
    if (fd_ >= 0) ::close(fd_);
  }
  ReadFd(const ReadFd&) = delete;
  ReadFd& operator=(const ReadFd&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

struct Uploads::Upload {
  std::filesystem::path folder;
  storage::TimeMs touched{};  // guarded by Uploads::mutex_

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

  /// A part that was ingested and then sent again with other bytes makes all start over.
  void drop_stale_ingest() {
    for (std::uint32_t i = 0; i < ingested.size(); ++i) {
      if (crc_of(i + 1) == ingested[i]) continue;
      ingest.reset();
      ingested.clear();
      return;
    }
  }

  /// Feeds the next part's file. @return false if it has not come yet
  Result<bool> ingest_next(storage::Store& store) {
    const auto number = static_cast<std::uint32_t>(ingested.size()) + 1;
    if (!crc_of(number)) return false;
    if (!ingest) {
      WAAG_TRY(ingest, store.ingest());
    }
    const ReadFd file(folder / part_name(number));
    if (file.get() < 0) return from_errno("cannot open a part");
    std::vector<std::byte> buffer(read_bytes);
    std::uint32_t crc = 0;
    while (true) {
      const auto got = ::read(file.get(), buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return from_errno("cannot read a part");
      if (got == 0) break;
      const auto bytes = ByteView(buffer).first(static_cast<std::size_t>(got));
      crc = crc32c(bytes, crc);
      WAAG_CHECK(ingest->write(bytes));
    }
    ingested.push_back(crc);
    return true;
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
  if (fd_ < 0) return fail(Errc::internal, "cannot create a part");
  crc_ = crc32c(bytes, crc_);
  while (!bytes.empty()) {
    const auto wrote = ::write(fd_, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return from_errno("cannot write a part");
    bytes = bytes.subspan(static_cast<std::size_t>(wrote));
  }
  return ok();
}

std::string Uploads::id_of(std::string_view key, const HrefGrant& whole) {
  const auto text = "waag-upload-1\n" + whole.user + "\n" + std::to_string(whole.repo_uid) + "\n" +
                    whole.oid.hex() + "\n" + std::to_string(whole.size_bytes);
  return hmac_sha256(as_bytes(key), as_bytes(text)).hex().substr(0, 40);
}

std::shared_ptr<Uploads::Upload> Uploads::find(const std::filesystem::path& folder,
                                               std::string_view id, storage::TimeMs now) {
  std::vector<std::shared_ptr<Upload>> stale;  // their files go after the lock
  std::shared_ptr<Upload> upload;
  {
    const std::lock_guard lock(mutex_);
    for (auto at = uploads_.begin(); at != uploads_.end();) {
      const bool old = at->first != id && at->second->touched + idle_limit < now;
      if (old) stale.push_back(at->second);
      at = old ? uploads_.erase(at) : std::next(at);
    }
    auto& slot = uploads_[std::string(id)];
    if (!slot) slot = std::make_shared<Upload>();
    slot->folder = folder;
    slot->touched = now;
    upload = slot;
  }
  std::error_code ignored;
  for (const auto& old : stale) std::filesystem::remove_all(old->folder, ignored);
  return upload;
}

void Uploads::forget(std::string_view id) {
  const std::lock_guard lock(mutex_);
  if (const auto found = uploads_.find(id); found != uploads_.end()) uploads_.erase(found);
}

Result<std::unique_ptr<Uploads::Part>> Uploads::open_part(storage::Store& store,
                                                          std::string_view id, std::uint32_t number,
                                                          storage::TimeMs now) {
  WAAG_CHECK(store.writable());
  const auto folder = store.scratch() / std::string(id);
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return fail(Errc::internal, "cannot create a scratch folder: " + error.message());
  auto part = std::make_unique<Part>(folder, number);
  if (part->fd_ < 0) return from_errno("cannot create a part");
  part->upload_ = find(folder, id, now);
  return part;
}

Result<std::string> Uploads::finish_part(storage::Store& store, std::unique_ptr<Part> part) {
  const auto path = part->folder_ / part_name(part->number_);
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
    if (!more)
      return fail(Errc::invalid_argument,
                  "part " + std::to_string(upload->ingested.size() + 1) + " is missing");
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
  std::error_code ignored;
  std::filesystem::remove_all(upload->folder, ignored);
  if (!done) return done.error();
  return ok();
}

std::shared_ptr<Uploads> make_uploads() { return std::make_shared<Uploads>(); }

}  // namespace waag::daemon
