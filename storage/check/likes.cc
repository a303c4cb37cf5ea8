#include <map>

#include "storage/check/examiner.h"

namespace waag::storage::check {
namespace {

/// i with a uid alone is the number, with a user behind it a like.
constexpr std::size_t count_key_bytes = 1 + sizeof(std::uint64_t);

}  // namespace

void check_likes(const Examiner& examiner) {
  std::map<std::uint64_t, std::uint64_t> counted;
  std::map<std::uint64_t, std::uint64_t> found;
  const auto look = [&](std::string_view key, std::string_view value) {
    const auto uid = keys::number_at(key, 1);
    const auto about = "likes of repo " + std::to_string(uid);
    if (key.size() == count_key_bytes) {
      const auto count = decode_counter(value);
      if (examiner.good(count, about)) counted[uid] = *count;
      return true;
    }
    const auto user = key.substr(count_key_bytes + 1);
    examiner.good(decode_like(value), about);
    if (!examiner.has(keys::user_like(user, uid), about))
      examiner.problem(about + ": not in the list of " + std::string(user));
    ++found[uid];
    return true;
  };
  examiner.good(examiner.rows.scan(keys::all('i'), "", look), "likes");
  if (counted != found) examiner.problem("repos have other numbers of likes than they say");
  examiner.each(keys::all('I'), decode_like, [&](std::string_view key, const LikeRow&) {
    const auto user = key.substr(1, key.size() - 2 - sizeof(std::uint64_t));
    if (!examiner.has(keys::like(keys::last_number(key), user), "likes of " + std::string(user)))
      examiner.problem("the list of " + std::string(user) + " names a like that is not there");
  });
}

}  // namespace waag::storage::check
