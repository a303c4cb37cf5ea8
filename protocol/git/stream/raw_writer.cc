#include "protocol/git/stream/raw_writer.h"

namespace waag::git {

void RawWriter::begin(std::uint32_t objects, std::string& out) {
  objects_ = objects;
  ByteWriter text;
  text.raw(as_bytes(raw_magic));
  text.fixed(objects);
  encoder_.add(text.bytes(), out);
}

void RawWriter::head(const ObjectHead& object, std::string& out) {
  ByteWriter text;
  text.fixed(static_cast<std::uint8_t>(object.kind));
  text.raw(object.id.view());
  text.fixed(object.size_bytes);
  encoder_.add(text.bytes(), out);
}

void RawWriter::end(std::string& out) {
  ByteWriter text;
  text.fixed(std::uint8_t{0});
  text.fixed(objects_);
  encoder_.add(text.bytes(), out);
  encoder_.finish(out);
}

}  // namespace waag::git
