#pragma once

#include "storage/journal/recover.h"

namespace waag::storage::journal {

/// Writes the checkpoint that holds `base` and `logs` (both from one History, logs sealed) as
/// number `number`: to a temporary name, synced, read back, renamed, folder synced. Rows come from
/// `base` and `logs` only, never from the index. Memory: the keys of `logs` and some 32 bytes a row
/// change; values stay where they are until they are copied.
/// @param number  of the log that follows the last of `logs`
/// @return Errc::no_space, Errc::unavailable: nothing has changed, or the checkpoint is there and
///         unannounced; both are sound
Result<CheckpointFile> write_checkpoint(FileSystem& fs, const std::filesystem::path& folder,
                                        const std::optional<CheckpointFile>& base,
                                        const std::vector<LogFile>& logs, std::uint64_t number,
                                        std::uint64_t salt);

/// Calls `row(key, value)` for each row of a checkpoint, keys ascending.
Status read_checkpoint_rows(FileSystem& fs, const std::filesystem::path& folder,
                            const CheckpointFile& checkpoint,
                            const std::function<Status(std::string_view, std::string_view)>& row);

}  // namespace waag::storage::journal
