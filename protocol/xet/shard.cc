#include "protocol/xet/shard.h"

#include <algorithm>
#include <limits>

namespace waag::xet {
namespace {

constexpr std::uint64_t shard_version = 2;
constexpr std::uint64_t footer_version = 1;
constexpr std::size_t footer_bytes = 200;
/// Of a file header: a range hash for each term follows the terms; a SHA-256 follows those.
constexpr std::uint32_t flag_range_hashes = 0x80000000;
constexpr std::uint32_t flag_sha256 = 0x40000000;
/// Of a chunk: a file begins here.
constexpr std::uint32_t flag_dedup_eligible = 0x80000000;
/// "Never", as an expiry.
constexpr std::uint64_t never_s = std::numeric_limits<std::uint64_t>::max();

/// "HFRepoMetaData", a zero and random bytes. Source: XET 4.1.
constexpr std::array<std::uint8_t, 32> shard_magic{
    'H', 'F', 'R', 'e', 'p', 'o', 'M', 'e', 't', 'a', 'D', 'a', 't', 'a', 0,  85,
    105, 103, 69,  106, 123, 129, 87,  131, 165, 189, 217, 92,  205, 209, 74, 169};

Error bad(const char* what) { return fail(Errc::unprocessable, std::string("shard: ") + what); }

/// A record: 32 bytes, mostly a hash, and four words.
class RecordView {
 public:
  explicit RecordView(ByteView record) : record_(record) {}
  template <class Id>
  [[nodiscard]] Id hash() const {
    Id id;
    std::ranges::copy(record_.first(Id::size_bytes), id.bytes.begin());
    return id;
  }
  [[nodiscard]] std::uint32_t word(std::size_t index) const {
    return ByteReader(record_.subspan(32 + 4 * index, 4)).fixed<std::uint32_t>();
  }
  [[nodiscard]] bool is_bookend() const {
    return std::ranges::all_of(record_.first(32), [](auto b) { return b == std::byte{0xff}; });
  }

