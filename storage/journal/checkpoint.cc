#include "storage/journal/checkpoint.h"

#include <algorithm>

#include "storage/journal/checkpoint_file.h"

namespace waag::storage::journal {
namespace {

/// The last change of each key that some logs hold; values by place.
class LogIndex {
 public:
  struct Change {
    std::uint64_t key_begin = 0;  // in keys_
    std::uint64_t value_offset = 0;
    std::uint32_t key_bytes = 0;
    std::uint32_t value_bytes = 0;  // deleted: no value
    std::uint32_t log = 0;
  };
  static constexpr std::uint32_t deleted = ~std::uint32_t{0};

  void put(std::uint32_t log, const Frame& frame, std::string_view key, std::string_view value) {
    const auto in_payload = value.data() - as_text(frame.payload).data();
    add(key, frame.payload_offset() + static_cast<std::uint64_t>(in_payload),
        static_cast<std::uint32_t>(value.size()), log);
  }
  void del(std::uint32_t log, std::string_view key) { add(key, 0, deleted, log); }

  /// Sorts by key and forgets all but the last change of each.
  void finish() {
    std::stable_sort(changes_.begin(), changes_.end(),
                     [this](const auto& a, const auto& b) { return key(a) < key(b); });
    std::size_t kept = 0;
    for (std::size_t i = 0; i < changes_.size(); ++i) {
      const bool superseded = i + 1 < changes_.size() && key(changes_[i]) == key(changes_[i + 1]);
      if (!superseded) changes_[kept++] = changes_[i];
    }
    changes_.resize(kept);
  }
  [[nodiscard]] const std::vector<Change>& changes() const { return changes_; }
  [[nodiscard]] std::string_view key(const Change& change) const {
    return std::string_view(keys_).substr(change.key_begin, change.key_bytes);
  }

 private:
  void add(std::string_view key, std::uint64_t value_offset, std::uint32_t value_bytes,
           std::uint32_t log) {
    changes_.push_back(
        {keys_.size(), value_offset, static_cast<std::uint32_t>(key.size()), value_bytes, log});
    keys_.append(key);
  }

  std::string keys_;
  std::vector<Change> changes_;
};

class Merger {
 public:
  Merger(FileSystem& fs, const std::filesystem::path& folder,
         const std::optional<CheckpointFile>& base, const std::vector<LogFile>& logs)
      : fs_(fs), folder_(folder), base_(base), logs_(logs) {}

  Status read_inputs() {
    for (std::uint32_t i = 0; i < logs_.size(); ++i) {
      WAAG_TRY(auto file, fs_.open(folder_ / log_name(logs_[i].number), OpenMode::read));
      WAAG_CHECK(index_log(*file, i));
      files_.push_back(std::move(file));
    }
    index_.finish();
    if (!base_) return ok();
    WAAG_TRY(old_, CheckpointReader::open(fs_, folder_ / checkpoint_name(base_->number)));
    return old_->read_extents([this](const PackExtent& extent) {
      extents_.add(extent);
      return ok();
    });
  }

  Status write(CheckpointWriter& out) {
    WAAG_CHECK(out.add_extents(extents_.extents()));
    WAAG_TRY(bool more_old, next_old());
    for (const auto& change : index_.changes()) {
      const auto key = index_.key(change);
      while (more_old && old_->key() < key) {
        WAAG_CHECK(out.add_row(old_->key(), old_->value()));
        WAAG_TRY(more_old, next_old());
      }
      if (more_old && old_->key() == key) {
        WAAG_TRY(more_old, next_old());
      }
      if (change.value_bytes == LogIndex::deleted) continue;
      value_.resize(change.value_bytes);
      WAAG_TRY(const auto got, files_[change.log]->read(change.value_offset, value_));
      if (got != value_.size()) return fail(Errc::corrupt, "journal shrank under a checkpoint");
      WAAG_CHECK(out.add_row(key, as_text(value_)));
    }
    while (more_old) {
      WAAG_CHECK(out.add_row(old_->key(), old_->value()));
      WAAG_TRY(more_old, next_old());
    }
    return out.finish();
  }

