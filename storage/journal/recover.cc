#include "storage/journal/recover.h"

#include <algorithm>
#include <charconv>

#include "storage/journal/checkpoint_file.h"

namespace waag::storage::journal {
namespace {

constexpr std::size_t number_digits = 8;

std::string numbered(std::uint64_t number, std::string_view suffix) {
  auto digits = std::to_string(number);
  if (digits.size() < number_digits) digits.insert(0, number_digits - digits.size(), '0');
  return digits.append(suffix);
}

std::optional<std::uint64_t> number_of(std::string_view name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return std::nullopt;
  name.remove_suffix(suffix.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return number;
}

struct Names {
  std::vector<std::uint64_t> logs;
  std::vector<std::uint64_t> checkpoints;
  std::vector<std::string> strays;
};

Names sort_names(const std::vector<std::string>& names) {
  Names sorted;
  for (const auto& name : names) {
    if (const auto log = number_of(name, ".log"))
      sorted.logs.push_back(*log);
    else if (const auto checkpoint = number_of(name, ".ckpt"))
      sorted.checkpoints.push_back(*checkpoint);
    else if (name.ends_with(".tmp"))
      sorted.strays.push_back(name);
  }
  std::sort(sorted.logs.begin(), sorted.logs.end());
  std::sort(sorted.checkpoints.begin(), sorted.checkpoints.end());
  return sorted;
}

/// Reads one log into the history; `last` if no file has a larger number.
class LogReader {
 public:
  LogReader(FileSystem& fs, const std::filesystem::path& folder, History& history)
      : fs_(fs), folder_(folder), history_(history) {}

  Status read(std::uint64_t number, bool last) {
    const auto path = folder_ / log_name(number);
    WAAG_TRY(const auto file, fs_.open(path, OpenMode::read));
    WAAG_TRY(const auto size, file->size());
    Bytes head(std::min(size, file_header_bytes));
    WAAG_TRY(const auto got, file->read(0, head));
    head.resize(got);
    auto header = decode_file_header(head, FileKind::log);
    if (!header && header.error().code == Errc::corrupt && size <= file_header_bytes) {
      // The header is durable before the first frame is written: without frames it was torn at
      // birth.
      history_.unwanted.push_back(log_name(number));
      return ok();
    }
    if (!header) return header.error();
    if (header->first_seq != history_.last_seq + 1)
      return fail(Errc::corrupt, path.string() + " begins with sequence " +
                                     std::to_string(header->first_seq) + ", not " +
                                     std::to_string(history_.last_seq + 1));
    LogFile log{number, *header, file_header_bytes, history_.last_seq, 0};
    FrameScanner scanner(*file, header->salt, size, file_header_bytes);
    WAAG_CHECK(read_frames(scanner, log, path, last));
    history_.last_seq = log.last_seq;
    history_.logs.push_back(log);
    return ok();
  }

 private:
  Status read_frames(FrameScanner& scanner, LogFile& log, const std::filesystem::path& path,
                     bool last) {
    std::uint64_t group = 0;  // durable_seq that the frames of one group share
    for (;;) {
      WAAG_TRY(const auto outcome, scanner.next());
      if (outcome == FrameScanner::Outcome::end) return ok();
      if (outcome == FrameScanner::Outcome::bad) return torn(scanner, log, path, last);
      const auto& frame = scanner.frame();
      if (frame.type != FrameType::rows)
        return fail(Errc::unprocessable, path.string() + " holds a frame of unknown type " +
                                             std::to_string(static_cast<int>(frame.type)));
      if (frame.seq != log.last_seq + 1 || frame.durable_seq >= frame.seq)
        return fail(Errc::corrupt,
                    path.string() + " skips a sequence at offset " + std::to_string(frame.offset));
      WAAG_TRY(const auto rows, decode_rows(frame.payload));
      for (const auto& extent : rows.extents) history_.extents.add(extent);
      if (log.unproven_begin == 0 || frame.durable_seq != group) log.unproven_begin = frame.offset;
      group = frame.durable_seq;
      log.last_seq = frame.seq;
      log.bytes = frame.end();
    }
  }

  Status torn(FrameScanner& scanner, const LogFile& log, const std::filesystem::path& path,
              bool last) {
    const auto seq = log.last_seq + 1;
    const auto where = path.string() + " is damaged at offset " + std::to_string(scanner.offset());
    if (!last) return fail(Errc::corrupt, where + ", before the last log");
    WAAG_TRY(const auto proven, scanner.proves_durable(seq));
    if (proven) return fail(Errc::corrupt, where + ", before acknowledged frames");
    history_.torn_seq = seq;
    return ok();
  }

  FileSystem& fs_;
  const std::filesystem::path& folder_;
  History& history_;
};

Status read_checkpoint_extents(FileSystem& fs, const std::filesystem::path& folder,
                               std::uint64_t number, History& history) {
  WAAG_TRY(auto reader, CheckpointReader::open(fs, folder / checkpoint_name(number)));
  history.checkpoint = CheckpointFile{number, reader->header(), reader->size_bytes()};
  history.last_seq = reader->header().first_seq;
  return reader->read_extents([&](const PackExtent& extent) {
    history.extents.add(extent);
    return ok();
  });
}

}  // namespace

std::string log_name(std::uint64_t number) { return numbered(number, ".log"); }
std::string checkpoint_name(std::uint64_t number) { return numbered(number, ".ckpt"); }

Result<History> read_history(FileSystem& fs, const std::filesystem::path& folder) {
  WAAG_TRY(const auto listed, fs.list(folder));
  auto names = sort_names(listed);
  History history;
  history.unwanted = std::move(names.strays);
  if (!names.logs.empty()) history.last_number = names.logs.back();
  std::uint64_t first = 0;
  if (!names.checkpoints.empty()) {
    first = names.checkpoints.back();
    names.checkpoints.pop_back();
    for (const auto number : names.checkpoints) history.unwanted.push_back(checkpoint_name(number));
    history.last_number = std::max(history.last_number, first);
    WAAG_CHECK(read_checkpoint_extents(fs, folder, first, history));
  }
  LogReader reader(fs, folder, history);
  for (const auto number : names.logs) {
    if (number < first)
      history.unwanted.push_back(log_name(number));
    else
      WAAG_CHECK(reader.read(number, number == names.logs.back()));
  }
  if (history.checkpoint && history.logs.empty())
    return fail(Errc::corrupt, "the journal behind the checkpoint is missing");
  return history;
}

Status replay(FileSystem& fs, const std::filesystem::path& folder, const std::vector<LogFile>& logs,
              std::uint64_t after_seq,
              const std::function<Status(std::uint64_t, const RowsView&)>& apply) {
  for (const auto& log : logs) {
    if (log.last_seq <= after_seq) continue;
    WAAG_TRY(const auto file, fs.open(folder / log_name(log.number), OpenMode::read));
    FrameScanner scanner(*file, log.header.salt, log.bytes, file_header_bytes);
    for (;;) {
      WAAG_TRY(const auto outcome, scanner.next());
      if (outcome == FrameScanner::Outcome::end) break;
      if (outcome == FrameScanner::Outcome::bad)
        return fail(Errc::corrupt, log_name(log.number) + " changed since it was verified");
      if (scanner.frame().seq <= after_seq) continue;
      WAAG_TRY(const auto rows, decode_rows(scanner.frame().payload));
      WAAG_CHECK(apply(scanner.frame().seq, rows));
    }
  }
  return ok();
}

}  // namespace waag::storage::journal
