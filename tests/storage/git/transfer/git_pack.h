#pragma once

#include <string>
#include <utility>
#include <vector>

#include "protocol/git/pack_entry.h"
#include "protocol/git/zlib_stream.h"
#include "protocol/hash.h"

namespace waag::testing {

/// A git pack made by hand, entry by entry.
class PackBuilder {
 public:
  /// @return the object's id
  GitId add(git::ObjectKind kind, std::string_view body) {
    offsets_.push_back(size_bytes());
    git::append_entry_head(entries_, kind, body.size());
    deflate(body);
    return git::object_id(kind, as_bytes(body));
  }
  /// A delta of an object that is named by its id.
  void add_delta(const GitId& base, std::string_view delta) {
    offsets_.push_back(size_bytes());
    append_head(7, delta.size());
    entries_ += as_text(base.view());
    deflate(delta);
  }
  /// A delta of the entry with number `base` of this pack; it must be less than 128 bytes away.
  void add_near_delta(std::size_t base, std::string_view delta) {
    offsets_.push_back(size_bytes());
    append_head(6, delta.size());
    entries_ += static_cast<char>(offsets_.back() - offsets_[base]);
    deflate(delta);
  }
  [[nodiscard]] std::string bytes() const {
    auto pack = git::pack_head(static_cast<std::uint32_t>(offsets_.size())) + entries_;
    Sha1 hash;
    hash.update(as_bytes(pack));
    return pack + std::string(as_text(hash.finish().view()));
  }

  /// A delta that inserts `text` before the whole base. Both are shorter than 128 bytes.
  static std::string prepend(std::string_view text, std::size_t base_bytes) {
    std::string delta;
    delta += static_cast<char>(base_bytes);
    delta += static_cast<char>(base_bytes + text.size());
    delta += static_cast<char>(text.size());
    delta += text;
    delta += '\x90';
    delta += static_cast<char>(base_bytes);
    return delta;
  }

 private:
  [[nodiscard]] std::uint64_t size_bytes() const { return git::pack_head_bytes + entries_.size(); }
  void append_head(unsigned kind, std::size_t size) {
    entries_ += static_cast<char>((kind << 4) | (size & 15) | (size > 15 ? 0x80u : 0u));
    if (size > 15) entries_ += static_cast<char>(size >> 4);
  }
  void deflate(std::string_view body) {
    deflater_.add(as_bytes(body), entries_);
    deflater_.finish(entries_);
  }

  std::vector<std::uint64_t> offsets_;
  std::string entries_;
  git::Deflater deflater_;
};

}  // namespace waag::testing