 private:
  Result<bool> next_old() {
    if (!old_) return false;
    return old_->next_row();
  }

  Status index_log(const File& file, std::uint32_t at) {
    FrameScanner scanner(file, logs_[at].header.salt, logs_[at].bytes, file_header_bytes);
    for (;;) {
      WAAG_TRY(const auto outcome, scanner.next());
      if (outcome == FrameScanner::Outcome::end) return ok();
      if (outcome == FrameScanner::Outcome::bad)
        return fail(Errc::corrupt, log_name(logs_[at].number) + " is damaged at offset " +
                                       std::to_string(scanner.offset()));
      WAAG_TRY(const auto rows, decode_rows(scanner.frame().payload));
      for (const auto& extent : rows.extents) extents_.add(extent);
      for (const auto& [key, value] : rows.puts) index_.put(at, scanner.frame(), key, value);
      for (const auto key : rows.dels) index_.del(at, key);
    }
  }

  FileSystem& fs_;
  const std::filesystem::path& folder_;
  const std::optional<CheckpointFile>& base_;
  const std::vector<LogFile>& logs_;
  std::vector<std::unique_ptr<File>> files_;
  std::unique_ptr<CheckpointReader> old_;
  LogIndex index_;
  ExtentSet extents_;
  Bytes value_;
};

/// Reads every frame back before the files that it replaces may go.
Result<std::uint64_t> verify(FileSystem& fs, const std::filesystem::path& path) {
  WAAG_TRY(auto reader, CheckpointReader::open(fs, path));
  WAAG_CHECK(reader->read_extents([](const PackExtent&) { return ok(); }));
  for (bool more = true; more;) {
    WAAG_TRY(more, reader->next_row());
  }
  return reader->size_bytes();
}

Status write_temporary(FileSystem& fs, const std::filesystem::path& folder,
                       const std::optional<CheckpointFile>& base, const std::vector<LogFile>& logs,
                       const std::filesystem::path& path, const FileHeader& header) {
  Merger merger(fs, folder, base, logs);
  WAAG_CHECK(merger.read_inputs());
  WAAG_TRY(auto out, CheckpointWriter::create(fs, path, header.first_seq, header.salt));
  return merger.write(*out);
}

}  // namespace

Result<CheckpointFile> write_checkpoint(FileSystem& fs, const std::filesystem::path& folder,
                                        const std::optional<CheckpointFile>& base,
                                        const std::vector<LogFile>& logs, std::uint64_t number,
                                        std::uint64_t salt) {
  const auto path = folder / checkpoint_name(number);
  auto temporary = path;
  temporary += ".tmp";
  if (fs.exists(temporary)) WAAG_CHECK(fs.remove(temporary));
  CheckpointFile made;
  made.number = number;
  made.header = {FileKind::checkpoint, logs.back().last_seq, salt};
  if (auto written = write_temporary(fs, folder, base, logs, temporary, made.header); !written) {
    if (fs.exists(temporary)) (void)fs.remove(temporary);  // if not now, the next open removes it
    return written.error();
  }
  WAAG_TRY(made.bytes, verify(fs, temporary));
  WAAG_CHECK(fs.rename(temporary, path));
  WAAG_CHECK(fs.sync_dir(folder));
  return made;
}

Status read_checkpoint_rows(FileSystem& fs, const std::filesystem::path& folder,
                            const CheckpointFile& checkpoint,
                            const std::function<Status(std::string_view, std::string_view)>& row) {
  WAAG_TRY(auto reader, CheckpointReader::open(fs, folder / checkpoint_name(checkpoint.number)));
  WAAG_CHECK(reader->read_extents([](const PackExtent&) { return ok(); }));
  for (;;) {
    WAAG_TRY(const bool more, reader->next_row());
    if (!more) return ok();
    WAAG_CHECK(row(reader->key(), reader->value()));
  }
}

}  // namespace waag::storage::journal