 private:
  ByteView record_;
};

void append_record(ByteView hash, std::array<std::uint32_t, 4> words, Bytes& out) {
  std::array<std::byte, 48> record;
  std::ranges::copy(hash, record.begin());
  for (std::size_t i = 0; i < 16; ++i)
    record[32 + i] = static_cast<std::byte>(words[i / 4] >> (8 * (i % 4)) & 0xff);
  out.insert(out.end(), record.begin(), record.end());
}

void append_bookend(Bytes& out) {
  out.insert(out.end(), 32, std::byte{0xff});
  out.insert(out.end(), 16, std::byte{0});
}

void append_header(bool with_footer, Bytes& out) {
  ByteWriter header;
  header.raw(std::as_bytes(std::span(shard_magic)));
  header.fixed(shard_version);
  header.fixed(std::uint64_t{with_footer ? footer_bytes : 0});
  out = header.take();
}

void append_xorb(const ShardXorb& xorb, const Key* hmac_key, Bytes& out) {
  const auto count = static_cast<std::uint32_t>(xorb.chunks.size());
  append_record(xorb.hash.view(), {0, count, xorb.raw_bytes, xorb.stored_bytes}, out);
  for (const auto& chunk : xorb.chunks) {
    const auto hash = hmac_key == nullptr ? chunk.hash : keyed_hash(chunk.hash, *hmac_key);
    const auto flags = chunk.dedup_eligible ? flag_dedup_eligible : 0;
    append_record(hash.view(), {chunk.raw_begin, chunk.raw_bytes, flags, 0}, out);
  }
}

void append_file(const ShardFile& file, Bytes& out) {
  const bool proven = !file.terms.empty() && !file.range_hashes.empty();
  const std::uint32_t flags = (proven ? flag_range_hashes : 0) | (file.sha256 ? flag_sha256 : 0);
  append_record(file.hash.view(), {flags, static_cast<std::uint32_t>(file.terms.size()), 0, 0},
                out);
  for (const auto& term : file.terms)
    append_record(term.xorb.view(), {0, term.raw_bytes, term.begin, term.end}, out);
  if (proven)
    for (const auto& hash : file.range_hashes) append_record(hash.view(), {}, out);
  if (file.sha256) append_record(detail::reverse_words(file.sha256->view()), {}, out);
}

struct FooterValues {
  std::uint64_t xorbs_offset = 0;
  Key hmac_key{};
  std::uint64_t created_s = 0;
  std::uint64_t expires_s = never_s;
  std::uint64_t stored_bytes = 0;        // of the xorbs, serialised
  std::uint64_t materialized_bytes = 0;  // of the files
  std::uint64_t raw_bytes = 0;           // of the xorbs
};

/// Without look-up tables: clients take the end of the sections from where those would stand.
void append_footer(const FooterValues& values, Bytes& out) {
  const std::uint64_t footer_offset = out.size();
  ByteWriter footer;
  footer.fixed(footer_version);
  footer.fixed(std::uint64_t{shard_magic.size() + 16});
  footer.fixed(values.xorbs_offset);
  for (int table = 0; table < 3; ++table) {  // of files, xorbs, chunks
    footer.fixed(footer_offset);
    footer.fixed(std::uint64_t{0});
  }
  footer.raw(std::as_bytes(std::span(values.hmac_key)));
  footer.fixed(values.created_s);
  footer.fixed(values.expires_s);
  footer.raw(Bytes(48));
  footer.fixed(values.stored_bytes);
  footer.fixed(values.materialized_bytes);
  footer.fixed(values.raw_bytes);
  footer.fixed(footer_offset);
  out.insert(out.end(), footer.bytes().begin(), footer.bytes().end());
}

}  // namespace

Status ShardParser::feed(ByteView piece, const ShardSink& sink) {
  if (piece.size() > shard_bytes_max - fed_bytes_)
    return fail(Errc::too_large, "shard: longer than any may be");
  fed_bytes_ += piece.size();
  while (!piece.empty() && at_ != At::rest) {
    if (held_bytes_ == 0 && piece.size() >= record_bytes) {
      WAAG_CHECK(take_record(piece.first(record_bytes), sink));
      piece = piece.subspan(record_bytes);
      continue;
    }
    const auto part = piece.first(std::min(piece.size(), record_bytes - held_bytes_));
    std::ranges::copy(part, held_.begin() + static_cast<std::ptrdiff_t>(held_bytes_));
    held_bytes_ += part.size();
    piece = piece.subspan(part.size());
    if (held_bytes_ < record_bytes) break;
    held_bytes_ = 0;
    WAAG_CHECK(take_record(held_, sink));
  }
  return ok();
}

Status ShardParser::finish() {
  if (at_ != At::rest) return bad("cut short");
  return ok();
}

Status ShardParser::take_record(ByteView record, const ShardSink& sink) {
  parsed_bytes_ += record_bytes;
  switch (at_) {
    case At::header: {
      if (!std::ranges::equal(record.first(shard_magic.size()),
                              std::as_bytes(std::span(shard_magic))))
        return bad("not one");
      ByteReader reader(record.subspan(shard_magic.size()));
      if (reader.fixed<std::uint64_t>() != shard_version) return bad("unknown version");
      const auto footer = reader.fixed<std::uint64_t>();
      if (footer != 0 && footer != footer_bytes) return bad("footer of an odd length");
      at_ = At::file_header;
      return ok();
    }
    case At::file_header:
      return take_file_header(record, sink);
    case At::file_term:
      return take_term(record, sink);
    case At::file_range:
      return take_range(record, sink);
    case At::file_sha256:
      return take_sha256(record, sink);
    case At::xorb_header:
      return take_xorb_header(record);
    case At::xorb_chunk:
      return take_chunk(record, sink);
    case At::rest:
      break;
  }
  return ok();
}

Status ShardParser::expect(std::uint64_t records) const {
  if (records > (shard_bytes_max - parsed_bytes_) / record_bytes)
    return fail(Errc::too_large, "shard: claims more records than any may have");
  return ok();
}

Status ShardParser::take_file_header(ByteView record, const ShardSink& sink) {
  const RecordView view(record);
  if (view.is_bookend()) {
    at_ = At::xorb_header;
    return ok();
  }
  file_ = ShardFile{};
  file_.hash = view.hash<FileHash>();
  flags_ = view.word(0);
  entries_ = view.word(1);
  const std::uint64_t records_each = (flags_ & flag_range_hashes) != 0 ? 2 : 1;
  WAAG_CHECK(expect(entries_ * records_each + ((flags_ & flag_sha256) != 0 ? 1 : 0)));
  if ((entries_ == 0) != file_.hash.is_zero())
    return bad("only the empty file has no terms and the hash zero");
  at_ = At::file_term;
  return entries_ == 0 ? after_ranges(sink) : ok();
}

Status ShardParser::take_term(ByteView record, const ShardSink& sink) {
  const RecordView view(record);
  const ShardTerm term{view.hash<XorbHash>(), view.word(1), view.word(2), view.word(3)};
  if (term.begin >= term.end || term.end > xorb_chunks_max) return bad("chunk range of a term");
  const std::uint64_t chunks = term.end - term.begin;
  if (term.raw_bytes < chunks || term.raw_bytes > chunks * chunk_bytes_max)
    return bad("length of a term");
  file_.terms.push_back(term);
  return file_.terms.size() == entries_ ? after_terms(sink) : ok();
}

Status ShardParser::after_terms(const ShardSink& sink) {
  if ((flags_ & flag_range_hashes) == 0) return after_ranges(sink);
  at_ = At::file_range;
  return ok();
}

Status ShardParser::take_range(ByteView record, const ShardSink& sink) {
  file_.range_hashes.push_back(RecordView(record).hash<ChunkHash>());
  return file_.range_hashes.size() == entries_ ? after_ranges(sink) : ok();
}

Status ShardParser::after_ranges(const ShardSink& sink) {
  if ((flags_ & flag_sha256) == 0) return end_file(sink);
  at_ = At::file_sha256;
  return ok();
}

Status ShardParser::take_sha256(ByteView record, const ShardSink& sink) {
  file_.sha256 = BlobId{detail::reverse_words(record.first(BlobId::size_bytes))};
  return end_file(sink);
}

Status ShardParser::end_file(const ShardSink& sink) {
  at_ = At::file_header;
  return sink.file ? sink.file(std::move(file_)) : ok();
}

Status ShardParser::take_xorb_header(ByteView record) {
  const RecordView view(record);
  if (view.is_bookend()) {
    at_ = At::rest;
    return ok();
  }
  entries_ = view.word(1);
  if (entries_ == 0 || entries_ > xorb_chunks_max) return bad("number of chunks");
  WAAG_CHECK(expect(entries_));
  xorb_ = ShardXorb{view.hash<XorbHash>(), view.word(2), view.word(3), {}};
  if (xorb_.raw_bytes > xorb_raw_bytes_max) return bad("xorb of too many raw bytes");
  raw_bytes_ = 0;
  at_ = At::xorb_chunk;
  return ok();
}

Status ShardParser::take_chunk(ByteView record, const ShardSink& sink) {
  const RecordView view(record);
  const ShardChunk chunk{view.hash<ChunkHash>(), view.word(0), view.word(1),
                         (view.word(2) & flag_dedup_eligible) != 0};
  if (chunk.raw_bytes == 0 || chunk.raw_bytes > chunk_bytes_max) return bad("length of a chunk");
  if (chunk.raw_begin != raw_bytes_) return bad("chunks do not follow each other");
  raw_bytes_ += chunk.raw_bytes;  // < 8192 x 128 KiB
  xorb_.chunks.push_back(chunk);
  if (xorb_.chunks.size() < entries_) return ok();
  if (raw_bytes_ != xorb_.raw_bytes) return bad("a xorb and its chunks differ in length");
  at_ = At::xorb_header;
  return sink.xorb ? sink.xorb(std::move(xorb_)) : ok();
}

Result<Shard> parse_shard(ByteView whole) {
  Shard shard;
  const ShardSink sink{.file =
                           [&](ShardFile&& file) {
                             shard.files.push_back(std::move(file));
                             return ok();
                           },
                       .xorb =
                           [&](ShardXorb&& xorb) {
                             shard.xorbs.push_back(std::move(xorb));
                             return ok();
                           }};
  ShardParser parser;
  WAAG_CHECK(parser.feed(whole, sink));
  WAAG_CHECK(parser.finish());
  return shard;
}

Bytes serialize_dedup_shard(std::span<const ShardXorb> xorbs, const Key& hmac_key,
                            std::uint64_t created_s, std::uint64_t expires_s) {
  FooterValues footer;
  footer.hmac_key = hmac_key;
  footer.created_s = created_s;
  footer.expires_s = expires_s;
  std::size_t records = 3;
  for (const auto& xorb : xorbs) {
    records += 1 + xorb.chunks.size();
    footer.stored_bytes += xorb.stored_bytes;
    footer.raw_bytes += xorb.raw_bytes;
  }
  Bytes out;
  append_header(/*with_footer=*/true, out);
  out.reserve(records * out.size() + footer_bytes);
  append_bookend(out);
  footer.xorbs_offset = out.size();
  const bool keyed = hmac_key != Key{};  // zero in the footer means plain hashes
  for (const auto& xorb : xorbs) append_xorb(xorb, keyed ? &hmac_key : nullptr, out);
  append_bookend(out);
  append_footer(footer, out);
  return out;
}

Bytes serialize_shard(const Shard& shard, bool with_footer) {
  FooterValues footer;
  Bytes out;
  append_header(with_footer, out);
  for (const auto& file : shard.files) {
    append_file(file, out);
    for (const auto& term : file.terms) footer.materialized_bytes += term.raw_bytes;
  }
  append_bookend(out);
  footer.xorbs_offset = out.size();
  for (const auto& xorb : shard.xorbs) {
    append_xorb(xorb, nullptr, out);
    footer.stored_bytes += xorb.stored_bytes;
    footer.raw_bytes += xorb.raw_bytes;
  }
  append_bookend(out);
  if (with_footer) append_footer(footer, out);
  return out;
}

}  // namespace waag::xet
