#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace waag::hub {

/// Writes JSON text straight into one string: trees of 100,000 entries are answered with it, so no
/// document is built. Commas are placed by the writer; nesting is the caller's duty. Bytes that are
/// not UTF-8 become U+FFFD, so what comes out is always valid JSON.
class JsonWriter {
 public:
  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);
  JsonWriter& string(std::string_view text);
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  JsonWriter& number(std::integral auto value) {
    comma();
    out_ += std::to_string(value);
    return *this;
  }
  /// Already valid JSON, for parts that were built elsewhere.
  JsonWriter& raw(std::string_view json);

  JsonWriter& field(std::string_view name, std::string_view text) { return key(name).string(text); }
  JsonWriter& field(std::string_view name, const char* text) { return key(name).string(text); }
  JsonWriter& field(std::string_view name, bool value) { return key(name).boolean(value); }
  JsonWriter& field(std::string_view name, std::integral auto value)
    requires(!std::same_as<decltype(value), bool>)
  {
    return key(name).number(value);
  }

  void reserve(std::size_t bytes) { out_.reserve(bytes); }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void comma();

  std::string out_;
  bool need_comma_ = false;
};

}  // namespace waag::hub
