#include <charconv>
#include <cmath>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "daemon/config_load.h"

/// The table of settings: one row a key, in the order in which they are printed.
namespace waag::daemon {
namespace {

using Kind = Setting::Kind;

std::string show(const std::string& value) { return fmt::format("\"{}\"", value); }
std::string show(bool value) { return value ? "true" : "false"; }
template <class T>
  requires std::is_unsigned_v<T>
std::string show(T value) {
  return fmt::format("{}", value);
}
/// With a point, as TOML has its floats.
std::string show(double value) {
  auto text = fmt::format("{}", value);
  if (text.find_first_of(".e") == text.npos) text += ".0";
  return text;
}

Status parse(std::string_view text, std::string& out) {
  out = text;
  return ok();
}
Status parse(std::string_view text, bool& out) {
  out = text == "true" || text == "1";
  if (!out && text != "false" && text != "0")
    return fail(Errc::invalid_argument, "expected true or false");
  return ok();
}
Status parse(std::string_view text, double& out) {
  const auto end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, out);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != end || !std::isfinite(out) ||
      std::signbit(out))
    return fail(Errc::invalid_argument, "expected a number, not negative");
  return ok();
}
template <class T>
  requires std::is_unsigned_v<T>
Status parse(std::string_view text, T& out) {
  const auto end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, out);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != end)
    return fail(Errc::invalid_argument, "expected a whole number, not negative");
  return ok();
}

template <class T>
constexpr Kind kind_of() {
  if constexpr (std::is_same_v<T, bool>) return Kind::boolean;
  if constexpr (std::is_same_v<T, std::string>) return Kind::text;
  if constexpr (std::is_same_v<T, double>) return Kind::decimal;
  return Kind::number;
}

template <auto section, auto member>
Setting setting(std::string_view key, std::string_view about) {
  using Field = std::remove_reference_t<decltype(std::declval<Config&>().*section.*member)>;
  Setting row;
  row.key = key;
  row.kind = kind_of<Field>();
  row.about = about;
  row.get = [](const Config& config) { return show(config.*section.*member); };
  row.set = [](Config& config, std::string_view value) {
    return parse(value, config.*section.*member);
  };
  return row;
}

template <auto member>
Setting server(std::string_view key, std::string_view about) {
  return setting<&Config::server, member>(key, about);
}

std::vector<Setting> own_rows() {
  using S = Config::Server;
  using D = Config::Store;
  using A = Config::Auth;
  using R = Config::RateLimit;
  using X = Config::Xet;
  using L = Config::Log;
  return {
      server<&S::listen>("server.listen", "Address and port; port 0 picks a free one."),
      server<&S::public_url>("server.public_url",
                             "URL under which clients see the hub; empty: taken from "
                             "X-Forwarded-Proto and X-Forwarded-Host of a trusted proxy, else "
                             "Host."),
      server<&S::trusted_proxies>("server.trusted_proxies",
                                  "Addresses and networks of the reverse proxies whose "
                                  "X-Forwarded-* headers are believed, comma-separated."),
      server<&S::threads>("server.threads", "Network threads; 0: one per core."),
      server<&S::blocking_threads>("server.blocking_threads",
                                   "Threads for disk and hashing; 0: two per core, at least 4."),
      server<&S::insecure>("server.insecure", "Allow a public address without TLS."),
      server<&S::tls_certificate>("server.tls_certificate", "PEM file of the certificate chain."),
      server<&S::tls_key>("server.tls_key", "PEM file of its private key."),
      server<&S::drain_s>("server.drain_s", "Seconds that a stop waits for running requests."),
      server<&S::send_path>("server.send_path",
                            "How large files leave: auto, sendfile or extents."),
      setting<&Config::store, &D::data>("store.data", "Folder of the store."),
      setting<&Config::store, &D::reserve_bytes>(
          "store.reserve_bytes", "Writes are refused (507) below this many free bytes."),
      setting<&Config::store, &D::block_cache_bytes>("store.block_cache_bytes",
                                                     "Memory for the index's cache, in bytes."),
      setting<&Config::store, &D::trash_days>(
          "store.trash_days",
          "Days that a deleted repository can be restored; 0: it is gone at once."),
      setting<&Config::auth, &A::anonymous_read>(
          "auth.anonymous_read", "Public repositories can be read without a token."),
      setting<&Config::auth, &A::unknown_token_is_anonymous>(
          "auth.unknown_token_is_anonymous",
          "A token that the hub does not know counts as none on public reads."),
      setting<&Config::auth, &A::token_days>("auth.token_days", "Days until a new token expires."),
      setting<&Config::rate_limit, &R::api>(
          "rate_limit.api",
          "Requests that one user or address may send in a window, files apart; 0: any number."),
      setting<&Config::rate_limit, &R::resolvers>(
          "rate_limit.resolvers",
          "The same for files (resolve, raw, calls of a Xet transfer); 0: any number."),
      setting<&Config::rate_limit, &R::window_s>("rate_limit.window_s",
                                                 "Seconds of a window, at most a day."),
      setting<&Config::xet, &X::enabled>(
          "xet.enabled", "Clients may transfer files by the Xet protocol; false: by LFS alone."),
      setting<&Config::xet, &X::token_lifetime_s>(
          "xet.token_lifetime_s", "Seconds that a Xet access token lives; clients renew it."),
      setting<&Config::xet, &X::url_lifetime_s>(
          "xet.url_lifetime_s",
          "Seconds that the download URLs of a reconstruction live; clients ask for new ones."),
      setting<&Config::xet, &X::dedup_scope>(
          "xet.dedup_scope",
          "Whose files an upload may share chunks with before it sends them: off, repo, org (the "
          "repository's namespace) or visible (whatever the caller may read)."),
      setting<&Config::log, &L::level>("log.level", "debug, info, warn or error."),
      setting<&Config::log, &L::format>("log.format", "text (key=value) or json."),
  };
}

