#pragma once

#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "protocol/bytes.h"
#include "tests/support/temp_folder.h"

/// Small model folders for tests of what reads them.
namespace waag::testing {

/// Little-endian bytes of numbers.
template <class T>
std::string bytes_of(const std::vector<T>& values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

/// A safetensors file, tensors in the order they are added.
class SafetensorsBuilder {
 public:
  SafetensorsBuilder& add(const std::string& name, const std::string& dtype,
                          const std::vector<std::uint64_t>& shape, const std::string& bytes) {
    std::string extents;
    for (const auto extent : shape)
      extents += (extents.empty() ? "" : ",") + std::to_string(extent);
    const auto end = data_.size() + bytes.size();
    json_ += (json_.empty() ? "" : ",") + ('"' + name) + R"(":{"dtype":")" + dtype +
             R"(","shape":[)" + extents + R"(],"data_offsets":[)" + std::to_string(data_.size()) +
             "," + std::to_string(end) + "]}";
    data_ += bytes;
    return *this;
  }
  template <class T>
  SafetensorsBuilder& add(const std::string& name, const std::string& dtype,
                          const std::vector<std::uint64_t>& shape, const std::vector<T>& values) {
    return add(name, dtype, shape, bytes_of(values));
  }
  [[nodiscard]] std::string file() const { return with_header("{" + json_ + "}", data_); }

  static std::string with_header(const std::string& json, const std::string& data) {
    ByteWriter length;
    length.fixed(static_cast<std::uint64_t>(json.size()));
    return length.str() + json + data;
  }

 private:
  std::string json_;
  std::string data_;
};

/// A folder with a config.json and what a test puts there.
class ModelFolder {
 public:
  explicit ModelFolder(const std::string& config = "{}") { write("config.json", config); }

  ModelFolder(const std::string& config, const std::string& name, const std::string& bytes)
      : ModelFolder(config) {
    write(name, bytes);
  }

  ModelFolder& write(const std::string& name, const std::string& bytes) {
    std::ofstream file(folder_.path() / name, std::ios::binary | std::ios::trunc);
    file << bytes;
    return *this;
  }
  [[nodiscard]] const std::filesystem::path& path() const { return folder_.path(); }

 private:
  TempFolder folder_;
};

}  // namespace waag::testing
