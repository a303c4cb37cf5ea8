#include "convert/io/weight_ledger.h"

#include <charconv>

namespace waag::convert {
namespace {

constexpr std::string_view magic = "waag-convert weights 1 ";
constexpr std::uint64_t ledger_bytes_max = 64 << 20;

struct Entry {
  std::uint64_t weight = 0;
  std::uint32_t crc = 0;
};

/// "17 3735928559\n"; takes it off the front of `text`. False if it is not whole.
bool take_entry(std::string_view& text, Entry& entry) {
  const auto line_end = text.find('\n');
  if (line_end == std::string_view::npos) return false;
  const auto* end = text.data() + line_end;
  const auto first = std::from_chars(text.data(), end, entry.weight);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != ' ') return false;
  const auto second = std::from_chars(first.ptr + 1, end, entry.crc);
  if (second.ec != std::errc{} || second.ptr != end) return false;
  text.remove_prefix(line_end + 1);
  return true;
}

}  // namespace

Result<WeightLedger> WeightLedger::open(OutputFolder& folder, const std::string& name,
                                        const BlobId& plan) {
  WeightLedger ledger;
  WAAG_TRY(ledger.file_, folder.open(name + ".progress"));
  WAAG_TRY(const auto size, ledger.file_->size());
  const auto line = std::string(magic) + plan.hex() + "\n";
  Bytes bytes(size <= ledger_bytes_max ? size : 0);
  WAAG_CHECK(ledger.file_->read_at(0, bytes));
  auto text = as_text(bytes);
  if (text.starts_with(line)) {
    text.remove_prefix(line.size());
    Entry entry;
    while (take_entry(text, entry)) ledger.entries_[entry.weight] = entry.crc;
    ledger.size_bytes_ = bytes.size() - text.size();
    WAAG_CHECK(ledger.file_->truncate(ledger.size_bytes_));
    return ledger;
  }
  WAAG_CHECK(ledger.file_->truncate(0));
  WAAG_CHECK(ledger.file_->write_at(0, as_bytes(line)));
  ledger.size_bytes_ = line.size();
  return ledger;
}

Status WeightLedger::add(std::uint64_t weight, std::uint32_t crc) {
  const auto line = std::to_string(weight) + " " + std::to_string(crc) + "\n";
  WAAG_CHECK(file_->write_at(size_bytes_, as_bytes(line)));
  size_bytes_ += line.size();
  return ok();
}

Status WeightLedger::sync() { return file_->sync(); }

}  // namespace waag::convert
