#pragma once

#include <chrono>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <variant>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "daemon/mirror/fill/byte_source.h"
#include "daemon/mirror/fill/stream_budget.h"
#include "daemon/mirror/fill/stretch_plan.h"
#include "daemon/upstream/askers.h"
#include "storage/fill/fill_file.h"
#include "storage/store.h"

namespace waag::daemon {

/// What a mirrored repo's file is called until its bytes are here.
struct WantedFile {
  std::uint64_t repo_uid = 0;
  std::variant<BlobId, GitId> id;  // GitId: a regular file
  std::uint64_t size_bytes = 0;
  std::string about;                                 // for the log: "ns/name path"
  std::vector<std::shared_ptr<ByteSource>> sources;  // in the order in which they are tried

  /// Of its part in DATA/fills: a repo's own, as what another repo's upstream sends proves nothing.
  [[nodiscard]] std::string key() const;
};

/// One file on its way in. Its bytes come in parts, those that readers want first, into a fill
/// file; behind the front of it goes the ingest, so that the file is published soon after its last
/// byte. Readers follow what is there, but get the file's end only when all of it is verified:
/// so nobody ever holds a whole file that is wrong. Of a trusted upstream a short stretch is given
/// as it comes, also of the end, where some formats have their table of contents. A reader that
/// leaves ends nothing; a rule that leaves does, if the file came for rules alone. Thread-safe.
class Fill : public std::enable_shared_from_this<Fill> {
 public:
  struct Limits {
    std::size_t streams = 4;  // transfers at a time
    std::uint64_t stretch_bytes_max = 32ull << 20;
    unsigned tries = 5;  // transfers that may fail, one after another, without a byte between them
    std::chrono::milliseconds pause{500};  // before the second try; doubled for each next
    std::shared_ptr<StreamBudget> budget;  // of all fills together; null: none
    /// Of those with a cap, apart from the others: slow transfers must not take their places.
    std::shared_ptr<StreamBudget> capped_budget{};
  };
  enum class State : std::uint8_t { running, done, failed };

  /// @param cap  as ask()
  Fill(storage::Store& store, WantedFile wanted, Limits limits,
       std::unique_ptr<storage::FillFile> file, std::shared_ptr<RateCap> cap = nullptr);

  /// Brings the file and publishes it. Blocks; once, and once more after each end that is_parked().
  /// @return what readers were told in the end
  Status run(std::stop_token stop);

  // --- for whom it runs ---
  /// As Askers::ask().
  void ask(std::shared_ptr<RateCap> cap);
  /// As Askers::leave(). When nobody is left, the transfers end, and run() with them.
  void leave(const std::shared_ptr<RateCap>& cap);
  [[nodiscard]] bool is_wanted() const { return askers_.any(); }
  /// run() has ended as nobody wanted the file, and nobody was told; what came is kept.
  [[nodiscard]] bool is_parked() const;

  /// Instead of an end of run(), which threw.
  void give_up(const Status& status);

  // --- readers ---
  struct Reader {
    Stretch range;     // what it asked for
    bool rest = true;  // all of the file from range.begin on: it may complete a whole one
    std::uint64_t at = 0;
    std::uint64_t generation = 0;
    asio::any_io_executor executor;
    std::shared_ptr<asio::steady_timer> timer;
    bool waits = false;
  };
  /// @param reader  lives until remove_reader()
  void add_reader(Reader& reader);
  void remove_reader(Reader& reader);
  /// Bytes at reader.at that it may have now; 0: its timer will be cancelled when there are some.
  /// An error if the fill failed, or began anew after a bad one.
  Result<std::uint64_t> ready(Reader& reader);
  /// The reader has taken so many bytes.
  void advance(Reader& reader, std::uint64_t bytes);
  [[nodiscard]] const storage::FillFile& file() const { return *file_; }

  // --- those who wait for all of it ---
  /// @return how it ended; Errc::deadline_exceeded if it has not
  Status wait_until(std::chrono::steady_clock::time_point deadline);
  [[nodiscard]] State state() const;
  [[nodiscard]] const WantedFile& wanted() const { return wanted_; }
  /// Some readers were given bytes that were not the file's, and were cut off.
  [[nodiscard]] bool went_wrong() const;
  [[nodiscard]] std::uint64_t fetched_bytes() const;

 private:
  class Stream;
  Status run_from(ByteSource& source, const std::stop_token& stop);
  Error park();
  [[nodiscard]] std::size_t streams_at_once(bool for_reader) const;
  [[nodiscard]] std::optional<std::unique_ptr<StreamBudget::Slot>> take_slot(bool for_reader) const;
  Status verify_and_publish();
  Status publish_file();
  Status begin_anew();
  bool start_streams(ByteSource& source);
  Status reap();
  void adapt(std::chrono::steady_clock::duration taken);
  Status ingest_front(const std::stop_token& stop);
  void cancel_streams();
  void finish(const Status& status);
  void wake_readers(bool all);
  [[nodiscard]] bool complete() const;

  storage::Store& store_;
  const WantedFile wanted_;
  const Limits limits_;
  const std::unique_ptr<storage::FillFile> file_;
  std::unique_ptr<storage::Ingest> ingest_;
  std::uint64_t ingested_ = 0;
  Askers askers_;
  bool resumed_ = false;  // some bytes are from an earlier life: if all is wrong, they may be it

  mutable std::mutex mutex_;  // guards all below
  std::condition_variable_any changed_;
  State state_{State::running};
  Error error_;
  bool parked_ = false;
  bool trusted_ = true;
  std::uint64_t generation_ = 0;
  std::list<Reader*> readers_;
  std::vector<std::shared_ptr<Stream>> streams_;
  std::uint64_t stretch_bytes_ = 2u << 20;  // of one transfer; grows with the pace
  std::uint64_t fetched_ = 0;
  unsigned failures_ = 0;  // in a row
  std::chrono::steady_clock::time_point failed_at_{};
  std::uint64_t unannounced_bytes_ = 0;  // readers who wait were not told
  std::chrono::steady_clock::time_point announced_{};
};

}  // namespace waag::daemon
