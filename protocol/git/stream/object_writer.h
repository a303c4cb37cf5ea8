#pragma once

#include <cstdint>
#include <string>

#include "protocol/git/object.h"

namespace waag::git {

struct ObjectHead {
  ObjectKind kind{ObjectKind::blob};
  GitId id;
  std::uint64_t size_bytes = 0;
};

/// Spells objects one after the other: begin(); of each object head(), body() in any pieces that
/// together have its size, end_object(); end(). Each appends to `out` what is decided by then.
class ObjectWriter {
 public:
  virtual ~ObjectWriter() = default;
  virtual void begin(std::uint32_t objects, std::string& out) = 0;
  virtual void head(const ObjectHead& object, std::string& out) = 0;
  virtual void body(ByteView bytes, std::string& out) = 0;
  virtual void end_object(std::string& out) = 0;
  virtual void end(std::string& out) = 0;
};

}  // namespace waag::git
