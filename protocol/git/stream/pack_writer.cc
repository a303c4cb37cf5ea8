#include "protocol/git/stream/pack_writer.h"

#include "protocol/git/pack_entry.h"

namespace waag::git {

void PackWriter::begin(std::uint32_t objects, std::string& out) { emit(pack_head(objects), out); }

void PackWriter::head(const ObjectHead& object, std::string& out) {
  made_.clear();
  append_entry_head(made_, object.kind, object.size_bytes);
  emit(made_, out);
}

void PackWriter::body(ByteView bytes, std::string& out) {
  made_.clear();
  deflater_.add(bytes, made_);
  emit(made_, out);
}

void PackWriter::end_object(std::string& out) {
  made_.clear();
  deflater_.finish(made_);
  emit(made_, out);
}

void PackWriter::end(std::string& out) { out += as_text(hash_.finish().view()); }

void PackWriter::emit(std::string_view bytes, std::string& out) {
  hash_.update(as_bytes(bytes));
  out += bytes;
}

}  // namespace waag::git
