#include "convert/spec/spec_members.h"

#include <algorithm>
#include <string>

#include <boost/json/array.hpp>

#include "protocol/hub/json_reader.h"

namespace waag::convert {
namespace {

namespace json = boost::json;

constexpr std::uint64_t threads_max = 1024;

Error bad(const std::string& what) { return fail(Errc::invalid_argument, what); }

Result<TokenText> read_tokens(const json::value& from) {
  TokenText tokens;
  if (!from.is_array()) return bad("tokens is no list of lists of numbers");
  for (const auto& item : from.get_array()) {
    const auto* number = item.if_int64();
    if (number == nullptr || *number < 0 || *number > UINT32_MAX)
      return bad("tokens is no list of lists of numbers");
    tokens.push_back(static_cast<std::uint32_t>(*number));
  }
  return tokens;
}

}  // namespace

Result<json::object> parse_spec(std::string_view text, std::size_t bytes_max) {
  if (text.size() > bytes_max)
    return fail(Errc::too_large,
                "the spec is larger than " + std::to_string(bytes_max >> 20) + " MiB");
  return hub::parse_json_object(text, bytes_max);
}

Status check_members(const json::object& from, std::initializer_list<std::string_view> known) {
  for (const auto& member : from)
    if (std::ranges::find(known, std::string_view(member.key())) == known.end())
      return bad("unknown member " + std::string(member.key()));
  return ok();
}

Result<std::filesystem::path> absolute_path(const json::object& from, std::string_view key) {
  WAAG_TRY(const auto text, hub::json_required_string(from, key));
  std::filesystem::path path(text);
  if (!path.is_absolute()) return bad(std::string(key) + " is no absolute path");
  return path;
}

Result<unsigned> threads_member(const json::object& from) {
  WAAG_TRY(const auto threads, hub::json_uint(from, "threads"));
  if (threads.value_or(0) > threads_max) return bad("threads is above 1024");
  return static_cast<unsigned>(threads.value_or(0));
}

Result<std::vector<TokenText>> token_lists(const json::object& from) {
  const auto* lists = hub::json_array(from, "tokens");
  if (lists == nullptr || lists->empty()) return bad("tokens is missing");
  std::vector<TokenText> texts;
  for (const auto& item : *lists) {
    WAAG_TRY(auto tokens, read_tokens(item));
    texts.push_back(std::move(tokens));
  }
  return texts;
}

}  // namespace waag::convert
