#pragma once

#include <functional>
#include <map>
#include <mutex>

#include "daemon/mirror/xet/traffic.h"
#include "daemon/mirror/xet/xet_tokens.h"
#include "protocol/xet/remote/remote_plan.h"
#include "storage/fill/intervals.h"
#include "storage/mirror/xet_chunks.h"

namespace waag::daemon {

/// Brings a part of a file by Xet: asks which chunks of which xorbs it is made of, reads those that
/// are here and fetches the others. One call of read(), on a thread that may block; stop() from
/// any.
///
/// Signed URLs often allow just their range, so a range is fetched whole as the plan names it; for
/// chunks that are only some of a range a plan of their own is asked for.
class XetReader {
 public:
  struct File {
    RepoId repo;
    CommitId commit;
    FileHash hash;
  };
  /// A chunk that came: for what is known of its xorb.
  using Learn = std::function<void(const XorbHash& xorb, std::uint32_t number,
                                   const storage::XorbChunk& chunk)>;
  /// The file's next bytes, at most chunk_bytes_max at a time.
  using Take = std::function<Status(ByteView bytes)>;
  struct Parts {
    HubClient& hub;
    XetTokens& tokens;
    const storage::XetChunks& chunks;
    XetTraffic& traffic;
    std::chrono::milliseconds call_time;  // of one call for a plan or a token
    Learn learn;
    std::shared_ptr<const Throttle> throttle{};  // of xorbs as they travel; null: none
  };

  XetReader(Parts parts, File file) : parts_(std::move(parts)), file_(std::move(file)) {}

  /// @return Errc::upstream_failed if the upstream does not keep to the protocol; what it answered;
  ///         what `take` returned; Errc::unavailable after stop()
  Status read(storage::Stretch part, const Take& take);
  void stop();
  /// How much of the part would not be fetched, as its chunks came in earlier files. Errors as of
  /// read().
  Result<std::uint64_t> known_bytes(storage::Stretch part);
  /// What the upstream says the part is made of. Errors as of read().
  Result<xet::RemotePlan> plan(storage::Stretch part);

 private:
  struct Known {
    std::vector<storage::XorbChunk> front;  // of the term, from its first chunk on
    std::vector<storage::XorbChunk> back;   // up to its last
    std::uint32_t front_bytes = 0;
    std::uint32_t back_bytes = 0;
  };
  class Fetch;

  Result<UpstreamReply> ask_plan(storage::Stretch part);
  Status read_term(const xet::RemotePlan& plan, const xet::PlanTerm& term, std::uint64_t at);
  Status fetch_term(const xet::RemotePlan& plan, const xet::PlanTerm& term, std::uint64_t at);
  Status fetch_range(const xet::RemoteRange& range, const xet::PlanTerm& wanted);
  Result<Known> known_of(const xet::PlanTerm& term);
  Result<const storage::SeenXorb*> seen(const XorbHash& xorb);
  Result<bool> is_here(const storage::XorbChunk& chunk, bool or_recent) const;
  Status read_known(const std::vector<storage::XorbChunk>& chunks);
  Status deliver(ByteView raw);
  void remember(const xet::PlanTerm& term, std::uint32_t number, const storage::XorbChunk& chunk,
                ByteView raw);

  const Parts parts_;
  const File file_;
  const Take* take_ = nullptr;
  std::uint64_t skip_ = 0;  // of the chunks to come: before the part
  std::uint64_t left_ = 0;  // of the part
  bool second_version_ = true;
  std::map<XorbHash, storage::SeenXorb> seen_;
  std::map<ChunkHash, Bytes> recent_;  // of short terms: they come again, as zeros do

  std::mutex mutex_;  // guards all below
  bool stopped_ = false;
  std::shared_ptr<HttpClient::Transfer> transfer_;
};

}  // namespace waag::daemon