template <auto member>
Setting upstream(std::string_view key, std::string_view about) {
  return setting<&Config::upstream, member>(key, about);
}

std::vector<Setting> upstream_rows() {
  using U = Config::Upstream;
  return {
      upstream<&U::urls>("upstream.urls",
                         "Hubs where repositories that are not here are looked up and files "
                         "fetched, in this order, comma-separated; empty: no upstream."),
      upstream<&U::trusted>("upstream.trusted",
                            "Those of them that are believed about names, revisions and trees, and "
                            "whose ranges are passed on before the whole file is verified; empty: "
                            "all."),
      upstream<&U::token_file>("upstream.token_file",
                               "File with the token that is sent to the first upstream, and to no "
                               "other host; empty: none."),
      upstream<&U::ca_file>("upstream.ca_file",
                            "PEM file of certificate authorities for upstreams; empty: the "
                            "system's."),
      upstream<&U::proxy>("upstream.proxy",
                          "Proxy for upstreams, such as http://user:password@proxy:3128; empty: "
                          "none."),
      upstream<&U::redirect_hosts>("upstream.redirect_hosts",
                                   "Hosts besides the upstreams' own that redirects may lead to, "
                                   "comma-separated; * stands for any part of a name."),
      upstream<&U::private_addresses>("upstream.private_addresses",
                                      "Private, loopback and link-local networks that names of "
                                      "upstreams may resolve to, comma-separated; a literal "
                                      "address in upstream.urls is always allowed."),
      upstream<&U::connect_timeout_ms>("upstream.connect_timeout_ms",
                                       "Milliseconds until a connection must stand."),
      upstream<&U::idle_timeout_ms>("upstream.idle_timeout_ms",
                                    "Milliseconds that an upstream may send nothing."),
      upstream<&U::call_timeout_ms>("upstream.call_timeout_ms",
                                    "Milliseconds that a call for metadata may take."),
      upstream<&U::retries>("upstream.retries", "How often a failed call is tried again."),
      upstream<&U::retry_base_ms>("upstream.retry_base_ms",
                                  "Milliseconds before the first retry; doubled for each next."),
      upstream<&U::failures_max>("upstream.failures_max",
                                 "Failures in a row after which an upstream counts as down and is "
                                 "not called; 0: any number."),
      upstream<&U::down_ms>("upstream.down_ms",
                            "Milliseconds for which it is not called then; after them one call "
                            "tries."),
      upstream<&U::streams>("upstream.streams", "Transfers of files at a time, in all."),
      upstream<&U::streams_per_file>(
          "upstream.streams_per_file",
          "Transfers of one large file at a time; the next are asked for shortly before they end."),
      upstream<&U::rate_bytes>("upstream.rate_bytes",
                               "Bytes a second that are fetched at most, in all; 0: any number."),
      upstream<&U::git>("upstream.git",
                        "Histories are fetched, as raw objects from another Waag and by git from "
                        "others, so that commit ids are proven; false: the upstream's word is "
                        "taken."),
      upstream<&U::xet>("upstream.xet",
                        "Files are fetched by the Xet protocol where the upstream offers it."),
  };
}

