#pragma once

#include "protocol/bytes.h"
#include "protocol/model/gguf_header.h"

namespace waag::model {

/// Push parser of a GGUF header that streams by (gguf_header.h says what it is): finds the tensors,
/// and walks over the metadata, which are mostly a tokenizer of megabytes. Holds one field, some
/// hundred bytes.
///
/// The rules are those of parse_gguf_header but for the metadata, of which only lengths, types and
/// the alignment are looked at, and for two tensors of one name and the end of the file, which are
/// its caller's.
class GgufScanner {
 public:
  /// Takes the file's next bytes, from the first one on; those behind the header are ignored.
  /// Appends to `tensors`, in the file's order, what they complete; begin and end count from
  /// data_begin().
  /// @return whether the header is complete. Errc::unprocessable if a rule is broken: to be
  /// dropped
  Result<bool> feed(ByteView bytes, std::vector<TensorInfo>& tensors);
  /// Where the data begin, once the header is complete.
  [[nodiscard]] std::uint64_t data_begin() const { return data_begin_; }

 private:
  enum class Step : std::uint8_t {
    head,
    key_length,
    key,
    value_type,
    alignment,
    array_head,
    string_length,
    name_length,
    name,
    shape,
    done,
  };
  void expect(Step step, std::uint64_t bytes);
  Status take(std::vector<TensorInfo>& tensors);
  Status take_head(ByteReader& in);
  Status take_key_length(ByteReader& in);
  Status take_value_type(ByteReader& in);
  Status take_alignment(ByteReader& in);
  Status take_array_head(ByteReader& in);
  Status take_string_length(ByteReader& in);
  Status take_name_length(ByteReader& in);
  Status take_name(ByteReader& in);
  Status take_shape(ByteReader& in, std::vector<TensorInfo>& tensors);
  Status next_pair();
  Status next_string();
  Status next_tensor();
  [[nodiscard]] bool align(std::uint64_t& value) const;

  Step step_ = Step::head;
  std::uint64_t wanted_bytes_ = 24;  // of the field that the step reads
  std::uint64_t skip_bytes_ = 0;     // before it
  Bytes field_;
  std::uint64_t walked_bytes_ = 0;

  std::uint64_t pairs_left_ = 0;
  std::uint64_t tensors_left_ = 0;
  std::uint64_t strings_left_ = 0;  // of the value at hand
  bool is_alignment_ = false;       // what the value at hand is
  bool seen_alignment_ = false;
  std::uint32_t alignment_ = gguf_alignment_default;
  TensorInfo tensor_;
  std::uint64_t reached_ = 0;  // end of the last tensor's data
  std::uint64_t data_begin_ = 0;
};

}  // namespace waag::model
