#include "convert/tokenizer/text/normalizer.h"

#include <boost/json/value.hpp>

#include "convert/tokenizer/json_parts.h"
#include "convert/tokenizer/text/composition.h"
#include "protocol/hub/json_reader.h"

namespace waag::convert {
namespace {

namespace json = boost::json;

constexpr int depth_max = 4;                   // of a Sequence in another
constexpr std::size_t steps_max = 16;          // published ones have two
constexpr std::size_t added_bytes_max = 1024;  // in front of a text or in place of a match; three

Error malformed(const std::string& what) {
  return fail(Errc::unprocessable, "tokenizer.json: " + what);
}

Status check_size(std::string_view text, std::size_t bytes_max) {
  return text.size() > bytes_max ? fail(Errc::too_large, "the text becomes too long") : ok();
}

Result<std::string> replaced(std::string_view text, const Regex& pattern, std::string_view by,
                             std::size_t bytes_max) {
  std::string made;
  WAAG_CHECK(Regex::Matcher(pattern).each(text, [&](std::string_view part, bool is_match) {
    made += is_match ? by : part;
    return check_size(made, bytes_max);
  }));
  return made;
}

}  // namespace

Result<Normalizer> Normalizer::read(const json::value* from) {
  Normalizer normalizer;
  if (const auto added = normalizer.add(from, 0); !added)
    return fail(Errc::unprocessable, added.error().what);
  return normalizer;
}

Status Normalizer::add(const json::value* from, int depth) {
  if (from == nullptr || from->is_null()) return ok();
  const auto* object = from->if_object();
  if (object == nullptr || depth > depth_max) return malformed("the normalizer is malformed");
  WAAG_TRY(const auto type, hub::json_required_string(*object, "type"));
  if (type != "Sequence") {
    WAAG_TRY(auto step, read_step(*object, type));
    if (step.text.size() > added_bytes_max) return malformed("the normalizer adds too much");
    steps_.push_back(std::move(step));
    return steps_.size() > steps_max ? malformed("the normalizer has too many steps") : ok();
  }
  const auto* parts = hub::json_array(*object, "normalizers");
  if (parts == nullptr) return malformed("the normalizer is malformed");
  for (const auto& part : *parts) WAAG_CHECK(add(&part, depth + 1));
  return ok();
}

Result<Normalizer::Step> Normalizer::read_step(const json::object& from, std::string_view type) {
  Step step;
  if (type == "NFC") return step;
  if (type == "Prepend") {
    step.kind = Kind::prepend;
    WAAG_TRY(step.text, hub::json_required_string(from, "prepend"));
    return step;
  }
  if (type == "Replace") {
    step.kind = Kind::replace;
    WAAG_TRY(step.text, hub::json_required_string(from, "content"));
    WAAG_TRY(step.pattern, read_pattern(from));
    return step;
  }
  return malformed("the normalizer " + std::string(type) + " is not known");
}

Result<std::string> Normalizer::apply(std::string_view text, std::size_t bytes_max) const {
  std::string made(text);
  for (const auto& step : steps_) {
    if (made.empty()) break;
    if (step.kind == Kind::compose) {
      WAAG_TRY(made, composed(made));
    } else if (step.kind == Kind::prepend) {
      made.insert(0, step.text);
    } else {
      WAAG_TRY(made, replaced(made, step.pattern, step.text, bytes_max));
    }
    WAAG_CHECK(check_size(made, bytes_max));
  }
  return made;
}

Result<Regex> read_pattern(const json::object& from) {
  const auto* pattern = object_at(from, "pattern");
  if (pattern == nullptr) return malformed("there is no pattern");
  WAAG_TRY(const auto text, hub::json_string(*pattern, "String"));
  WAAG_TRY(const auto regex, hub::json_string(*pattern, "Regex"));
  if (text && !text->empty() && !regex) return Regex::literal(*text);
  if (text || !regex) return malformed("a pattern is neither a text nor an expression");
  auto compiled = Regex::compile(*regex);
  if (!compiled) return malformed(compiled.error().what);
  return compiled;
}

}  // namespace waag::convert
