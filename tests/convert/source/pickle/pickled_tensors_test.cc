#include "convert/source/pickle/pickled_tensors.h"

#include <catch2/catch.hpp>

#include "convert/source/pickle/pickle_machine.h"
#include "tests/convert/source/pickle/torch_builder.h"

namespace waag::convert::testing {
namespace {

using waag::testing::Pickle;

const std::string storage = Pickle::storage("FloatStorage", "0", 6);
const std::string tensor = Pickle::tensor(storage, 1, {2, 2}, {3, 1});

Result<std::vector<PickledTensor>> read(const std::string& body) {
  return read_pickled_tensors(as_bytes(Pickle::begin() + body + "."));
}

std::string refusal(const std::string& body) {
  const auto tensors = read(body);
  if (tensors) return "";
  CHECK(tensors.error().code == Errc::unprocessable);
  CHECK(tensors.error().what.starts_with("pickle: "));
  return tensors.error().what.substr(8);
}

std::string in_dict(const std::string& value) { return Pickle::dict({{"w", value}}); }

}  // namespace

TEST_CASE("pickled_tensors: a state dict", "[convert][source]") {
  const auto tensors = read(Pickle::dict({{"w", tensor}, {"v", tensor}}));
  REQUIRE(tensors);
  REQUIRE(tensors->size() == 2);
  const auto& first = tensors->front();
  CHECK(first.name == "w");
  CHECK(first.dtype == model::Dtype::f32);
  CHECK(first.storage_key == "0");
  CHECK((first.storage_elements == 6 && first.offset == 1));
  CHECK(first.shape == std::vector<std::uint64_t>{2, 2});
  CHECK(first.strides == std::vector<std::uint64_t>{3, 1});
  CHECK(read("}")->empty());
  CHECK(read(Pickle::ordered_dict())->empty());
}

TEST_CASE("pickled_tensors: as torch writes it, with a memo and _metadata", "[convert][source]") {
  const auto dict = Pickle::global("collections", "OrderedDict") + std::string("q\x00)Rq\x01(", 7) +
                    Pickle::text("w") + "q\x02" + tensor + std::string("r\x03\x01\x00\x00", 5) +
                    Pickle::text("v") + std::string("j\x03\x01\x00\x00", 5) + "u";
  const auto metadata = Pickle::dict({{"_metadata", Pickle::dict({{"", "}"}})}}) + "b";
  const auto tensors = read(dict + metadata);
  REQUIRE(tensors);
  REQUIRE(tensors->size() == 2);
  CHECK(tensors->at(1).name == "v");
  CHECK(tensors->at(1).strides == tensors->at(0).strides);
}

TEST_CASE("pickled_tensors: every storage type", "[convert][source]") {
  using model::Dtype;
  const std::vector<std::pair<std::string, Dtype>> types{
      {"FloatStorage", Dtype::f32}, {"HalfStorage", Dtype::f16}, {"BFloat16Storage", Dtype::bf16},
      {"CharStorage", Dtype::i8},   {"ByteStorage", Dtype::u8},  {"IntStorage", Dtype::i32},
      {"LongStorage", Dtype::i64}};
  for (const auto& [name, dtype] : types) {
    const auto one = Pickle::tensor(Pickle::storage(name, "7", 1), 0, {}, {});
    CHECK(read(in_dict(one))->front().dtype == dtype);
  }
}

TEST_CASE("pickled_tensors: globals that are not on the list are named", "[convert][source]") {
  const std::vector<std::pair<std::string, std::string>> globals{
      {"os", "system"},
      {"posix", "system"},
      {"builtins", "eval"},
      {"torch", "load"},
      {"torch.storage", "_load_from_bytes"},
      {"torch._utils", "_rebuild_parameter"},
      {"torch._utils", "_rebuild_tensor_v2.__globals__"},
      {"torch", "DoubleStorage"},
      {"torch.utils.collect_env", "run"},
      {"collections", "OrderedDict "},
      {"numpy.__builtins__", "eval"},
      {"__main__", "FloatStorage"}};
  for (const auto& [module, name] : globals)
    CHECK(refusal(Pickle::global(module, name)) ==
          "global " + module + "." + name + " is not allowed");
  CHECK(refusal("ctorch\nFloat\x01Storage\n") == "a global whose name is not plain");
  CHECK(refusal("c" + std::string(1000, 'x')) == "a global whose name is too long");
}

TEST_CASE("pickled_tensors: opcodes that are not on the list are named", "[convert][source]") {
  // The 29 that are; every other byte is refused by its number, whatever follows.
  const std::string allowed("(.JKMNQRXabcehjqrstu)]}\x85\x86\x87\x88\x89\x8a", 29);
  for (int code = 0; code < 256; ++code) {
    if (allowed.find(static_cast<char>(code)) != allowed.npos) continue;
    char wanted[64];
    std::snprintf(wanted, sizeof wanted, "opcode 0x%02X is not allowed", code);
    CHECK(refusal("}" + std::string(1, static_cast<char>(code)) + std::string(8, '1')) == wanted);
  }
}

TEST_CASE("pickled_tensors: the frame of a pickle", "[convert][source]") {
  const auto of = [](const std::string& bytes) {
    return read_pickled_tensors(as_bytes(bytes)).error().what;
  };
  CHECK(of("") == "pickle: does not begin with PROTO 2");
  CHECK(of("}.") == "pickle: does not begin with PROTO 2");
  CHECK(of("\x80\x04}.") == "pickle: does not begin with PROTO 2");
  CHECK(of("\x80\x02}") == "pickle: ends without STOP");
  CHECK(of("\x80\x02}..") == "pickle: bytes after STOP");
  CHECK(of("\x80\x02}.\x80\x02}.") == "pickle: bytes after STOP");
  CHECK(of("\x80\x02.") == "pickle: not one value at STOP");
  CHECK(of("\x80\x02}}.") == "pickle: not one value at STOP");
  CHECK(of("\x80\x02}(.") == "pickle: not one value at STOP");
  CHECK(of("\x80\x02J12") == "pickle: ends within an opcode");
  CHECK(of("\x80\x02X\xff\xff\xff\xff") == "pickle: a text that is too long");
}

TEST_CASE("pickled_tensors: a stack that does not hold what is asked of it", "[convert][source]") {
  const std::string nothing = "takes a value where there is none";
  for (const auto* body : {"R", "}R", "s", "}s", "Ns", "a", "}b", "b", "Q", "(\x85", "](a"})
    CHECK(refusal(body) == nothing);
  CHECK(refusal("(s") == nothing);
  CHECK(refusal("t") == "goes back to a mark where there is none");
  CHECK(refusal("u") == "goes back to a mark where there is none");
  CHECK(refusal("q1") == "PUT of nothing");
  CHECK(refusal("}(q1") == "PUT of nothing");
  CHECK(refusal("h1") == "GET of what was never PUT");
  CHECK(refusal("N(NNu") == "a key that is no text");
  CHECK(refusal("N(" + Pickle::text("k") + "Nu") == "fills what is no list or dict");
  CHECK(refusal("}(" + Pickle::text("k") + "u") == "a key without a value");
  CHECK(refusal("}Na") == "fills what is no list or dict");
  CHECK(refusal("NQ") == "BINPERSID of what is no storage");
  CHECK(refusal(")Q") == "BINPERSID of what is no storage");
  CHECK(refusal("N)R") == "REDUCE of what is no global and its arguments");
  CHECK(refusal(Pickle::global("torch", "FloatStorage") + ")R") ==
        "a call of torch FloatStorage with these arguments is not allowed");
  CHECK(refusal(Pickle::global("collections", "OrderedDict") + "](\x85R") == nothing);
  CHECK(refusal(Pickle::global("collections", "OrderedDict") + "]\x85R") ==
        "a call of collections OrderedDict with these arguments is not allowed");
  CHECK(refusal("}Nb") == "BUILD of other than a state dict's _metadata");
  CHECK(refusal("}" + Pickle::dict({{"__class__", "}"}}) + "b") ==
        "BUILD of other than a state dict's _metadata");
  CHECK(refusal(std::string("\x8a\x09") + std::string(9, '1')) ==
        "an integer of more than 64 bits");
  CHECK(refusal(Pickle::text("\xff")) == "a text that is not UTF-8");
}

TEST_CASE("pickled_tensors: a cycle is no danger", "[convert][source]") {
  // A dict that holds itself.
  CHECK(refusal("}q1" + Pickle::text("w") + "h1s") == "w is no tensor");
}

TEST_CASE("pickled_tensors: values that are no tensors", "[convert][source]") {
  CHECK(refusal("N") == "is not of a dict");
  CHECK(refusal(in_dict("N")) == "w is no tensor");
  CHECK(refusal(in_dict("}")) == "w is no tensor");
  CHECK(refusal(in_dict(storage)) == "w is no tensor");
  CHECK(refusal(Pickle::dict({{"w", tensor}, {"w", tensor}})) == "two tensors of one name: w");
  CHECK(refusal(Pickle::dict({{"a\n", tensor}})) == "a tensor's name is too long or not printable");
  const std::string malformed = "w is rebuilt from other than a storage";
  const auto rebuild = Pickle::global("torch._utils", "_rebuild_tensor_v2");
  CHECK(refusal(in_dict(rebuild + ")R")) == malformed);
  CHECK(refusal(in_dict(Pickle::tensor("N", 0, {1}, {1}))) == malformed);
  CHECK(refusal(in_dict(Pickle::tensor(storage, -1, {1}, {1}))) == malformed);
  CHECK(refusal(in_dict(Pickle::tensor(storage, 0, {1}, {}))) == malformed);
  CHECK(refusal(in_dict(Pickle::tensor(storage, 0, {-1}, {1}))) == malformed);
  CHECK(refusal(in_dict(Pickle::tensor(storage, 0, {1}, {-1}))) == malformed);
  CHECK(refusal(in_dict(Pickle::tensor(storage, 0, {std::int64_t{1} << 60}, {1}))) == malformed);
  CHECK(refusal(in_dict(Pickle::tensor(storage, 0, std::vector<std::int64_t>(9, 1),
                                       std::vector<std::int64_t>(9, 1)))) == malformed);
}

TEST_CASE("pickle_machine: integers of every width", "[convert][source]") {
  const std::string body("\x80\x02(J\xfe\xff\xff\xffK\xffM\xff\xff\x8a\x00\x8a\x02\x00\x80t.", 21);
  PickleMachine machine{as_bytes(body)};
  const auto root = machine.run();
  REQUIRE(root);
  std::vector<std::int64_t> numbers;
  for (const auto item : machine.at(*root).items) numbers.push_back(machine.at(item).number);
  CHECK(numbers == std::vector<std::int64_t>{-2, 255, 65535, 0, -32768});
}

}  // namespace waag::convert::testing
