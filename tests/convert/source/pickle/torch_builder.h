#pragma once

#include <string>
#include <vector>

#include <boost/crc.hpp>

#include "protocol/bytes.h"

/// Files as torch.save writes them, and such as it never would.
namespace waag::testing {

inline std::uint32_t crc32_of(const std::string& bytes) {
  boost::crc_32_type crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return crc.checksum();
}

/// A zip of stored members; what a test sets before add() differs from a good one.
class ZipBuilder {
 public:
  struct Oddities {
    std::uint16_t flags = 0x800;
    std::uint16_t method = 0;
    std::uint32_t local_size_added = 0;
    std::string local_name{};  // empty: as in the directory
    std::string gap{};         // bytes after the member
    std::string central_extra{};
    std::uint32_t central_size = 0;  // 0: the true one
  };
  Oddities odd;
  std::string comment;
  std::string before_directory;
  std::uint16_t count_added = 0;

  ZipBuilder& add(const std::string& name, const std::string& bytes) {
    const bool later = (odd.flags & 8) != 0;
    const auto size = static_cast<std::uint32_t>(bytes.size());
    const auto crc = crc32_of(bytes);
    const auto at = static_cast<std::uint32_t>(body_.size());
    const auto& local = odd.local_name.empty() ? name : odd.local_name;
    ByteWriter header;
    header.fixed(0x04034b50u);
    header.fixed(std::uint16_t{0});
    header.fixed(odd.flags);
    header.fixed(odd.method);
    header.fixed(std::uint32_t{0});
    header.fixed(later ? 0u : crc);
    header.fixed(later ? 0u : size + odd.local_size_added);
    header.fixed(later ? 0u : size + odd.local_size_added);
    header.fixed(static_cast<std::uint16_t>(local.size()));
    header.fixed(std::uint16_t{0});
    body_ += header.str() + local + bytes;
    if (later) {
      ByteWriter descriptor;
      for (const auto value : {0x08074b50u, crc, size, size}) descriptor.fixed(value);
      body_ += descriptor.str();
    }
    body_ += odd.gap;
    ByteWriter entry;
    entry.fixed(0x02014b50u);
    entry.fixed(std::uint32_t{0});
    entry.fixed(odd.flags);
    entry.fixed(odd.method);
    entry.fixed(std::uint32_t{0});
    entry.fixed(crc);
    entry.fixed(odd.central_size != 0 ? odd.central_size : size);
    entry.fixed(odd.central_size != 0 ? odd.central_size : size);
    entry.fixed(static_cast<std::uint16_t>(name.size()));
    entry.fixed(static_cast<std::uint16_t>(odd.central_extra.size()));
    for (int i = 0; i < 3; ++i) entry.fixed(std::uint16_t{0});
    entry.fixed(std::uint32_t{0});
    entry.fixed(at);
    directory_ += entry.str() + name + odd.central_extra;
    ++count_;
    return *this;
  }

  /// @param zip64  with the end records of ZIP64 too
  [[nodiscard]] std::string file(bool zip64 = false) const {
    const auto begin = body_ + before_directory;
    ByteWriter end;
    if (zip64) {
      end.fixed(0x06064b50u);
      end.fixed(std::uint64_t{44});
      end.fixed(std::uint32_t{0});
      end.fixed(std::uint64_t{0});
      end.fixed(std::uint64_t{count_});
      end.fixed(std::uint64_t{count_});
      end.fixed(static_cast<std::uint64_t>(directory_.size()));
      end.fixed(static_cast<std::uint64_t>(begin.size()));
      end.fixed(0x07064b50u);
      end.fixed(std::uint32_t{0});
      end.fixed(static_cast<std::uint64_t>(begin.size() + directory_.size()));
      end.fixed(std::uint32_t{1});
    }
    end.fixed(0x06054b50u);
    end.fixed(std::uint32_t{0});
    end.fixed(static_cast<std::uint16_t>(count_ + count_added));
    end.fixed(static_cast<std::uint16_t>(count_ + count_added));
    end.fixed(static_cast<std::uint32_t>(directory_.size()));
    end.fixed(static_cast<std::uint32_t>(begin.size()));
    end.fixed(static_cast<std::uint16_t>(comment.size()));
    return begin + directory_ + end.str() + comment;
  }

 private:
  std::string body_;
  std::string directory_;
  std::uint16_t count_ = 0;
};

/// Pieces of a data.pkl.
struct Pickle {
  static std::string begin() { return std::string("\x80\x02", 2); }
  static std::string global(const std::string& module, const std::string& name) {
    return "c" + module + "\n" + name + "\n";
  }
  static std::string text(const std::string& value) {
    ByteWriter length;
    length.fixed(static_cast<std::uint32_t>(value.size()));
    return "X" + length.str() + value;
  }
  static std::string integer(std::int64_t value) {
    ByteWriter bytes;
    bytes.fixed(static_cast<std::uint64_t>(value));
    return std::string("\x8a\x08", 2) + bytes.str();
  }
  static std::string tuple(const std::vector<std::int64_t>& values) {
    std::string out = "(";
    for (const auto value : values) out += integer(value);
    return out + "t";
  }
  static std::string ordered_dict() { return global("collections", "OrderedDict") + ")R"; }
  static std::string storage(const std::string& type, const std::string& key, std::int64_t size) {
    return "(" + text("storage") + global("torch", type) + text(key) + text("cpu") + integer(size) +
           "tQ";
  }
  /// @param storage  from storage()
  static std::string tensor(const std::string& storage, std::int64_t offset,
                            const std::vector<std::int64_t>& shape,
                            const std::vector<std::int64_t>& strides) {
    return global("torch._utils", "_rebuild_tensor_v2") + "(" + storage + integer(offset) +
           tuple(shape) + tuple(strides) + "\x89" + ordered_dict() + "tR";
  }
  /// A dict of texts and values.
  static std::string dict(const std::vector<std::pair<std::string, std::string>>& entries) {
    std::string out = "}(";
    for (const auto& [key, value] : entries) out += text(key) + value;
    return out + "u";
  }
};

/// A whole file of one pickle and its storages, named 0, 1, ...
inline std::string torch_file(const std::string& pickle, const std::vector<std::string>& storages) {
  ZipBuilder zip;
  zip.add("archive/data.pkl", pickle);
  for (std::size_t i = 0; i < storages.size(); ++i)
    zip.add("archive/data/" + std::to_string(i), storages[i]);
  return zip.add("archive/version", "3\n").file();
}

}  // namespace waag::testing
