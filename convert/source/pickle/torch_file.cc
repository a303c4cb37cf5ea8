#include "convert/source/pickle/torch_file.h"

#include <algorithm>
#include <array>

#include <boost/crc.hpp>

#include "convert/source/pickle/pickled_tensors.h"
#include "convert/source/pickle/zip_members.h"
#include "protocol/model/safetensors_header.h"

namespace waag::convert {
namespace {

constexpr std::string_view pickle_name = "data.pkl";
constexpr std::string_view storage_folder = "data/";
constexpr std::string_view byte_order_name = "byteorder";
/// Besides storages, what torch writes. TorchScript's code and constants are not among them.
constexpr std::array<std::string_view, 6> other_names{
    pickle_name,       byte_order_name,      "version",
    ".format_version", ".storage_alignment", ".data/serialization_id"};
constexpr std::uint64_t text_bytes_max = 64;

class TorchFile {
 public:
  TorchFile(std::shared_ptr<const WeightFile> file, ZipMembers members)
      : file_(std::move(file)), members_(std::move(members)) {}

  Result<std::vector<StoredTensor>> tensors() {
    WAAG_CHECK(find_root());
    WAAG_CHECK(check_members());
    const auto& member = members_.find(root_ + std::string(pickle_name))->second;
    if (member.size_bytes > pickle_bytes_max) return bad("data.pkl is too long");
    Bytes pickle(static_cast<std::size_t>(member.size_bytes));
    WAAG_CHECK(file_->read_at(member.begin, pickle));
    boost::crc_32_type crc;
    crc.process_bytes(pickle.data(), pickle.size());
    if (crc.checksum() != member.crc32) return bad("data.pkl does not match its CRC-32");
    const auto pickled = read_pickled_tensors(pickle);
    if (!pickled) return bad(pickled.error().what);
    std::vector<StoredTensor> tensors;
    for (const auto& tensor : *pickled) {
      WAAG_TRY(auto placed, place(tensor));
      tensors.push_back(std::move(placed));
    }
    return tensors;
  }

 private:
  [[nodiscard]] Error bad(const std::string& what) const {
    return fail(Errc::unprocessable, file_->name() + ": " + what);
  }

  /// The one folder at the top that everything is in.
  Status find_root() {
    for (const auto& [name, member] : members_) {
      const auto slash = name.find('/');
      if (slash == name.npos || name.substr(slash + 1) != pickle_name) continue;
      if (!root_.empty()) return bad("two data.pkl");
      root_ = name.substr(0, slash + 1);
    }
    return root_.empty() ? Status(bad("no data.pkl")) : ok();
  }

  Status check_members() {
    for (const auto& [name, member] : members_) {
      if (!name.starts_with(root_)) return bad("unknown member " + name);
      const auto inside = std::string_view(name).substr(root_.size());
      if (inside.starts_with(storage_folder)) continue;
      if (std::ranges::find(other_names, inside) == other_names.end())
        return bad("unknown member " + name);
      if (inside != byte_order_name) continue;
      std::string text(static_cast<std::size_t>(std::min(member.size_bytes, text_bytes_max)), ' ');
      WAAG_CHECK(file_->read_at(member.begin, std::as_writable_bytes(std::span(text))));
      if (text != "little") return bad("is not of little-endian numbers");
    }
    return ok();
  }

  /// Proves that a tensor's elements lie in its storage.
  [[nodiscard]] Result<StoredTensor> place(const PickledTensor& tensor) const {
    const auto found = members_.find(root_ + std::string(storage_folder) + tensor.storage_key);
    if (found == members_.end()) return bad(tensor.name + ": its storage is missing");
    const auto& member = found->second;
    const std::uint64_t width = model::bits_per_element(tensor.dtype) / 8;
    if (tensor.storage_elements > member.size_bytes / width ||
        tensor.storage_elements * width != member.size_bytes)
      return bad(tensor.name + ": its storage is not as long as data.pkl says");
    std::uint64_t elements = 1;
    std::uint64_t last = 0;  // the highest element, counted from the offset
    bool row_major = true;
    bool overflow = false;
    for (std::size_t i = tensor.shape.size(); i-- > 0;) {
      const auto extent = tensor.shape[i];
      row_major = row_major && (extent == 1 || tensor.strides[i] == elements);
      std::uint64_t reach = 0;
      overflow |= __builtin_mul_overflow(extent == 0 ? 0 : extent - 1, tensor.strides[i], &reach);
      overflow |= __builtin_add_overflow(last, reach, &last);
      overflow |= __builtin_mul_overflow(elements, extent, &elements);
    }
    if (overflow || elements > tensor.storage_elements)
      return bad(tensor.name + ": has more elements than its storage");
    if (tensor.offset > tensor.storage_elements ||
        (elements > 0 && last >= tensor.storage_elements - tensor.offset))
      return bad(tensor.name + ": reaches out of its storage");
    StoredTensor stored;
    stored.file = file_;
    stored.info.name = tensor.name;
    stored.info.dtype = tensor.dtype;
    stored.info.shape = tensor.shape;
    stored.info.begin = member.begin + tensor.offset * width;
    stored.info.end = stored.info.begin + (elements == 0 ? 0 : (last + 1) * width);
    if (!row_major && elements > 0) stored.strides = tensor.strides;
    return stored;
  }

  std::shared_ptr<const WeightFile> file_;
  ZipMembers members_;
  std::string root_;
};

}  // namespace

Result<std::vector<StoredTensor>> open_torch_file(const std::filesystem::path& folder,
                                                  const std::string& name) {
  WAAG_TRY(auto file, WeightFile::open(folder, name));
  WAAG_TRY(auto members, list_zip(*file));
  return TorchFile(std::move(file), std::move(members)).tensors();
}

}  // namespace waag::convert