std::vector<Setting> mirror_rows() {
  using M = Config::Mirror;
  return {
      setting<&Config::mirror, &M::pull_through>(
          "mirror.pull_through",
          "Who may bring a repository here by asking for it: anyone, users, admins or off."),
      setting<&Config::mirror, &M::fill_bytes_max>(
          "mirror.fill_bytes_max",
          "Bytes that LFS files from upstreams may take in all; 0: any number."),
      setting<&Config::mirror, &M::ttl_s>(
          "mirror.ttl_s", "Seconds after which the upstream is asked again where a branch is."),
      setting<&Config::mirror, &M::negative_ttl_s>(
          "mirror.negative_ttl_s",
          "Seconds for which the upstream's 404 is remembered; failures never are."),
      setting<&Config::mirror, &M::wait_ms>(
          "mirror.wait_ms",
          "Milliseconds that a request waits for the upstream's metadata before it is answered "
          "with what is here, or 504; clients give up after 10 seconds."),
      setting<&Config::mirror, &M::policy_file>(
          "mirror.policy_file",
          "TOML file of what may be mirrored (docs/MIRROR.md); empty: everything."),
  };
}

template <auto member>
Setting convert(std::string_view key, std::string_view about) {
  return setting<&Config::convert, member>(key, about);
}

std::vector<Setting> convert_rows() {
  using C = Config::Convert;
  return {
      convert<&C::program>("convert.program",
                           "Program that converts weights; empty: waag-convert next to waagd."),
      convert<&C::jobs_max>("convert.jobs_max",
                            "Conversions that run at a time; 0: none, their jobs wait."),
      convert<&C::threads>("convert.threads", "Threads of one conversion; 0: one per core."),
      convert<&C::device>("convert.device",
                          "Where weights are converted: cpu, cuda, or auto: a CUDA device that "
                          "is there and gives the CPU's bits, else the CPU; one conversion at a "
                          "time has the device."),
      convert<&C::time_max_s>("convert.time_max_s",
                              "Seconds after which a conversion is ended, and its validation; "
                              "at least 1."),
      convert<&C::validate>("convert.validate",
                            "What is made is compared with its source before it is published, "
                            "unless who asks for it says otherwise; also by mirrors."),
      convert<&C::limits_factor>("convert.limits_factor",
                                 "What a validated conversion may lose, as a multiple of the usual "
                                 "limits (docs/CONVERT.md), 0.01 to 100."),
      convert<&C::validate_chunks>("convert.validate_chunks",
                                   "Pieces of 512 tokens of the evaluation text that it is "
                                   "compared over, 1 to 2048."),
      convert<&C::gguf_suffix>("convert.gguf_suffix",
                               "End of the name of the repository that GGUF files go to."),
      convert<&C::fp8_suffix>("convert.fp8_suffix",
                              "The same for safetensors:fp8-dynamic and "
                              "safetensors:fp8-block."),
      convert<&C::int8_suffix>("convert.int8_suffix", "The same for safetensors:int8."),
      convert<&C::w4a16_suffix>("convert.w4a16_suffix", "The same for safetensors:w4a16."),
      convert<&C::nvfp4_suffix>("convert.nvfp4_suffix", "The same for safetensors:nvfp4."),
  };
}

std::vector<Setting> make_table() {
  auto rows = own_rows();
  for (auto&& more : {upstream_rows(), mirror_rows(), convert_rows()})
    rows.insert(rows.end(), more.begin(), more.end());
  return rows;
}

}  // namespace

std::span<const Setting> settings() {
  static const std::vector<Setting> table = make_table();
  return table;
}

}  // namespace waag::daemon
