#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <map>

#include "protocol/bytes.h"

/// The folder of one multipart upload. It outlives the process, and nothing in it is synced: a
/// power cut may leave any part of a file undone. So each says itself whether it is whole:
///
///   part-N    the part's bytes, then "part" and their CRC-32C
///   draft-N   a part on its way in: garbage once its process has ended
namespace waag::daemon::upload_parts {

std::filesystem::path path_of(const std::filesystem::path& folder, std::uint32_t number);
std::array<std::byte, 8> trailer(std::uint32_t crc);

/// The CRC of each part as its file says; read() finds out whether it is right. Removes all else.
std::map<std::uint32_t, std::uint32_t> find(const std::filesystem::path& folder);

/// Hands a part's bytes to `take`. @return their CRC-32C
Result<std::uint32_t> read(const std::filesystem::path& folder, std::uint32_t number,
                           const std::function<Status(ByteView)>& take);

}  // namespace waag::daemon::upload_parts
