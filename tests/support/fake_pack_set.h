#pragma once

#include <map>

#include "storage/pack/pack_set.h"

namespace waag::testing {

/// Packs whose directories follow from the extent alone: record n of pack p is always the same
/// entry. For tests of what is derived from extents; holds no payload.
class FakePackSet final : public storage::PackSet {
 public:
  static storage::DirectoryEntry entry(storage::PackId pack, std::uint32_t record) {
    storage::DirectoryEntry entry;
    entry.hash.fill(static_cast<std::byte>(record));
    entry.hash[0] = static_cast<std::byte>(static_cast<std::uint64_t>(pack));
    entry.at.pack = pack;
    entry.at.record = record;
    entry.at.offset = record * 100;
    if (record % 2 == 1) {  // every other record is a git object
      entry.at.kind = storage::RecordKind::git_tree;
      std::fill(entry.hash.begin() + 20, entry.hash.end(), std::byte{0});
    }
    return entry;
  }

  Result<std::unique_ptr<storage::PackWriter>> writer(storage::PackClass) override {
    return no_payload();
  }
  Status recover(const std::vector<storage::PackExtent>& extents) override {
    recovered = extents;
    return ok();
  }
  Result<std::shared_ptr<const storage::PackDirectory>> directory(storage::PackId) override {
    return no_payload();
  }
  Result<std::vector<storage::DirectoryEntry>> entries(const storage::PackExtent& extent) override {
    std::vector<storage::DirectoryEntry> entries;
    for (std::uint32_t i = 0; i < extent.records; ++i)
      entries.push_back(entry(extent.pack, extent.first_record + i));
    return entries;
  }
  Result<Bytes> read(const storage::Location&) override { return no_payload(); }
  Status read_into(const storage::Location&, std::span<std::byte>) override { return no_payload(); }
  Result<std::optional<storage::RawRun>> raw_run(std::span<const storage::Location>) override {
    return no_payload();
  }
  [[nodiscard]] const Options& options() const override { return options_; }
  Result<std::vector<storage::PackId>> list() const override {
    return std::vector<storage::PackId>{};
  }
  Result<std::vector<storage::PackFinding>> verify(storage::PackId) override {
    return no_payload();
  }
  storage::DamagedRecords& damaged() override { return damaged_; }
  Status close() override { return ok(); }

  std::vector<storage::PackExtent> recovered;  // what the last recovery said

 private:
  Options options_;
  storage::DamagedRecords damaged_;
  static Error no_payload() { return fail(Errc::unavailable, "a fake holds no payload"); }
};

}  // namespace waag::testing
