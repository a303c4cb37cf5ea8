#pragma once

#include <cstdint>
#include <string>

namespace waag::daemon {

/// Every setting. Order: default < file (TOML) < WAAG_SECTION__KEY environment < flag. The table in
/// config_load.cc names them; unknown keys are errors. docs/CONFIG.md is generated from that table.
struct Config {
  struct Server {
    std::string listen = "127.0.0.1:8080";             // host:port; port 0 picks a free one
    std::string public_url;                            // "" = from X-Forwarded-* or Host
    std::string trusted_proxies = "127.0.0.0/8, ::1";  // whose X-Forwarded-* is believed
    unsigned threads = 0;                              // network threads; 0 = one per core
    unsigned blocking_threads = 0;  // pool for disk and hashing; 0 = two per core, at least 4
    bool insecure = false;          // allow a non-loopback bind without TLS
    std::string tls_certificate;    // PEM files; both or none
    std::string tls_key;
    unsigned drain_s = 30;           // how long SIGTERM waits for running requests
    std::string send_path = "auto";  // "auto" | "sendfile" | "extents": the two ways out (DESIGN 4)
  } server;
  struct Store {
    std::string data = "./waag-data";
    std::uint64_t reserve_bytes = 1ull << 30;  // writes get 507 below this much free disk
    std::uint64_t block_cache_bytes = 64ull << 20;
    unsigned trash_days = 7;  // how long a deleted repo can be restored; 0 = not at all
  } store;
  struct Auth {
    bool anonymous_read = true;              // off: a token for everything but health
    bool unknown_token_is_anonymous = true;  // HUB_API 1.11
    unsigned token_days = 90;                // expiry of new tokens
  } auth;
  struct RateLimit {  // requests of one caller in one window; 0 = any number
    unsigned api = 0;
    unsigned resolvers = 0;
    unsigned window_s = 300;  // as on the Hub, whose clients then wait for minutes
  } rate_limit;
  struct Xet {
    bool enabled = true;                  // off: the hub speaks LFS only
    unsigned token_lifetime_s = 900;      // of access tokens; clients renew them by themselves
    unsigned url_lifetime_s = 3600;       // of the URLs of a reconstruction
    std::string dedup_scope = "visible";  // "off" | "repo" | "org" | "visible"
  } xet;
  struct Upstream {
    std::string urls;             // base URLs, comma-separated, in order; "" = no upstream
    std::string trusted;          // those of `urls` whose metadata is believed; "" = all
    std::string token_file;       // secret for the first of `urls`
    std::string ca_file;          // PEM; "" = the system's
    std::string proxy;            // "" = none, also not the environment's
    std::string redirect_hosts =  // where the Hub keeps its files
        "*.huggingface.co, *.hf.co, hf.co";
    std::string private_addresses;  // networks; a literal address in `urls` is allowed anyway
    unsigned connect_timeout_ms = 10'000;
    unsigned idle_timeout_ms = 30'000;
    unsigned call_timeout_ms = 60'000;
    unsigned retries = 4;
    unsigned retry_base_ms = 500;
    unsigned failures_max = 5;  // in a row; 0 = however many
    unsigned down_ms = 30'000;
    unsigned streams = 16;
    unsigned streams_per_file = 4;
    std::uint64_t rate_bytes = 0;  // 0 = any
    bool git = true;
    bool xet = true;
  } upstream;
  struct Mirror {
    std::string pull_through = "anyone";  // "anyone" | "users" | "admins" | "off"
    std::uint64_t fill_bytes_max = 0;     // 0 = any
    unsigned ttl_s = 60;
    unsigned negative_ttl_s = 30;
    unsigned wait_ms = 8'000;  // less than the 10 s after which clients give up
    std::string policy_file;
  } mirror;
  struct Log {
    std::string level = "info";
    std::string format = "text";  // "text" | "json"
  } log;
  struct Convert {
    std::string program;                // "" = waag-convert next to waagd
    unsigned jobs_max = 1;              // conversions at a time; 0 = none: jobs wait
    unsigned threads = 0;               // of one; 0 = one per core
    std::string device = "auto";        // "auto" | "cpu" | "cuda"
    unsigned time_max_s = 86'400;       // of the conversion, and of its validation
    bool validate = false;              // where nobody says
    double limits_factor = 1.0;         // of what a validated conversion may lose; 0.01 to 100
    unsigned validate_chunks = 16;      // of 512 tokens of the evaluation text; 1 to 2048
    std::string gguf_suffix = "-GGUF";  // of the names of the repos that come of it
    std::string fp8_suffix = "-FP8";
    std::string int8_suffix = "-INT8";
    std::string w4a16_suffix = "-W4A16";
    std::string nvfp4_suffix = "-NVFP4";
  } convert;
};

}  // namespace waag::daemon
