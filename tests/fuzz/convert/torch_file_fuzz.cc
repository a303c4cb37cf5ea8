#include "convert/source/pickle/pickled_tensors.h"
#include "convert/source/pickle/torch_file.h"
#include "tests/convert/source/model_folder.h"
#include "tests/convert/source/pickle/torch_builder.h"
#include "tests/fuzz/convert/read_tensors.h"

using namespace waag;

namespace {

constexpr const char* file_name = "pytorch_model.bin";

void open_file(const std::string& bytes) {
  static waag::testing::ModelFolder folder;
  folder.write(file_name, bytes);
  const auto tensors = convert::open_torch_file(folder.path(), file_name);
  if (!tensors) {
    FUZZ_REQUIRE(tensors.error().code == Errc::unprocessable);
    return;
  }
  for (const auto& tensor : *tensors) {
    FUZZ_REQUIRE(tensor.info.begin <= tensor.info.end);
    FUZZ_REQUIRE(tensor.info.end <= bytes.size());
    FUZZ_REQUIRE(tensor.strides.empty() || tensor.strides.size() == tensor.info.shape.size());
  }
  const auto model = convert::SourceModel::open(folder.path());
  FUZZ_REQUIRE(model);
  fuzz::read_tensors(*model);
}

}  // namespace

// An odd first byte: the rest is a whole file. An even one: the rest is a data.pkl, which is put
// into a good file with a storage of 64 bytes.
void fuzz::run(ByteView input) {
  if (input.empty()) return;
  const std::string rest(as_text(input.subspan(1)));
  if ((input[0] & std::byte{1}) != std::byte{0}) {
    open_file(rest);
  } else if (convert::read_pickled_tensors(as_bytes(rest))) {
    open_file(waag::testing::torch_file(rest, {std::string(64, 'w')}));
  }
}

WAAG_FUZZ_TARGET
