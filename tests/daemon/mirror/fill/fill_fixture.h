#pragma once

#include <boost/asio/io_context.hpp>

#include "daemon/mirror/fill/fill.h"
#include "protocol/git/object.h"
#include "protocol/lfs/pointer.h"
#include "tests/daemon/mirror/fill/fake_source.h"
#include "tests/support/store_fixture.h"

namespace waag::daemon::testing {

/// A real store with a mirrored repo, and fills of its files from fake sources.
struct FillFixture : waag::testing::StoreFixture {
  static constexpr std::uint64_t kib = 1024;
  static constexpr std::uint64_t mib = 1u << 20;
  static constexpr std::uint64_t held_back = 64 * kib;

  /// A repo that has the content as an LFS file, or as a regular one.
  void mirror(const std::string& content, bool lfs = true) {
    storage::NewMirror repo;
    repo.id = {RepoType::model, "acme", "tiny"};
    storage::Listing listing;
    listing.upstream = "https://hub.example";
    listing.name = "acme/tiny";
    listing.ref = "refs/heads/main";
    listing.commit.bytes.fill(std::byte{7});
    storage::ListedFile file;
    file.path = "file";
    file.size_bytes = content.size();
    file.oid = git::blob_id(as_bytes(content));
    if (lfs) {
      file.lfs = sha256(as_bytes(content));
      file.oid = git::blob_id(as_bytes(lfs::serialize_pointer({*file.lfs, content.size()})));
    }
    listing.files.push_back(file);
    const auto row = store->mirrors().import(repo, listing);
    if (!row) FAIL("import: " << row.error().what);
    uid = row->uid;
  }

  std::shared_ptr<FakeSource> source(const std::string& content, bool trusted = true) {
    sources.push_back(std::make_shared<FakeSource>(content, trusted));
    return sources.back();
  }
  WantedFile wanted(const std::string& content, std::vector<std::shared_ptr<ByteSource>> from,
                    bool lfs = true) const {
    WantedFile file;
    file.repo_uid = uid;
    file.size_bytes = content.size();
    file.about = "acme/tiny file";
    if (lfs)
      file.id = sha256(as_bytes(content));
    else
      file.id = git::blob_id(as_bytes(content));
    file.sources = std::move(from);
    return file;
  }
  static Fill::Limits limits(std::size_t streams = 1, unsigned tries = 3) {
    Fill::Limits made;
    made.streams = streams;
    made.tries = tries;
    made.pause = std::chrono::milliseconds(1);
    return made;
  }
  /// Goes on with what an earlier one has left.
  std::shared_ptr<Fill> fill(const WantedFile& file, Fill::Limits with = limits()) {
    auto part = storage::FillFile::open(*disk, store->fills(), file.key(), file.size_bytes, "boot");
    if (!part) FAIL("part: " << part.error().what);
    return std::make_shared<Fill>(*store, file, with, *std::move(part));
  }
  [[nodiscard]] bool has_part(const WantedFile& file) const {
    return std::filesystem::exists(store->fills() / (file.key() + ".part"));
  }

  std::uint64_t uid = 0;
  std::vector<std::shared_ptr<FakeSource>> sources;
};

/// A fill on a thread of its own; stopped at the latest by the end of the test.
class RunningFill {
 public:
  explicit RunningFill(std::shared_ptr<Fill> fill)
      : fill_(std::move(fill)),
        thread_([this](std::stop_token stop) { result_ = fill_->run(std::move(stop)); }) {}
  void stop() { thread_.request_stop(); }
  /// How it ended; it must end by itself, or have been stopped.
  Status end() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    const auto over = fill_->wait_until(deadline);
    if (!over && over.error().code == Errc::deadline_exceeded) FAIL("the fill does not end");
    if (thread_.joinable()) thread_.join();
    return result_;
  }

 private:
  std::shared_ptr<Fill> fill_;
  Status result_ = fail(Errc::internal, "it has not ended");
  std::jthread thread_;  // last: joined first
};

/// A place in a fill, asked by hand.
class ReaderProbe {
 public:
  ReaderProbe(Fill& fill, Stretch range, bool rest = true) : fill_(fill) {
    reader_.range = range;
    reader_.rest = rest;
    reader_.at = range.begin;
    reader_.executor = context_.get_executor();
    reader_.timer = std::make_shared<asio::steady_timer>(reader_.executor);
    fill_.add_reader(reader_);
  }
  ~ReaderProbe() { fill_.remove_reader(reader_); }
  ReaderProbe(const ReaderProbe&) = delete;
  ReaderProbe& operator=(const ReaderProbe&) = delete;

  Result<std::uint64_t> ready() { return fill_.ready(reader_); }
  /// What it may have now.
  std::uint64_t bytes() {
    const auto there = ready();
    if (!there) FAIL("ready: " << there.error().what);
    return *there;
  }
  Errc error() {
    const auto there = ready();
    REQUIRE_FALSE(there);
    return there.error().code;
  }
  void advance(std::uint64_t bytes) { fill_.advance(reader_, bytes); }

 private:
  asio::io_context context_;
  Fill& fill_;
  Fill::Reader reader_;
};

}  // namespace waag::daemon::testing
