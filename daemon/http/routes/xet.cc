#include "daemon/api/handlers.h"
#include "daemon/http/routes/families.h"
#include "protocol/xet/shard.h"
#include "protocol/xet/xorb.h"

namespace waag::daemon::families {
namespace {

constexpr Limits xorb_body{xet::xorb_bytes_max};
constexpr Limits shard_body{xet::shard_bytes_max};
constexpr Limits small_body{1u << 20};

}  // namespace

Family xet_tokens() {
  return {
      {Method::get, "/api/{type}/{ns}/{name}/xet-read-token/{rest...}", "xet_read_token",
       Policy::read_repo, no_body, api::get_xet_read_token,
       "A Xet access token for downloads and where the Xet server is."},
      {Method::get, "/api/{type}/{ns}/{name}/xet-write-token/{rest...}", "xet_write_token",
       Policy::write_repo, no_body, api::get_xet_write_token,
       "The same for uploads; create_pr for those of a pull request."},
      {Method::post, "/api/{type}/{ns}/{name}/lfs-files/duplicate", "lfs_duplicate",
       Policy::write_repo, small_body, api::post_lfs_duplicate,
       "target, files: LFS files of this repo may be committed to another."},
  };
}

/// {generation} names the store: a request for another one is 404. Old clients' routes lack the
/// version, and have their nouns in the singular.
Family xet_server() {
  return {
      {Method::get, "/xet/{generation}/[v1/]reconstruction[s]/{file}", "xet_reconstruction",
       Policy::xet_token, no_body, api::get_xet_reconstruction,
       "Which ranges of which xorbs make up a file, or a range of it (Range)."},
      {Method::get, "/xet/{generation}/v2/reconstructions/{file}", "xet_reconstruction_v2",
       Policy::xet_token, no_body, api::get_xet_reconstruction_v2,
       "The same in another form: a URL may serve several ranges."},
      {Method::get, "/xet/{generation}/[v1/]reconstructions", "xet_batch", Policy::xet_token,
       no_body, api::get_xet_batch, "Several files at once: file_id, repeated."},
      {Method::post, "/xet/{generation}/[v1/]reconstructions", "xet_batch_post", Policy::xet_token,
       small_body, api::post_xet_batch, "The same as a JSON array of prefix and hash."},
      {Method::get, "/xet/{generation}/[v1/]chunk[s]/{prefix}/{chunk}", "xet_chunk",
       Policy::xet_token, no_body, api::get_xet_chunk,
       "A shard of the xorbs of a file that holds the chunk, chunk hashes keyed; else 404."},
      {Method::head, "/xet/{generation}/[v1/]xorb[s]/{prefix}/{xorb}", "xet_xorb_head",
       Policy::xet_token, no_body, api::head_xet_xorb, "Whether an upload needs to send a xorb."},
      {Method::post, "/xet/{generation}/[v1/]xorb[s]/{prefix}/{xorb}", "xet_xorb",
       Policy::xet_token, xorb_body, api::post_xet_xorb, "A xorb, hashed and stored as it comes."},
      {Method::head, "/xet/{generation}/[v1/]files/{file}", "xet_file_head", Policy::xet_token,
       no_body, api::head_xet_file, "The size of a file."},
      {Method::post, "/xet/{generation}/[v1/]shards", "xet_shard", Policy::xet_token, shard_body,
       api::post_xet_shard, "Files of an upload, verified; answers when they are durable."},
      {Method::post, "/xet/{generation}/shard/{prefix}/{shard}", "xet_shard_named",
       Policy::xet_token, shard_body, api::post_xet_shard, "The same for clients before 1.1.10."},
      {Method::put, "/xet/{generation}/shard/{prefix}/{shard}", "xet_shard_put", Policy::xet_token,
       shard_body, api::post_xet_shard, "The same."},
      {Method::post, "/xet/{generation}/v2/shards", "xet_shard_stream", Policy::xet_token,
       shard_body, api::post_xet_shard_stream, "The same with a JSON line for each step."},
      {Method::get, "/xet/{generation}/v2/file-chunk-hashes/{file}", "xet_file_chunks",
       Policy::xet_token, no_body, api::get_xet_file_chunks, "404: no partial edits."},
      {Method::post, "/xet/{generation}/[v1/]telemetry", "xet_telemetry", Policy::xet_token,
       small_body, api::post_xet_telemetry, "A client's report of a transfer becomes metrics."},
      // hf_xet 1.6 to 1.8 leave out the path of the server's URL.
      {Method::post, "/v1/telemetry", "xet_telemetry_root", Policy::xet_token, small_body,
       api::post_xet_telemetry, "The same."},
      {Method::get, "/xet/{generation}/data/{xorb}", "xet_data", Policy::signed_href, no_body,
       api::get_xet_data, "Bytes of a xorb by a reconstruction's URL; one range or several."},
  };
}

}  // namespace waag::daemon::families
