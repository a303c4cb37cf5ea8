#pragma once

#include "protocol/git/stream/object_writer.h"
#include "protocol/git/zlib_stream.h"
#include "protocol/hash.h"

namespace waag::git {

/// A git pack of whole objects, none as a delta. The same objects make the same bytes.
class PackWriter final : public ObjectWriter {
 public:
  void begin(std::uint32_t objects, std::string& out) override;
  void head(const ObjectHead& object, std::string& out) override;
  void body(ByteView bytes, std::string& out) override;
  void end_object(std::string& out) override;
  void end(std::string& out) override;

 private:
  void emit(std::string_view bytes, std::string& out);

  Deflater deflater_;
  Sha1 hash_;
  std::string made_;
};

}  // namespace waag::git
