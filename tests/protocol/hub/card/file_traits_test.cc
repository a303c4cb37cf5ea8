#include "protocol/hub/card/file_traits.h"

#include <catch2/catch.hpp>

using namespace waag::hub;

using Texts = std::vector<std::string>;

TEST_CASE("file_traits: formats of models, in the Hub's order", "[protocol][card]") {
  const Texts paths{"a.gguf",
                    "model.safetensors",
                    "onnx/model.onnx",
                    "pytorch_model-00001-of-00002.bin",
                    "tf_model.h5",
                    "flax_model.msgpack",
                    "runs/events.out.tfevents.1",
                    "x.bin"};
  const auto traits = file_traits(paths);
  CHECK(traits.model_formats ==
        Texts{"pytorch", "tf", "jax", "onnx", "safetensors", "gguf", "tensorboard"});
  CHECK(traits.has_gguf);
  CHECK_FALSE(traits.has_modules);
}

TEST_CASE("file_traits: formats of data", "[protocol][card]") {
  const Texts paths{"data/train.parquet", "x.jsonl", "t.csv", "dataset_infos.json"};
  CHECK(file_traits(paths).data_formats == Texts{"parquet", "json", "csv"});
  CHECK(file_traits(Texts{"dataset_infos.json"}).data_formats.empty());
}

TEST_CASE("file_traits: names of libraries", "[protocol][card]") {
  CHECK(file_traits(Texts{"modules.json"}).has_modules);
  CHECK_FALSE(file_traits(Texts{"sub/modules.json"}).has_modules);
  CHECK(file_traits(Texts{"open_clip_config.json"}).has_open_clip);
  CHECK(file_traits(Texts{}).model_formats.empty());
}
