#include "daemon/convert/converter_events.h"

#include <cmath>

#include "protocol/git/path.h"
#include "protocol/hub/json_reader.h"
#include "protocol/utf8.h"

namespace waag::daemon {
namespace {

namespace json = boost::json;

constexpr std::size_t line_bytes_max = 64u << 10;
/// Above it a rate or a time is no news.
constexpr double number_max = 1e15;

/// Rates and times may have a fraction; what is none counts as 0.
std::uint64_t rounded(const json::object& from, std::string_view key) {
  const auto* value = from.if_contains(key);
  if (value == nullptr || !value->is_number()) return 0;
  const auto number = value->is_double()  ? value->get_double()
                      : value->is_int64() ? static_cast<double>(value->get_int64())
                                          : static_cast<double>(value->get_uint64());
  if (!(number > 0) || number > number_max) return 0;
  return static_cast<std::uint64_t>(std::llround(number));
}

Result<std::uint64_t> number(const json::object& from, std::string_view key) {
  WAAG_TRY(const auto value, hub::json_uint(from, key));
  if (!value) return fail(Errc::invalid_argument, "\"" + std::string(key) + "\" is missing");
  return *value;
}

Result<ConverterEvent> plan_of(const json::object& from) {
  ConverterPlan plan;
  WAAG_TRY(plan.target, hub::json_required_string(from, "target"));
  WAAG_TRY(plan.tensors, number(from, "tensors"));
  WAAG_TRY(plan.bytes, number(from, "bytes"));
  return ConverterEvent(std::move(plan));
}

Result<ConverterEvent> tensor_of(const json::object& from) {
  ConverterTensor tensor;
  WAAG_TRY(tensor.target, hub::json_required_string(from, "target"));
  WAAG_TRY(tensor.name, hub::json_required_string(from, "name"));
  WAAG_TRY(const auto type, hub::json_string(from, "type"));
  tensor.type = type.value_or("");
  WAAG_TRY(tensor.done_bytes, number(from, "done_bytes"));
  WAAG_TRY(tensor.total_bytes, number(from, "total_bytes"));
  tensor.bytes_per_s = rounded(from, "bytes_per_s");
  tensor.eta_s = rounded(from, "eta_s");
  return ConverterEvent(std::move(tensor));
}

Result<ConverterEvent> file_of(const json::object& from) {
  ConverterFile file;
  WAAG_TRY(file.target, hub::json_required_string(from, "target"));
  WAAG_TRY(const auto path, hub::json_required_string(from, "path"));
  WAAG_TRY(file.path, git::check_file_path(path));
  WAAG_TRY(file.size_bytes, number(from, "size"));
  WAAG_TRY(const auto hash, hub::json_required_string(from, "sha256"));
  WAAG_TRY(file.sha256, BlobId::parse(hash));
  return ConverterEvent(std::move(file));
}

/// For people: on one line, and not too long.
Result<std::string> message_of(const json::object& from) {
  WAAG_TRY(auto message, hub::json_required_string(from, "message"));
  return readable(std::move(message));
}

Result<ConverterEvent> warning_of(const json::object& from) {
  ConverterWarning warning;
  WAAG_TRY(warning.target, hub::json_required_string(from, "target"));
  WAAG_TRY(warning.message, message_of(from));
  return ConverterEvent(std::move(warning));
}

Result<ConverterEvent> device_of(const json::object& from) {
  ConverterDevice device;
  WAAG_TRY(device.device, hub::json_required_string(from, "device"));
  if (device.device != "cuda" && device.device != "cpu")
    return fail(Errc::invalid_argument, "no such device");
  WAAG_TRY(auto name, hub::json_string(from, "name"));
  device.name = readable(std::move(name).value_or(""));
  WAAG_TRY(device.message, message_of(from));
  return ConverterEvent(std::move(device));
}

Result<ConverterEvent> error_of(const json::object& from) {
  WAAG_TRY(auto message, message_of(from));
  return ConverterEvent(ConverterError{std::move(message)});
}

Result<ConverterEvent> event_of(std::string_view line) {
  WAAG_TRY(const auto from, hub::parse_json_object(line, line_bytes_max));
  WAAG_TRY(const auto name, hub::json_required_string(from, "event"));
  if (name == "plan") return plan_of(from);
  if (name == "tensor") return tensor_of(from);
  if (name == "file") return file_of(from);
  if (name == "warning") return warning_of(from);
  if (name == "device") return device_of(from);
  if (name == "error") return error_of(from);
  if (name == "done") return ConverterEvent(ConverterDone{});
  return fail(Errc::invalid_argument, "no such event");
}

}  // namespace

std::string readable(std::string text, std::size_t bytes_max) {
  if (text.size() > bytes_max) text.resize(bytes_max);
  while (!is_utf8(text)) text.pop_back();  // a character was cut
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const bool begins_c1 = byte == 0xC2 && static_cast<unsigned char>(text[at + 1]) < 0xA0;
    if (begins_c1) text.replace(at, 2, " ");
    if (byte < 0x20 || byte == 0x7F) text[at] = ' ';
  }
  return text;
}

Result<ConverterEvent> parse_converter_event(std::string_view line) {
  auto event = event_of(line);
  if (event) return event;
  return fail(Errc::unprocessable, "the converter said what it must not: " + event.error().what);
}

}  // namespace waag::daemon
