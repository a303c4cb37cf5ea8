#include "daemon/convert/converter_events.h"

#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::daemon;

namespace {

template <class T>
T parsed(std::string_view line) {
  const auto event = parse_converter_event(line);
  if (!event) FAIL(event.error().what);
  REQUIRE(std::holds_alternative<T>(*event));
  return std::get<T>(*event);
}

const std::string hash(64, 'a');

}  // namespace

TEST_CASE("converter events: each of them", "[daemon][convert]") {
  const auto plan =
      parsed<ConverterPlan>(R"({"event":"plan","target":"gguf:F16","tensors":3,"bytes":100})");
  CHECK(plan.target == "gguf:F16");
  CHECK(plan.tensors == 3);
  CHECK(plan.bytes == 100);
  const auto tensor = parsed<ConverterTensor>(
      R"({"event":"tensor","target":"gguf:F16","name":"t","type":"F16","bytes":5,)"
      R"("done_bytes":10,"total_bytes":100,"bytes_per_s":12.6,"eta_s":-1})");
  CHECK(tensor.name == "t");
  CHECK(tensor.done_bytes == 10);
  CHECK(tensor.bytes_per_s == 13);
  CHECK(tensor.eta_s == 0);
  const auto file = parsed<ConverterFile>(
      R"({"event":"file","target":"gguf:F16","path":"a/b.gguf","size":7,"sha256":")" + hash +
      "\"}");
  CHECK(file.path == "a/b.gguf");
  CHECK(file.size_bytes == 7);
  CHECK(file.sha256.hex() == hash);
  CHECK(parsed<ConverterError>(R"({"event":"error","message":"no\u001b[1m"})").message == "no [1m");
  const auto warning = parsed<ConverterWarning>(
      R"({"event":"warning","target":"gguf:F16","message":"splits\ntexts"})");
  CHECK(warning.target == "gguf:F16");
  CHECK(warning.message == "splits texts");
  const auto device = parsed<ConverterDevice>(
      R"({"event":"device","device":"cuda","name":"H100","message":"proved\n"})");
  CHECK(device.device == "cuda");
  CHECK(device.name == "H100");
  CHECK(device.message == "proved ");
  CHECK(parsed<ConverterDevice>(R"({"event":"device","device":"cpu","message":"none"})").name ==
        "");
  static_cast<void>(parsed<ConverterDone>(R"({"event":"done"})"));
}

TEST_CASE("converter events: a long message ends between two characters", "[daemon][convert]") {
  std::string message = "x";
  for (int i = 0; i < 2000; ++i) message += "\u00e9";
  const auto error = parsed<ConverterError>(R"({"event":"error","message":")" + message + "\"}");
  CHECK(error.message == message.substr(0, 2047));
}

TEST_CASE("converter events: readable text", "[daemon][convert]") {
  CHECK(readable("a\tb\x7f\xc2\x85 \xc2\xa0\xc3\x85") == "a b   \xc2\xa0\xc3\x85");
  CHECK(readable("abc", 2) == "ab");
}

TEST_CASE("converter events: what is none", "[daemon][convert]") {
  const auto line = GENERATE_COPY(
      std::string(""), std::string("Loading"), std::string("[]"), std::string("{}"),
      std::string(R"({"event":"hello"})"), std::string(R"({"event":"plan","target":"x"})"),
      std::string(R"({"event":"plan","target":"x","tensors":-1,"bytes":1})"),
      std::string(R"({"event":"error"})"), std::string(R"({"event":"warning","message":"x"})"),
      std::string(R"({"event":"device","device":"cpu"})"),
      std::string(R"({"event":"device","device":"tpu","message":"x"})"),
      R"({"event":"file","target":"x","path":"../x","size":1,"sha256":")" + hash + "\"}",
      R"({"event":"file","target":"x","path":"/x","size":1,"sha256":")" + hash + "\"}",
      std::string(R"({"event":"file","target":"x","path":"x","size":1,"sha256":"aa"})"),
      R"({"event":"error","message":")" + std::string(70'000, 'x') + "\"}");
  CAPTURE(line);
  const auto event = parse_converter_event(line);
  REQUIRE_FALSE(event);
  CHECK(event.error().code == Errc::unprocessable);
}
