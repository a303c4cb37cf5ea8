#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "daemon/auth/secrets/signed_href.h"
#include "storage/store.h"

namespace waag::daemon {

/// Multipart uploads on their way in. Parts come in any order, in parallel and repeatedly, as files
/// of the store's scratch folder; the contiguous prefix is ingested while later parts still arrive,
/// so that the completion waits for the tail only (SHA-256 cannot be joined from parts). They
/// outlive the process: a row each says when its client was last heard of, its folder what has
/// come, and clients go on with what is missing. Thread-safe; calls block.
class Uploads {
 public:
  /// One part's bytes on their way to a file.
  class Part;

  /// 40 hex digits that only this user's upload of this object to this repo has.
  static std::string id_of(std::string_view key, const HrefGrant& whole);

  /// Takes up what the last process left, and sweeps what has idled too long or is no upload. To be
  /// called before anything else.
  Status resume(storage::Store& store, storage::TimeMs now);

  /// @param number from 1
  Result<std::unique_ptr<Part>> open_part(storage::Store& store, std::string_view id,
                                          std::uint32_t number, storage::TimeMs now);
  /// Puts the part in place. @return its ETag without quotes
  Result<std::string> finish_part(storage::Store& store, std::unique_ptr<Part> part);
  /// Verifies and publishes the object. @return Errc::invalid_argument if a part is missing,
  /// Errc::unprocessable if size or hash are wrong (then all parts are dropped)
  Status complete(storage::Store& store, std::string_view id, const HrefGrant& whole,
                  std::uint32_t part_count);

 private:
  struct Upload;
  Result<std::shared_ptr<Upload>> find(storage::Store& store, std::string_view id,
                                       storage::TimeMs now);
  std::map<std::string, std::shared_ptr<Upload>> take_idle(std::string_view but,
                                                           storage::TimeMs now);
  static void drop(storage::Store& store, std::string_view id, const Upload& upload);
  void forget(std::string_view id);

  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Upload>, std::less<>> uploads_;
};

class Uploads::Part {
 public:
  Part(std::filesystem::path folder, std::uint32_t number);
  ~Part();
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;
  Status write(ByteView bytes);

 private:
  friend class Uploads;
  Status put(ByteView bytes);
  Status seal();  // behind the last write

  std::filesystem::path folder_;
  std::filesystem::path draft_;
  std::uint32_t number_;
  int fd_ = -1;
  std::uint32_t crc_ = 0;
  std::shared_ptr<Upload> upload_;
};

}  // namespace waag::daemon
