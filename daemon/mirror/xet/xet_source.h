#pragma once

#include <functional>
#include <vector>

#include <boost/asio/thread_pool.hpp>

#include "daemon/mirror/hub_source.h"
#include "daemon/mirror/xet/other_revisions.h"
#include "daemon/mirror/xet/xet_reader.h"
#include "storage/store.h"

namespace waag::daemon {

/// Less is a call or two by plain HTTP, and by Xet three or more.
inline constexpr std::uint64_t xet_file_bytes_min = 512 * 1024;

/// Of one file by plain HTTP while Xet is being asked: 160 ms at 50 MB/s.
inline constexpr std::uint64_t lead_bytes_max = 8u << 20;

/// What the sources of a mirror share.
struct XetServices {
  storage::Store& store;
  XetTokens tokens;
  OtherRevisions other_revisions;
  XetTraffic traffic;
  /// Of each call before the first byte comes: who waits for that gives up soon after.
  std::chrono::milliseconds call_time;
  /// Fixed name, file, what went wrong.
  std::function<void(std::string_view event, const std::string& about, const Status& status)> log;
  boost::asio::thread_pool workers;  // last: joined before the rest goes

  XetServices(storage::Store& into, storage::Clock& clock, std::size_t threads)
      : store(into), tokens(clock), other_revisions(into), call_time(5'000), workers(threads) {}
};

/// A file of one upstream by the Xet protocol, where the upstream offers it: chunks that came in
/// earlier files are read here instead of fetched. Whatever goes wrong with Xet, the bytes come by
/// plain HTTP, the rest of that part first, then all.
///
/// Before the first byte by Xet stand four round trips: the file's hash, a token, a plan, the xorb.
/// Meanwhile the first parts lead, plainly: at most lead_bytes_max, and a quarter of the file. What
/// of them stands where in the upstream's xorbs is learned from a plan when the file is here.
class XetSource final : public ByteSource, public std::enable_shared_from_this<XetSource> {
 public:
  struct File {
    HubSource::File there;
    BlobId blob;
    std::string about;  // for the log
    /// Of the repo here. If that has another revision, some of the file is probably here by chunks,
    /// and nothing is fetched before a plan says what. nullopt: the same.
    std::optional<std::uint64_t> repo_uid{};
  };
  /// @param services, hub  outlive it
  /// @param plain  the same file by plain HTTP
  XetSource(XetServices& services, HubClient& hub, std::shared_ptr<ByteSource> plain, File file);

  std::shared_ptr<HttpClient::Transfer> fetch(storage::Stretch part,
                                              std::shared_ptr<UpstreamSink> sink,
                                              std::shared_ptr<const Throttle> throttle) override;
  [[nodiscard]] bool trusted() const override { return hub_.trusted(); }
  [[nodiscard]] const std::string& name() const override { return hub_.base_url(); }
  Result<std::uint64_t> known_bytes() override;
  bool change_way() override;
  void filled() override;

  // --- parts ---
  /// What reads a part. Blocks; an error if the upstream does not offer the file by Xet.
  Result<std::shared_ptr<XetReader>> reader(std::shared_ptr<const Throttle> throttle);
  /// A part could not be had by Xet.
  void note_trouble(const Error& error);
  /// A part that led has ended; `came` of it is here. @param failed  it brings no more
  void end_lead(storage::Stretch came, bool failed);
  void on_worker(std::function<void()> work);
  [[nodiscard]] ByteSource& plain() { return *plain_; }
  void count_plain(std::uint64_t bytes) { traffic_.count(XetRoad::plain, bytes); }
  [[nodiscard]] const XetTraffic& traffic() const { return traffic_; }

 private:
  class Counted;
  /// What the upstream says a lead is made of.
  struct Led {
    storage::Stretch of;  // all its terms
    std::vector<xet::PlanTerm> terms;
  };
  void begin_lead();
  bool may_lead(storage::Stretch part);
  Status ask_terms(storage::Stretch came);
  Status learn_leads();
  Result<FileHash> file_hash();
  Result<FileHash> ask_hash();
  void ask_token();
  void learn(const XorbHash& xorb, std::uint32_t number, const storage::XorbChunk& chunk);
  void check_hash();
  [[nodiscard]] bool is_plain() const;

  XetServices& services_;
  HubClient& hub_;
  const File file_;
  const std::shared_ptr<ByteSource> plain_;
  storage::XetChunks chunks_;
  XetTraffic traffic_;

  std::once_flag lead_begun_;
  std::mutex asking_;  // one call for the hash; before mutex_
  mutable std::mutex mutex_;
  std::optional<FileHash> hash_;
  bool plain_only_ = false;
  bool way_changed_ = false;
  unsigned troubles_ = 0;
  std::map<XorbHash, storage::SeenXorb> learned_;
  std::size_t learned_chunks_ = 0;
  unsigned leads_ = 0;  // under way
  bool has_led_ = false;
  std::uint64_t lead_left_ = 0;
  std::vector<Led> led_;
};

}  // namespace waag::daemon
