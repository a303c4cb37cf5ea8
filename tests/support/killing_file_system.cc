#include "tests/support/killing_file_system.h"

#include <atomic>

#include <signal.h>
#include <unistd.h>

namespace waag::testing {

using storage::File;
using storage::FileSystem;
using storage::OpenMode;

namespace {

struct Trigger {
  std::uint64_t at = 0;
  Death death{Death::before};
  std::uint64_t* changes = nullptr;
  std::atomic<std::uint64_t> count{0};

  /// True at the change to die at.
  bool due() {
    const auto now = ++count;
    *changes = now;
    return now == at;
  }
  [[noreturn]] static void die() {
    ::kill(::getpid(), SIGKILL);
    for (;;) ::pause();
  }
};

template <class Change>
Status die_around(Trigger& trigger, Change change) {
  const bool due = trigger.due();
  if (due && trigger.death != Death::after) Trigger::die();
  auto done = change();
  if (due) Trigger::die();
  return done;
}

class KillingFile final : public File {
 public:
  KillingFile(std::unique_ptr<File> inner, std::shared_ptr<Trigger> trigger)
      : inner_(std::move(inner)), trigger_(std::move(trigger)) {}

  Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> out) const override {
    return inner_->read(offset, out);
  }
  Status write(std::uint64_t offset, ByteView bytes) override {
    const bool due = trigger_->due();
    if (due && trigger_->death == Death::half)
      (void)inner_->write(offset, bytes.first(bytes.size() / 2));
    if (due && trigger_->death != Death::after) Trigger::die();
    auto done = inner_->write(offset, bytes);
    if (due) Trigger::die();
    return done;
  }
  Status sync() override {
    return die_around(*trigger_, [&] { return inner_->sync(); });
  }
  Status truncate(std::uint64_t size_bytes) override {
    return die_around(*trigger_, [&] { return inner_->truncate(size_bytes); });
  }
  Result<std::uint64_t> size() const override { return inner_->size(); }
  int descriptor() const override { return inner_->descriptor(); }

 private:
  std::unique_ptr<File> inner_;
  std::shared_ptr<Trigger> trigger_;
};

class KillingFileSystem final : public FileSystem {
 public:
  KillingFileSystem(std::unique_ptr<FileSystem> inner, std::shared_ptr<Trigger> trigger)
      : inner_(std::move(inner)), trigger_(std::move(trigger)) {}

  Result<std::unique_ptr<File>> open(const std::filesystem::path& path, OpenMode mode) override {
    const bool due = mode == OpenMode::create_new && trigger_->due();
    if (due && trigger_->death != Death::after) Trigger::die();
    WAAG_TRY(auto file, inner_->open(path, mode));
    if (due) Trigger::die();
    return std::unique_ptr<File>(std::make_unique<KillingFile>(std::move(file), trigger_));
  }
  Status create_dir(const std::filesystem::path& path) override {
    return die_around(*trigger_, [&] { return inner_->create_dir(path); });
  }
  Status rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
    return die_around(*trigger_, [&] { return inner_->rename(from, to); });
  }
  Status remove(const std::filesystem::path& path) override {
    return die_around(*trigger_, [&] { return inner_->remove(path); });
  }
  Status sync_dir(const std::filesystem::path& path) override {
    return die_around(*trigger_, [&] { return inner_->sync_dir(path); });
  }
  Result<std::vector<std::string>> list(const std::filesystem::path& path) const override {
    return inner_->list(path);
  }
  bool exists(const std::filesystem::path& path) const override { return inner_->exists(path); }
  Result<std::uint64_t> free_bytes(const std::filesystem::path& path) const override {
    return inner_->free_bytes(path);
  }

 private:
  std::unique_ptr<FileSystem> inner_;
  std::shared_ptr<Trigger> trigger_;
};

}  // namespace

std::unique_ptr<FileSystem> make_killing_file_system(std::unique_ptr<FileSystem> inner,
                                                     std::uint64_t at, Death death,
                                                     std::uint64_t* changes) {
  auto trigger = std::make_shared<Trigger>();
  trigger->at = at;
  trigger->death = death;
  trigger->changes = changes;
  return std::make_unique<KillingFileSystem>(std::move(inner), std::move(trigger));
}

}  // namespace waag::testing
